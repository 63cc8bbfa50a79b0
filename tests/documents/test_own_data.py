"""A mistake in the project's own data is told as one, whatever reads it: never as a fault of what is judged."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from documents.problems import DocumentError
from policies.rule import UNREADABLE
from tests.harness import ROOT

ROOMS = ("assurance", "bootstrap", "ci", "components", "database", "deployment", "facts", "policies", "stacks")
READERS = ("load_yaml", "read_again", "compose_yaml")
RUN_BY_MAKERS = {"stacks/settings/pages/replaced.py"}
"""What writes a page: its reader is whoever runs it."""


def test_mistake_in_data_is_no_unreadable_input() -> None:
    assert not issubclass(DocumentError, UNREADABLE)


def _unguarded(tree: ast.AST, guarded: bool = False) -> Iterator[int]:
    """Lines that read YAML and let its mistakes through, so that people see a traceback."""
    for node in ast.iter_child_nodes(tree):
        inside = guarded
        if isinstance(node, ast.Try):
            caught = " ".join(ast.unparse(handler.type) for handler in node.handlers if handler.type)
            inside = guarded or "YAMLError" in caught or "NOT_READ" in caught
        if isinstance(node, ast.Call) and ast.unparse(node.func) in READERS and not guarded:
            yield node.lineno
        yield from _unguarded(node, inside)


def test_yaml_mistakes_become_problems_everywhere() -> None:
    """By `read_document`; a reader that has reasons of its own catches them itself."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if path.relative_to(ROOT).as_posix() not in RUN_BY_MAKERS
        for line in _unguarded(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x = load_yaml(t)", [1]),
        ("try:\n    x = load_yaml(t)\nexcept yaml.YAMLError:\n    pass", []),
        ("try:\n    x = load_yaml(t)\nexcept OSError:\n    pass", [2]),
    ],
)
def test_reader_without_care_is_found(text: str, lines: list[int]) -> None:
    assert list(_unguarded(ast.parse(text))) == lines
