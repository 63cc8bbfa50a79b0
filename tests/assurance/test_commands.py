"""What every command does with what it is called with."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from assurance.cli import COMMANDS, app


@pytest.mark.parametrize(("typed", "nearest"), [("chek", "check"), ("compair", "compare"), ("costs", "cost")])
def test_a_misspelt_command_gets_the_nearest(typed: str, nearest: str) -> None:
    result = CliRunner().invoke(app, [typed])
    assert result.exit_code == 2
    assert f"did you mean {nearest}?" in " ".join(result.output.replace("│", " ").split())


def test_an_unlike_command_gets_all() -> None:
    result = CliRunner().invoke(app, ["zzz"])
    assert all(command in result.output for command in COMMANDS)


@pytest.mark.parametrize("command", ["preview", "check", "compare", "access", "reach", "request", "cost", "lifecycle"])
def test_a_target_is_checked_before_the_work(command: str, tmp_path: Path) -> None:
    """The stack is not there either: the target is told first, so nothing was run."""
    for target, told in ((tmp_path / "none" / "x.json", "there is no folder"), (tmp_path, "a folder; name a file")):
        result = CliRunner().invoke(app, [command, "nowhere", "--json", str(target)])
        assert result.exit_code == 2
        assert told in result.output.replace("\n", "")
        assert "nowhere" not in result.output
