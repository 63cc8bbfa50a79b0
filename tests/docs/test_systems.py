"""docs/systems.md tells the truth: every row is there, and what it points to exists and can fail."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache

import pytest

from assurance.cli import COMMANDS
from policies.rules import RULES
from tests.harness import ROOT

STATES = ("works", "partly", "attested outside", "open")
TEST = re.compile(r"tests/[\w/]+\.py::(\w+)")


@dataclass(frozen=True)
class Row:
    id: str
    system: str
    provides: str
    code: str
    demonstration: str
    state: str


def rows() -> list[Row]:
    lines = (ROOT / "docs" / "systems.md").read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if re.match(r"\| S\d\d \|", line)
    ]
    return [Row(*(cell.strip(" |") for cell in row)) for row in cells]


@cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def commands() -> set[str]:
    return set(COMMANDS)


def test_all_37_systems_are_there_in_order() -> None:
    assert [row.id for row in rows()] == [f"S{number:02}" for number in range(1, 38)]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_what_a_row_names_exists(row: Row) -> None:
    assert row.state.startswith(STATES), row.state
    for path in re.findall(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:yaml|py|md))`", row.code):
        assert (ROOT / path).exists(), path
    for match in TEST.finditer(row.demonstration):
        assert match[1] in functions(match[0].split("::")[0]), match[0]
    for command in re.findall(r"`assurance (\w+)", row.demonstration):
        assert command in commands(), command
    for target in re.findall(r"`make (\w+)", row.demonstration):
        assert target in targets(), target
    known = {rule.id for rule in RULES}
    for rule in re.findall(r"rule `([A-Z]+(?:-[A-Z]+)+)`", row.demonstration):
        assert rule in known, rule


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_a_row_that_works_can_fail(row: Row) -> None:
    if row.state.startswith("works"):
        demonstrated = TEST.search(row.demonstration) or re.search(r"`(assurance|make) |rule `", row.demonstration)
        assert demonstrated, "no test, rule or command"
        assert "Fails when" in row.demonstration, "does not name the case that makes it fail"
        assert "`" in row.code
    else:
        assert re.search(r"\w", row.state.partition(":")[2]), "says neither what is missing nor where it is attested"
