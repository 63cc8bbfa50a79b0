"""The maintenance schedule names commands, pages and tables that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from assurance.cli import app
from stacks.catalogues.log_tables import log_tables
from tests.harness import ROOT

PAGE = ROOT / "docs" / "maintenance.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = [
    line.split(" #")[0].strip() for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines()
]


def options(command: str) -> set[str]:
    return set(re.findall(r"(?<!\S)--[a-z-]+", command))


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith(".venv/bin/assurance ")])
def test_assurance_commands_exist_with_their_options(command: str) -> None:
    words = shlex.split(command)
    result = CliRunner().invoke(app, [words[1], "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert options(command) <= set(re.findall(r"--[a-z-]+", result.output))


@pytest.mark.parametrize("module", ["database", "deployment"])
def test_module_commands_exist(module: str) -> None:
    named = set(re.findall(rf"python -m {module} ([a-z-]+)", TEXT))
    assert named
    for name in named:
        done = subprocess.run([sys.executable, "-m", module, name, "--help"], cwd=ROOT, capture_output=True)
        assert done.returncode == 0, name


def test_queries_ask_tables_that_exist() -> None:
    asked = re.findall(r"(?m)^logs '(\w+)", TEXT)
    assert len(asked) >= 5
    assert set(asked) <= set(log_tables())


def test_every_interval_of_the_requirement_is_there() -> None:
    for interval in ("daily", "weekly", "monthly", "quarterly"):
        assert re.search(rf"(?m)^\| {interval} \|", TEXT), interval


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+\.md)\)", TEXT):
        assert (PAGE.parent / link).is_file(), link
    for anchor in re.findall(r"\]\(#([^)]+)\)", TEXT):
        assert re.search(rf"(?m)^## {anchor.replace('-', ' ')}$", TEXT, re.I), anchor
