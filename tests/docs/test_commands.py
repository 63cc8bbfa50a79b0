"""Every command of every page exists, with its options; docs/README.md says what each other program needs."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.harness import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"(?ms)^```(\w*)\n(.*?)^```")
OUR_COMMANDS = re.compile(
    r"(?m)(?:^    (?:\$ )?|(?<!`)`)((?:make|(?:\.venv/bin/)?assurance|pulumi|(?:\.venv/bin/)?python3? -m) [^`\n]+)"
)
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
ENGINE: dict[str, set[str]] = {
    "login": set(),
    "whoami": set(),
    "version": set(),
    "cancel": {"--stack", "--yes"},
    "stack init": {"--secrets-provider", "--stack"},
    "stack ls": set(),
    "stack output": {"--stack", "--json", "--show-secrets"},
    "stack export": {"--stack", "--file", "--show-secrets", "--version"},
    "stack import": {"--stack", "--file", "--force"},
    "stack history": {"--stack", "-s", "--show-secrets"},
    "stack change-secrets-provider": {"--stack"},
    "config set": {"--secret", "--path", "--stack"},
    "config": {"--stack", "--show-secrets"},
    "preview": {"--stack", "--refresh", "--diff", "--save-plan", "--policy-pack", "--policy-pack-config",
                "--expect-no-changes", "--import-file"},
    "up": {"--stack", "--refresh", "--plan", "--policy-pack", "--policy-pack-config", "--yes", "--target",
           "--ignore-protect"},
    "refresh": {"--stack", "--yes", "--preview-only", "--expect-no-changes"},
    "destroy": {"--stack", "--yes", "--target"},
    "import": {"--file", "--stack"},
    "state unprotect": {"--stack", "--all", "--yes"},
    "state delete": {"--stack", "--yes"},
    "package add": set(),
    "policy analyze": {"--policy-pack", "--stack", "--file"},
}  # fmt: skip
"""Commands and options of the engine (pulumi/pulumi pkg/cmd/pulumi, read 2026-11-29)."""


@cache
def needs() -> set[str]:
    """Programs of the table in docs/README.md."""
    page = (ROOT / "docs" / "README.md").read_text(encoding="utf-8").partition("## Which commands need what")[2]
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    return {program for row in rows for program in re.findall(r"`([a-z]+)`", row)}


def commands(page: Path) -> Iterator[str]:
    """Commands of a page, each as one line: those of fenced shell blocks, of indented ones, and in the text."""
    text = page.read_text(encoding="utf-8")
    for command in OUR_COMMANDS.findall(FENCE.sub("", text)):
        yield re.sub(r"\s+#.*$", "", " ".join(command.split()))
    for language, block in FENCE.findall(text):
        if language not in ("sh", "bash", "shell"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            command = re.sub(r"\s+#.*$", "", line).strip()
            if command and not command.startswith("#"):
                yield command


@cache
def group(module: str) -> Any:
    """The commands of a module, as its command line has them; None where it has none of Typer's."""
    for name in ("cli", "__main__"):
        try:
            found = getattr(importlib.import_module(f"{module}.{name}"), "app", None)
        except ModuleNotFoundError:
            continue
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
    return None


def options_of(module: str, name: str) -> set[str]:
    command = group(module).get_command(None, name)
    assert command is not None, f"{module} has no command {name}"
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


def problem(command: str) -> str | None:
    """What is wrong with a command of a page."""
    if inner := re.fullmatch(r"(?:export )?[A-Z_]+=\"?\$\((.*)\)\"?", command):
        command = inner[1]
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        words = command.split()
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if not words or len(words[0]) < 2:
        return None
    program, rest = words[0].removeprefix(".venv/bin/").removeprefix("../.venv/bin/"), words[1:]
    options = {word.split("=")[0] for word in _until(rest, ("--", "|", ">", "&&", ";")) if re.match(r"--[a-z]", word)}
    if program == "make":
        return None if {word for word in rest if re.fullmatch(r"[a-z-]+", word)} <= TARGETS else "no such target"
    if program == "assurance":
        return _of_module("assurance", rest, options)
    if program in ("python", "python3") and rest[:1] == ["-m"]:
        return _of_module(rest[1], rest[2:], options)
    if program == "pulumi":
        return _of_engine(rest)
    return None if program in needs() or not re.fullmatch(r"[a-z][a-z0-9-]+", program) else f"{program} is in no table"


def _of_module(module: str, rest: list[str], options: set[str]) -> str | None:
    if module in ("venv", "pytest", "pip", "http.server", "..."):
        return None
    if group(module) is None:
        importlib.import_module(module)
        return None
    if not rest or rest[0].startswith("-"):
        return None
    unknown = options - options_of(module, rest[0]) - {"--help"}
    return f"{module} {rest[0]} has no {', '.join(sorted(unknown))}" if unknown else None


def _of_engine(rest: list[str]) -> str | None:
    words = _until(rest, ("|", ">", "&&", ";"))
    name = next((each for each in (" ".join(words[:2]), *words[:1]) if each in ENGINE), None)
    if name is None:
        return f"pulumi {' '.join(words[:2])} is no command that is known"
    used = {word.split("=")[0] for word in words if re.match(r"--[a-z]", word)}
    unknown = used - ENGINE[name]
    return f"pulumi {name} has no {', '.join(sorted(unknown))}" if unknown else None


def _until(words: list[str], ends: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    for word in words:
        if word in ends:
            break
        found.append(word)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_page_exist(page: Path) -> None:
    wrong = [f"{command}: {found}" for command in commands(page) if (found := problem(command))]
    assert wrong == []


def test_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {name for name in pages if f"({name})" not in index} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "command",
    [
        "make previw",
        "assurance check --colour",
        "python -m deployment run dev --pln",
        "pulumi up --stack prod --no-refresh",
        "pulumi deploy",
        "terraform apply",
    ],
)
def test_command_that_is_not_there_is_told(command: str) -> None:
    try:
        assert problem(command)
    except AssertionError as missing:
        assert "no command" in str(missing)  # noqa: PT017 - which of the two ways it is told does not matter
