"""Recording with signs of progress on the terminal."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast, get_args

from rich.console import Console
from rich.live import Live
from rich.text import Text

from assurance.errors import UsageError
from assurance.record import Mode, Record
from assurance.recorder.processes import Job, record_stacks
from assurance.stacks import chosen_stacks, project_root, records_for
from documents.counting import counted
from policies.rule import UNREADABLE

SILENCE = 10.0
"""Seconds after which a run without a terminal says how far it is."""


def checked_mode(mode: str) -> Mode:
    """``mode`` as a record mode; UsageError for anything else."""
    if mode not in get_args(Mode):
        raise UsageError(f"--mode {mode}: allowed are {' and '.join(get_args(Mode))}")
    return cast("Mode", mode)


def records_with_progress(
    stacks: Sequence[str], mode: Mode, record_file: Path | None, project: Path | None = None
) -> list[Record]:
    """Records of ``stacks``, with a line of counts on a terminal while they are made."""
    if project is not None and record_file is not None:
        raise UsageError("--record reads what was recorded, --project runs a program: give one of them")
    with _progress() as on_progress:
        return records_for(stacks, mode, record_file, on_progress, project)


def records_in_both_modes(stacks: Sequence[str]) -> tuple[list[Record], list[Record]]:
    """Records of ``stacks`` (all when none is named) as at a first preview, and as deployed."""
    with _progress() as on_progress:
        root = project_root()
        names = chosen_stacks(stacks, root)
        jobs = [Job(name, mode) for mode in get_args(Mode) for name in names]
        made = record_stacks(root, jobs, on_progress)
    return made[: len(names)], made[len(names) :]


@contextmanager
def _progress() -> Iterator[Callable[[Job, int], None]]:
    """A line of counts while recordings are made: one that changes on a terminal, else one every `SILENCE` seconds, for
    a log that says nothing for minutes looks dead."""
    counts: dict[Job, int] = {}
    errors = Console(stderr=True)
    if not errors.file.isatty():
        said = time.monotonic()

        def now_and_then(job: Job, count: int) -> None:
            nonlocal said
            counts[job] = count
            if time.monotonic() - said >= SILENCE:
                said = time.monotonic()
                errors.print(Text(_counted(counts)), soft_wrap=True)

        yield now_and_then
        return
    # No refresh thread: recordings are forked from this process, and threads do not survive a fork.
    with Live(console=errors, auto_refresh=False, transient=True) as live:

        def on_progress(job: Job, count: int) -> None:
            counts[job] = count
            live.update(Text(_counted(counts), style="dim"), refresh=True)

        yield on_progress


def _counted(counts: Mapping[Job, int]) -> str:
    return "   ".join(("recording", *(f"{each.stack} {counted(seen, 'resource')}" for each, seen in counts.items())))


Answer = TypeVar("Answer")


def work_out_of(record: Record, command: str, work_out: Callable[[Record], Answer]) -> Answer:
    """What a command works out of a record; UsageError where an input of it is none that Azure takes."""
    try:
        return work_out(record)
    except UNREADABLE as error:
        message = f"`assurance {command}` cannot read an input of this record of {record.stack}"
        raise UsageError(f"{message}: {type(error).__name__}: {error}") from error


def one_record(stack: str | None, mode: str, record_file: Path | None, project: Path | None = None) -> Record:
    """The record of one stack, the saved one, or a program's first; UsageError when none is named."""
    if stack is None and record_file is None and project is None:
        raise UsageError("name a stack, for example prod, or a saved record with --record FILE")
    records = records_with_progress([stack] if stack else [], checked_mode(mode), record_file, project)
    if len(records) != 1:
        raise UsageError(f"name a stack: there are {', '.join(record.stack for record in records)}")
    return records[0]
