"""Writes docs/changing-settings.md, what changing each setting does: ``python -m stacks.settings.pages.changes``."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from documents.arguments import read_arguments
from documents.reading import data_reader
from documents.schemas import member_schema
from documents.sections import Section
from stacks.settings.model import Settings

PAGE = Path(__file__).parents[3] / "docs" / "changing-settings.md"
EFFECTS = {
    "inPlace": "in place",
    "outage": "**outage**",
    "replacement": "**replacement**",
    "impossible": "**impossible**",
}

_INTRODUCTION = """\
<!-- Written by `python -m stacks.settings.pages.changes` from changes.yaml beside it and the settings. -->

# What changing a setting does

For each setting of a stack file that is deployed. *In place*: nothing is interrupted. *Outage*: something does not
answer meanwhile. *Replacement*: another resource takes the place, and what is in it goes or must be moved.
*Impossible*: Azure fixes it at creation, or the engine refuses (`protect`, a lock). `assurance compare` shows what a
change does before it is merged. That Azure does as this page says was read in its pages, not seen
([unproven](azure-unproven.md)).

| setting | changing it | why |
|---|---|---|
"""


class Effect(Section):
    """What changing a setting does. The file's head says what each field means."""

    effect: Literal["inPlace", "outage", "replacement", "impossible"]
    why: str
    remade: list[str] = []
    refused: bool = False
    value: Any = Field(default=None, alias="try")


effects = data_reader(__file__, "changes.yaml", dict[str, Effect])
"""Rows by path."""


def row_of(path: str) -> str | None:
    """The longest pattern that matches a setting's path; None where none does."""
    return max((each for each in effects() if fnmatchcase(path, each.replace("**", "*"))), key=len, default=None)


def settings_paths() -> list[str]:
    """Every setting, ``section.key``, ``*`` for a name of one's own and ``[]`` for an item of a list."""
    schema = Settings.model_json_schema(by_alias=True)
    return list(
        dict.fromkeys(path for key, part in schema["properties"].items() for path in _leaves(key, part, schema))
    )


def page() -> str:
    """The page as Markdown."""
    rows = []
    for path in settings_paths():
        row = effects()[row_of(path) or ""]
        rows.append(f"| `{path}` | {EFFECTS[row.effect]} | {row.why} |\n")
    return _INTRODUCTION + "".join(rows)


def _leaves(path: str, part: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rsplit("/", 1)[-1]]
    inner = [each for each in part.get("anyOf", ()) if "$ref" in each or each.get("type") == "object"]
    if inner:
        for each in inner:
            yield from _leaves(path, each, schema)
    elif part.get("properties"):
        for key, each in part["properties"].items():
            yield from _leaves(f"{path}.{key}", each, schema)
    elif (member := member_schema(part)) is not None:
        yield from _leaves(f"{path}.*", member, schema)
    elif "$ref" in part.get("items", {}):
        yield from _leaves(f"{path}[]", part["items"], schema)
    else:
        yield path


if __name__ == "__main__":
    read_arguments("stacks.settings.pages.changes", __doc__)
    PAGE.write_text(page(), encoding="utf-8")
