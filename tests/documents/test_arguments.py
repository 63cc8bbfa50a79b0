"""Modules that people run by ``python -m``: ``--help`` helps and nothing else, wrong arguments are told."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

from documents.arguments import read_arguments
from tests.harness import ROOT

OTHERS = {"samples.placeholder.server"}
"""What runs in an image of its own and takes no argument."""
ROOMS = ("assurance", "benchmarks", "bootstrap", "ci", "database", "deployment", "policies", "samples", "stacks")


def modules() -> list[str]:
    """Every module that does something when it is run."""
    found = []
    for file in sorted(each for room in ROOMS for each in (ROOT / room).rglob("*.py")):
        if '__name__ == "__main__"' in file.read_text(encoding="utf-8"):
            found.append(".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__"))
    return [name for name in found if name not in OTHERS]


@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("--no-such-option", 2)])
def test_module_only_helps_or_refuses(
    argument: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written, and the help says what the module is for."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("it writes")

    for name in ("write_text", "write_bytes", "mkdir"):
        monkeypatch.setattr(Path, name, refuse)
    assert len(modules()) > 15
    for module in modules():
        monkeypatch.setattr(sys, "argv", [module, argument])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        assert (ended.value.code or 0) == code, module
        told = capsys.readouterr()
        assert len(told.out if code == 0 else told.err) > 40, module


def test_arguments_left_out_are_not_there() -> None:
    names = {"FOLDER": "?", "STACK": "*"}
    assert read_arguments("m", "about", names, ["a", "b", "c"]) == ["a", "b", "c"]
    assert read_arguments("m", "about", names, []) == []
