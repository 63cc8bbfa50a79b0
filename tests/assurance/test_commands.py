"""What every command does with what it is called with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from assurance.cli import COMMANDS, app
from assurance.cli.options import known_stacks
from assurance.errors import UsageError
from tests.harness import STACKS


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


def command(name: str) -> Any:
    return typer.main.get_command(app).get_command(None, name)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_report_is_checked_first(name: str) -> None:
    """Each option that writes a file looks at it before the work, whatever format it is of."""
    for option in command(name).params:
        if (option.help or "").startswith("Write") and option.metavar == "FILE":
            assert option.callback is not None, f"{name} {option.opts}: callback=checked_target"


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("check", "--sarif"),
        ("check", "--junit"),
        ("check", "--html"),
        ("preview", "--html"),
        ("access", "--csv"),
        ("lifecycle", "--ics"),
        ("compare", "--markdown"),
    ],
)
def test_no_report_outlives_the_work(name: str, option: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [name, "nowhere", option, str(tmp_path / "none" / "x")])
    assert result.exit_code == 2
    assert "there is no folder" in result.output.replace("\n", "")
    assert "nowhere" not in result.output


def completed(words: str) -> str:
    """What the shell is offered after ``words``."""
    environment = {"_ASSURANCE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": f"assurance {words}"}
    return CliRunner().invoke(app, [], env=environment, prog_name="assurance").output


def test_shell_completes_commands_and_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert '"compare"' in completed("comp")
    assert all(f'"{stack}"' in completed("check ") for stack in STACKS)
    assert '"staging"' in completed("check st")
    assert '"--markdown"' in completed("compare --mark")
    monkeypatch.setattr("assurance.cli.options.project_root", lambda: (_ for _ in ()).throw(UsageError("none")))
    assert known_stacks("") == []
