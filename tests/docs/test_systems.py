"""docs/systems.yaml tells the truth: every system is there, and what it points to exists and can fail."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from assurance.cli import COMMANDS
from assurance.systems import PAGE, System, page, systems
from policies.rules import RULES
from tests.harness import ROOT

ROWS = systems()
OWN_RULES = re.compile(r'RuleInfo\(\s*(?:id=)?"([A-Z-]+)"')
"""Rules of the commands, which are no policies."""
KNOWN_RULES = {rule.id for rule in RULES} | {
    rule for path in (ROOT / "assurance").rglob("*.py") for rule in OWN_RULES.findall(path.read_text(encoding="utf-8"))
}


@cache
def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def exists(item: str) -> bool:
    """Whether there is such a test, rule, command or target; False for anything else."""
    name = re.sub(r" \([^)]*\)$", "", item)
    if match := re.fullmatch(r"(tests/[\w/]+\.py)::(\w+)", name):
        return (ROOT / match[1]).is_file() and match[2] in functions(match[1])
    if match := re.fullmatch(r"rule ([A-Z]+(?:-[A-Z]+)*)", name):
        return match[1] in KNOWN_RULES
    if match := re.match(r"assurance (\w+)", name):
        return match[1] in set(COMMANDS)
    if match := re.fullmatch(r"make ([\w-]+)", name):
        return match[1] in targets()
    return False


def test_page_is_written_from_data() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(ROWS), "run .venv/bin/python -m assurance.systems"


def test_systems_are_37_in_order() -> None:
    assert [row.id for row in ROWS] == [f"S{number:02}" for number in range(1, 38)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row_names_only_what_exists(row: System) -> None:
    assert [path for path in row.code if not (ROOT / path).exists()] == []
    assert [item for item in row.demonstration if not exists(item)] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row_that_works_can_fail(row: System) -> None:
    """Whatever does not work says what is missing, or where it is attested."""
    assert row.fails_when if row.state == "works" else row.remark


@pytest.mark.parametrize(
    "item",
    ["tests/docs/test_systems.py::test_none", "rule NO-SUCH-RULE", "assurance nothing", "make nothing", "by hand"],
)
def test_demonstration_that_is_not_there_is_seen(item: str) -> None:
    assert not exists(item)
