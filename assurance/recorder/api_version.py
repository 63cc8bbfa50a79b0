"""The version of Azure's interface that a registration asks for."""

import re
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from facts.tokens import GENERIC, token_version, type_key

_STATED = re.compile(r"Uses Azure REST API version (\d{4}-\d{2}-\d{2}[\w-]*)")


def api_version(token: str, inputs: Mapping[str, Any], cls: type | None) -> str | None:
    """The version in the token, a generic resource's own, or the one that the SDK's class states; else None."""
    if not token.startswith("azure-native"):
        return None
    if type_key(token) == GENERIC:
        return inputs.get("apiVersion")
    return token_version(token) or (_stated(cls) if cls is not None else None)


@cache
def _stated(cls: type) -> str | None:
    """Of the class or a base class: generated classes say it where they describe their two forms of arguments."""
    for each in cls.__mro__:
        made = vars(each).get("__init__")
        overloads = typing.get_overloads(made) if isinstance(made, types.FunctionType) else ()
        for described in (each, *overloads):
            if match := _STATED.search(described.__doc__ or ""):
                return match[1]
    return None
