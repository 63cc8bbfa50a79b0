"""What a record or a judgement rests on: the commit, the versions, and the files that people sign."""

import hashlib
import subprocess
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from assurance.project import HOME, Project
from documents.yaml_text import read_again

REGISTERS = {
    "exceptions": "exceptions.yaml",
    "trusted": "trusted.yaml",
    "acceptedChanges": "accepted_changes.yaml",
    "attestations": "attestations.yaml",
}
"""Registers under ``policies/`` that change what a record is worth, by their name in `basis`."""


def register_entries(text: str | None) -> dict[str, Mapping[str, Any]]:
    """The entries of a register by id, whatever they hold: its own reader says what is wrong with it."""
    try:
        content = read_again(text) if text else None
    except yaml.YAMLError:
        return {}
    entries = content if isinstance(content, dict) else {}
    return {str(id_): each for id_, each in entries.items() if isinstance(each, Mapping)}


def basis_of(project: Project, stack: str) -> dict[str, Any]:
    """The basis of a record: None for a file that is not there and for a commit of a folder without git."""
    policies = _policies(project)
    return {
        "project": project.name,
        **commit_of(project.root),
        "version": own_version(),
        "sdk": sdk_versions(),
        "stackFile": file_hash(project.root / f"Pulumi.{stack}.yaml"),
        **{name: file_hash(policies / file) if policies else None for name, file in REGISTERS.items()},
    }


def commit_of(root: Path) -> dict[str, Any]:
    """{"commit", "dirty", "date"} of the working tree at ``root``; the date is the commit's.

    dirty: a tracked file differs from the commit, or there is a new file that a program could read. A report that
    somebody writes into the root is none: there only new Python and YAML files count.
    """
    shown = git(root, "show", "-s", "--format=%H %cI", "HEAD")
    if shown is None:
        return {"commit": None, "dirty": None, "date": None}
    commit, date = shown.split()
    status = git(root, "status", "--porcelain", "--no-renames", "--untracked-files=all", "--", ".") or ""
    return {"commit": commit, "dirty": any(_counts(line) for line in status.splitlines()), "date": date}


def git(root: Path, *arguments: str) -> str | None:
    """What git answers in ``root``, without the last line's end; None where it refuses or is not installed."""
    command = ["git", "-C", str(root), "-c", "core.quotePath=false", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return None
    return done.stdout.rstrip("\n") if done.returncode == 0 else None


def file_at(root: Path, commit: str, path: str) -> str | None:
    """The text of a file below ``root`` as a commit has it; None where it is not there."""
    return git(root, "show", f"{commit}:./{path}")


def shallow_hint(root: Path) -> str:
    """What to add to a message about a commit that is not there: a shallow clone has few of them; else nothing."""
    shallow = git(root, "rev-parse", "--is-shallow-repository") == "true"
    return "; this clone is shallow: `git fetch --unshallow` gets the others" if shallow else ""


@cache
def own_version() -> str:
    """The version of this `assurance`, from the files it is part of: it may run without being installed."""
    version: str = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return version


@cache
def sdk_versions() -> dict[str, str]:
    """The installed Pulumi packages and their versions."""
    found = {}
    for each in metadata.distributions():
        name = (each.metadata["Name"] or "").lower().replace("_", "-")
        if name == "pulumi" or name.startswith("pulumi-"):
            found[name] = each.version
    return dict(sorted(found.items()))


def file_hash(path: Path) -> str | None:
    """The SHA-256 of a file, in hexadecimal; None where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _policies(project: Project) -> Path | None:
    """The folder of the registers: the project's own, or the repository's for a program of it."""
    if (project.root / "policies").is_dir():
        return project.root / "policies"
    return HOME / "policies" if project.own else None


def _counts(status: str) -> bool:
    """Whether a line of ``git status --porcelain`` makes a tree dirty."""
    code, path = status[:2], Path(status[3:].strip('"'))
    return code != "??" or len(path.parts) > 1 or path.suffix in (".py", ".yaml", ".yml")


def basis_line(basis: dict[str, Any]) -> str:
    """What a judgement rests on, as people read it: commit, stack file and versions."""
    commit = f"commit {basis['commit'][:12]}" if basis.get("commit") else "no commit"
    dirty = " with changes that are not committed" if basis.get("dirty") else ""
    file = f", stack file sha256 {basis['stackFile'][:12]}" if basis.get("stackFile") else ""
    version = f", assurance {basis['version']}" if basis.get("version") else ""
    return f"{commit}{dirty}{file}{version}, judged on {basis.get('date') or 'no date'}"


def stated_basis(basis: dict[str, Any], mode: str, says: str) -> dict[str, Any]:
    """The basis of what is worked out of a record without a day. says: what kind of statement it is."""
    return {**basis, "mode": mode, "says": says}


def judged_basis(basis: dict[str, Any], mode: str, today: date) -> dict[str, Any]:
    """The basis of a judgement: the record's, with its mode and the day on which it was judged."""
    return {**basis, "date": today.isoformat(), "mode": mode}
