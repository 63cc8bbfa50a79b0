"""Writes docs/systems.md from docs/systems.yaml: ``python -m assurance.systems``."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from documents.arguments import read_arguments
from documents.reading import read_document
from documents.sections import Section

ROOT = Path(__file__).parents[1]
DATA = ROOT / "docs" / "systems.yaml"
PAGE = ROOT / "docs" / "systems.md"

_INTRODUCTION = """\
<!-- Written by `python -m assurance.systems` from docs/systems.yaml; change a row there. -->

# Systems

Every system the platform must have, the code that provides it, what demonstrates it, and its honest state. A row says
`works` only with a demonstration that can fail, and names the case that makes it fail. A test
(`tests/docs/test_systems.py`) resolves every path, test, rule and command named here. `works` speaks of declared
configuration proven offline, and of SQL run on real servers: nothing has been deployed to Azure from this repository.

| id | system | what the platform provides | code | demonstration | state |
|---|---|---|---|---|---|
"""

Texts = Annotated[list[str], Field(min_length=1)]


class System(Section):
    """One system that the platform must have."""

    id: Annotated[str, Field(pattern=r"^S\d\d$")]
    system: str
    provides: str
    code: Texts
    """Files and folders that provide it."""
    demonstration: Texts
    """A test, a command, or ``rule ID``; what is in brackets after it says which case of it."""
    fails_when: str = ""
    """The case that makes the demonstration fail."""
    state: Literal["works", "partly", "attested outside", "open"]
    remark: str = ""
    """What is missing, or where it is attested."""


def systems() -> list[System]:
    """The rows, in the file's order. Raises DocumentError when the file is wrong."""
    return read_document(DATA, list[System])


def page(rows: list[System]) -> str:
    """The page as Markdown."""
    return _INTRODUCTION + "".join(f"| {' | '.join(_cells(row))} |\n" for row in rows)


def _cells(row: System) -> list[str]:
    shown = ", ".join(_quoted(item) for item in row.demonstration)
    fails = f". Fails when {row.fails_when}" if row.fails_when else ""
    state = f"{row.state}: {row.remark}" if row.remark else row.state
    code = ", ".join(f"`{path}`" for path in row.code)
    return [row.id, row.system, row.provides, code, shown + fails, state]


def _quoted(item: str) -> str:
    """``rule ID (case)`` with its id, test or command as code."""
    return re.sub(r"^(rule )?(.*?)( \([^)]*\))?$", r"\1`\2`\3", item)


if __name__ == "__main__":
    read_arguments("assurance.systems", __doc__)
    PAGE.write_text(page(systems()), encoding="utf-8")
