"""A revision of the project, recorded by its own assurance in an environment of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assurance.basis import git, shallow_hint
from assurance.compare.environments import python_for
from assurance.errors import ProgramError, UsageError
from assurance.record import Mode, Record
from assurance.recorder.processes import Job, record_stacks

RULE_IDS = "import json; from policies.rules import RULES; print(json.dumps([rule.id for rule in RULES]))"


@dataclass(frozen=True)
class Revision:
    """A commit's files in a folder. root: the project's folder among them."""

    commit: str
    date: str
    root: Path


def resolve_commit(root: Path, ref: str) -> str:
    """The commit that ``ref`` names. Raises UsageError where there is none."""
    commit = git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    if commit is None:
        raise UsageError(f"--base {ref}: no such commit in the repository of {root}{shallow_hint(root)}")
    return commit


def default_base(root: Path) -> str:
    """The merge base of HEAD with the default branch. Raises UsageError where it cannot be found."""
    named = git(root, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    for branch in filter(None, (named, "origin/main", "main", "origin/master", "master")):
        commit = git(root, "merge-base", "HEAD", branch)
        if commit is not None:
            return commit
    message = "no default branch to compare with (origin/HEAD, main, master): name a revision with --base REF"
    raise UsageError(f"{message}{shallow_hint(root)}")


@contextlib.contextmanager
def checked_out(root: Path, commit: str) -> Iterator[Revision]:
    """The files of ``commit`` in a folder of their own, while the block runs; the repository is not touched."""
    prefix = git(root, "rev-parse", "--show-prefix") or ""
    date = git(root, "show", "-s", "--format=%cI", commit) or ""
    top = git(root, "rev-parse", "--show-toplevel") or str(root)
    archive = subprocess.run(  # noqa: S603
        ["git", "-C", top, "archive", "--format=tar", commit],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if archive.returncode:
        raise UsageError(f"{commit}: {archive.stderr.decode(errors='replace').strip()}")
    with tempfile.TemporaryDirectory(prefix="assurance-base-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="tar")
        yield Revision(commit, date, Path(folder).resolve() / prefix)


def record_revision(
    revision: Revision, stacks: Sequence[str], mode: Mode, *, same_environment: bool = False
) -> tuple[list[Record], frozenset[str]]:
    """(records of ``stacks``, ids of its rules), made by the revision's own assurance.

    same_environment: in this interpreter, so that a change of a dependency is not seen.
    Raises ProgramError with the commit and its own error where it does not run.
    """
    python = Path(sys.executable) if same_environment else python_for(revision.root)
    with tempfile.TemporaryDirectory(prefix="assurance-records-") as folder:
        target = Path(folder)
        if (revision.root / "assurance" / "recorder" / "__main__.py").is_file():
            commands = [(stacks, ["-m", "assurance.recorder", mode, folder, *stacks])]
        else:
            commands = [([stack], _older(target, stack, mode)) for stack in stacks]
            commands.append(([], ["-c", RULE_IDS]))
        outputs = _run_all(python, revision, commands)
        rules = target / "rules.json"
        ids = json.loads(rules.read_text(encoding="utf-8") if rules.is_file() else outputs[-1] or "[]")
        records = [Record.load(target / f"{stack}.json") for stack in stacks]
    for record in records:
        record.basis |= {"commit": revision.commit, "dirty": False, "date": revision.date}
    return records, frozenset(ids)


def record_foreign(revision: Revision, stacks: Sequence[str], mode: Mode) -> list[Record]:
    """Records of a revision of another project, made by this assurance in its own environment."""
    try:
        records = record_stacks(revision.root, [Job(stack, mode) for stack in stacks])
    except ProgramError as error:
        raise ProgramError(error.stack, f"{error.summary} (at {revision.commit[:12]})", error.detail) from None
    for record in records:
        record.basis |= {"commit": revision.commit, "dirty": False, "date": revision.date}
    return records


def _older(folder: Path, stack: str, mode: Mode) -> list[str]:
    """How a revision of before this module is asked for a record: its exit code 1 is about problems in it."""
    return ["-m", "assurance", "preview", stack, "--mode", mode, "--json", str(folder / f"{stack}.json")]


def _run_all(python: Path, revision: Revision, commands: Sequence[tuple[Sequence[str], list[str]]]) -> list[str]:
    """Standard output of every command, run side by side in the revision's folder with its own modules first."""
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(revision.root), "NO_COLOR": "1", "COLUMNS": "200"}
    environment.pop("VIRTUAL_ENV", None)
    running = [
        subprocess.Popen(  # noqa: S603
            [str(python), *command],
            cwd=revision.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _, command in commands
    ]
    ended = [process.communicate() for process in running]
    for process, (stacks, _), (_, errors) in zip(running, commands, ended, strict=True):
        if process.returncode not in (0, 1) or (process.returncode == 1 and "Traceback" in errors):
            name = ", ".join(stacks) or "the rules"
            raise ProgramError(name, f"the base {revision.commit[:12]} does not run", errors.strip())
    return [output for output, _ in ended]
