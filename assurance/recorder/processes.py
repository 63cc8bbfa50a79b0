"""Records stacks side by side, each in a process of its own.

Importing the Azure SDK's modules costs seconds, and running the program a fraction of one. So the modules are imported
once, in the parent, and every recording is forked from it; where the system cannot fork, each process imports them.
"""

from __future__ import annotations

import ast
import gc
import importlib
import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from assurance.errors import ProgramError, UsageError
from assurance.record import Mode, Record
from assurance.recorder.program import project_on_path
from assurance.recorder.stack import record_stack
from documents.problems import DocumentError

PROGRESS_STEP = 10
"""Resources between two signs of progress."""


@dataclass(frozen=True)
class Job:
    """One recording: a stack in a mode."""

    stack: str
    mode: Mode


def record_stacks(
    root: Path, jobs: Sequence[Job], on_progress: Callable[[Job, int], None] = lambda _job, _count: None
) -> list[Record]:
    """Record every job, as many at a time as there are cores, and return the records in the jobs' order.

    Raises UsageError with every mistake of every stack's config, or ProgramError when a program fails.
    """
    context = _context(root)
    waiting = list(jobs)
    running: dict[Connection, tuple[Job, Any]] = {}
    results: dict[Job, Any] = {}
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            job = waiting.pop(0)
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_record, args=(root, job, sender), daemon=True)
            process.start()
            sender.close()
            running[receiver] = (job, process)
        for receiver in wait(list(running)):
            assert isinstance(receiver, Connection)
            job, process = running[receiver]
            try:
                kind, content = receiver.recv()
            except EOFError:
                kind, content = "crash", ("the recording process ended without an answer", "")
            if kind == "progress":
                on_progress(job, content)
                continue
            results[job] = (kind, content)
            del running[receiver]
            process.join()
    return _records(jobs, results)


def _records(jobs: Sequence[Job], results: dict[Job, Any]) -> list[Record]:
    refused = [line for job in jobs for kind, content in [results[job]] if kind == "refused" for line in content]
    if refused:
        raise UsageError(*dict.fromkeys(refused))
    for job in jobs:
        kind, content = results[job]
        if kind == "crash":
            raise ProgramError(job.stack, *content)
    return [Record.from_json(results[job][1]) for job in jobs]


def _record(root: Path, job: Job, sender: Connection) -> None:
    """In the process of its own: record, and send the record or what is wrong."""
    count = 0

    def on_resource() -> None:
        nonlocal count
        count += 1
        if count % PROGRESS_STEP == 0:
            sender.send(("progress", count))

    with project_on_path(root):
        try:
            record = record_stack(root, job.stack, job.mode, on_resource)
            answer: tuple[str, Any] = ("record", record.to_json())
        except DocumentError as error:
            answer = ("refused", [str(problem) for problem in error.problems])
        except Exception as error:
            answer = ("crash", (f"{type(error).__name__}: {error}", _where(error, root)))
    sender.send(answer)
    sender.close()


def _where(error: Exception, root: Path) -> str:
    """The lines of the project that led to an error, innermost last."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(str(root)) and f"{root}/.venv" not in frame.filename
    ]
    return "".join(traceback.format_list([frame for frame in own if f"{root}/assurance" not in frame.filename] or own))


def _context(root: Path) -> Any:
    """A context that forks from a warm parent where the system can, else one that starts afresh."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    import_sdk(root)
    return multiprocessing.get_context("fork")


def import_sdk(root: Path) -> None:
    """Import the SDK modules that the project's components and layers name, with the collector out of the way."""
    gc.disable()
    for name in sorted(set(_sdk_modules(root))):
        # The SDK loads a module lazily, on the first look inside it.
        hasattr(importlib.import_module(name), "_inputs")
    gc.freeze()
    gc.enable()


def _sdk_modules(root: Path) -> Iterator[str]:
    for room in ("components", "stacks"):
        for path in sorted((root / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.module == "pulumi_azure_native":
                    yield from (f"pulumi_azure_native.{alias.name}" for alias in node.names)
                elif isinstance(node, ast.Import):
                    yield from (a.name for a in node.names if a.name.startswith(("pulumi_random", "pulumi_azure")))
