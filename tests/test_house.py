"""Rules of this house that hold for its tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.harness import ROOT

TESTS = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "tests").rglob("*.py"))}


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_properties_take_profile_from_conftest() -> None:
    """A deadline of its own fails on a busy machine; examples of its own are not more in the long run."""
    allowed = {ROOT / "tests" / "conftest.py", ROOT / "tests" / "long.py"}
    found = [
        f"{_where(path)}:{call.lineno}: {keyword.arg}"
        for path, tree in TESTS.items()
        if path not in allowed
        for call in _calls(tree)
        for keyword in call.keywords
        if keyword.arg in ("deadline", "max_examples")
    ]
    assert found == []


LONGEST = 8
"""Words of a test's name, without ``test``; the sentence is the docstring."""


def test_names_of_tests_are_short() -> None:
    found = [
        f"{_where(path)}:{node.lineno}: {node.name}"
        for path, tree in TESTS.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and node.name.count("_") > LONGEST
    ]
    assert found == [], f"names of more than {LONGEST} words: use test_<subject>_<condition>_<result>"


def _where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
