"""Every `python -m deployment` command of the pages exists, with its options and steps."""

from __future__ import annotations

import re

import typer

from deployment.cli import app
from deployment.steps import STEPS
from tests.harness import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(r"python -m deployment ([a-z]+)([^\n`|#]*)")


def commands() -> list[tuple[str, str, str]]:
    """Page, command and the rest of its line, up to the program that `unlock` runs."""
    return [
        (str(page.relative_to(ROOT)), name, rest.partition(" -- ")[0])
        for page in PAGES
        for name, rest in COMMAND.findall(page.read_text(encoding="utf-8"))
    ]


def test_commands_of_pages_exist_with_their_options() -> None:
    group = typer.main.get_command(app)
    known = {
        name: {option for parameter in command.params for option in parameter.opts}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }
    assert {name for _, name, _ in commands()} == set(known), "each command is shown, and no other"
    for page, name, rest in commands():
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= known[name], f"{page}: {name}{rest}"
        named = set(re.findall(r"--step ([a-z-]+)", rest))
        assert named <= {step.name for step in STEPS}, f"{page}: {name}{rest}"
