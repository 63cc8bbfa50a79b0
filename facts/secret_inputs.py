"""Inputs that carry a secret: ``secret_inputs.yaml``."""

import re
from functools import cache

from documents.reading import data_reader
from documents.sections import Section


class SecretInputs(Section):
    """The whole file; its head says what each part means."""

    anywhere: list[str]
    endings: list[str]
    types: dict[str, list[str]]
    names: list[str]
    plain: list[str]
    switches: list[str]


secret_inputs = data_reader(__file__, "secret_inputs.yaml", SecretInputs)
"""The file."""


@cache
def is_secret_input(name: str) -> bool:
    """Whether an input of this last name carries a secret, in whatever type."""
    low = name.lower()
    known = secret_inputs()
    return low in {each.lower() for each in known.anywhere} or low.endswith(tuple(e.lower() for e in known.endings))


@cache
def says_secret(name: str) -> bool:
    """Whether the name of a variable, setting, tag or output says that its value is a secret."""
    names, plain, switch = _patterns()
    words = _words(name)
    return names.search(words) is not None and plain.search(words) is None and switch.match(name) is None


def _words(name: str) -> str:
    """``dbPassword`` and ``db-password`` as ``DB_PASSWORD``."""
    return re.sub(r"[-.:\s]+|(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    known = secret_inputs()
    return (
        re.compile("|".join(known.names)),
        re.compile(f"({'|'.join(known.plain)})$"),
        re.compile(f"({'|'.join(known.switches)})[A-Z]"),
    )
