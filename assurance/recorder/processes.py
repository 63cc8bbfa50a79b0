"""Records stacks side by side, each in a process of its own.

Importing the Azure SDK's modules costs seconds, and the program's own half as much as running it. So the SDK is
imported once, in this process; one forked from it imports the program, and every recording is forked from that one:
this process stays free of the program, and no recording sees another's. Where the system cannot fork, each imports all.
"""

import gc
import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from assurance.errors import ProgramError, UsageError
from assurance.project import HOME, Project, read_project
from assurance.record import Mode, Record
from assurance.recorder.program import project_on_path
from assurance.recorder.sdk_import import ENVIRONMENTS, import_sdk
from assurance.recorder.stack import import_program, record_stack
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
    project = read_project(root)
    context = _context(root)
    pipes = {job: context.Pipe(duplex=False) for job in jobs}
    senders = {job: sender for job, (_, sender) in pipes.items()}
    starter = context.Process(target=_record_all, args=(project, senders, context.get_start_method()))
    starter.start()
    for sender in senders.values():
        sender.close()  # or nobody would see that a process ended without an answer
    results = _answers({receiver: job for job, (receiver, _) in pipes.items()}, on_progress)
    starter.join()
    return _records(jobs, results)


def _answers(running: dict[Connection, Job], on_progress: Callable[[Job, int], None]) -> dict[Job, Any]:
    """What each recording ended with."""
    results: dict[Job, Any] = {}
    while running:
        for receiver in wait(list(running)):
            assert isinstance(receiver, Connection)
            job = running[receiver]
            try:
                kind, content = receiver.recv()
            except EOFError:
                kind, content = "crash", ("the recording process ended without an answer", "")
            if kind == "progress":
                on_progress(job, content)
                continue
            results[job] = (kind, content)
            del running[receiver]
    return results


def _records(jobs: Sequence[Job], results: dict[Job, Any]) -> list[Record]:
    refused = [line for job in jobs for kind, content in [results[job]] if kind == "refused" for line in content]
    if refused:
        raise UsageError(*dict.fromkeys(refused))
    for job in jobs:
        kind, content = results[job]
        if kind == "crash":
            raise ProgramError(job.stack, *content)
    return [Record.from_json(results[job][1]) for job in jobs]


def _record_all(project: Project, senders: dict[Job, Connection], method: str) -> None:
    """In a process of its own: import the program's modules, and fork each recording from here."""
    gc.disable()  # as in every recording, which ends with its record: looking for garbage would be half of its time
    _forget_others(project.root)
    with project_on_path(project):
        import_program(project)
    context: Any = multiprocessing.get_context(method)
    waiting, running = list(senders.items()), list[Any]()
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            job, sender = waiting.pop(0)
            running.append(context.Process(target=_record, args=(project, job, sender), daemon=True))
            running[-1].start()
            sender.close()
        ended = wait([process.sentinel for process in running])
        for process in [each for each in running if each.sentinel in ended]:
            process.join()
            running.remove(process)


def _record(project: Project, job: Job, sender: Connection) -> None:
    """In a process of its own: record, and send the record or what is wrong."""
    count = 0

    def on_resource() -> None:
        nonlocal count
        count += 1
        if count % PROGRESS_STEP == 0:
            sender.send(("progress", count))

    gc.disable()
    with project_on_path(project):
        try:
            record = record_stack(project, job.stack, job.mode, on_resource)
            answer: tuple[str, Any] = ("record", record.to_json())
        except DocumentError as error:
            answer = ("refused", [str(problem) for problem in error.problems])
        except UsageError as error:
            answer = ("refused", error.messages)
        except Exception as error:
            answer = ("crash", (f"{type(error).__name__}: {error}", _own_frames(error, project.root)))
    sender.send(answer)
    sender.close()


def _forget_others(root: Path) -> None:
    """Drop modules that a caller has imported of this repository's own rooms where the program brings its own."""
    for room in ("stacks", "components"):
        if (root / room).resolve() != HOME / room:
            for name in [name for name in sys.modules if name == room or name.startswith(f"{room}.")]:
                del sys.modules[name]


def _own_frames(error: Exception, root: Path) -> str:
    """The lines of the program that led to an error, innermost last; none where only the SDK's are known."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(root) and not _is_foreign(Path(frame.filename).relative_to(root))
    ]
    return "".join(traceback.format_list(own))


def _is_foreign(path: Path) -> bool:
    return path.parts[0] in ("assurance", *ENVIRONMENTS) or "site-packages" in path.parts


def _context(root: Path) -> Any:
    """A context that forks from a warm parent where the system can, else one that starts afresh."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    import_sdk(root)
    return multiprocessing.get_context("fork")
