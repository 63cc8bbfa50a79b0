"""JSON schemas as pydantic writes them."""

from collections.abc import Mapping
from typing import Any


def member_schema(node: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of what a mapping holds under names of one's own; None where it holds nothing else than it names.

    Where names have a pattern the schema stands under ``patternProperties``, else under ``additionalProperties``.
    """
    for each in (*node.get("patternProperties", {}).values(), node.get("additionalProperties")):
        if isinstance(each, Mapping):
            return each
    return None
