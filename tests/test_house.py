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


def _where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
