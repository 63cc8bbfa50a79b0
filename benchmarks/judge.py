"""How long judging takes beside recording: processor time, as ratios within one run.

Each command runs as a process of its own, its children included. Aims: `compare` of all stacks with a base whose
environment is made at most twice `check`; the rules' share of what recording takes under a tenth, and linear.
"""

import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from assurance.check.audit import audit
from assurance.full_audit import full_audit
from assurance.garbage import no_collection
from assurance.record import Record
from assurance.recorder.processes import Job, record_stacks
from assurance.recorder.sdk_import import import_sdk
from assurance.stacks import stack_names
from benchmarks.record import ROOT, project_with_apps
from documents.arguments import read_arguments
from policies.exceptions import Register
from policies.kept import forget

RUNS = 3
APPS = (4, 40)
COMPARISON = ("compare", "--base", "HEAD")
COMMANDS = {
    "preview --mode deployed": ("preview", "--mode", "deployed"),
    "check": ("check",),
    "check --rules-only": ("check", "--rules-only"),
    "compare --base HEAD": COMPARISON,
}


def main() -> None:
    """Print the tables."""
    console = Console()
    _processor_seconds(COMPARISON)  # makes the base's environment, once for each lock file
    _commands(console)
    _parts(console)
    _growth(console)


def _children() -> float:
    """User and system seconds of this process's ended children."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _processor_seconds(arguments: tuple[str, ...]) -> float:
    """Processor time of a command and its children. It may find something, and must not fail otherwise."""
    before = _children()
    command = [sys.executable, "-m", "assurance", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return _children() - before


def _commands(console: Console) -> None:
    table = Table(title=f"All stacks, processor time (median of {RUNS})", title_justify="left")
    for column in ("command", "seconds", "times check"):
        table.add_column(column, justify="left" if column == "command" else "right")
    took = {name: median(_processor_seconds(each) for _ in range(RUNS)) for name, each in COMMANDS.items()}
    for name, seconds in took.items():
        table.add_row(name, f"{seconds:.1f}", f"{seconds / took['check']:.2f}")
    console.print(table)


def _parts(console: Console) -> None:
    """What of a check the rules take, and everything else, beside the recording of the same stack."""
    table = Table(title=f"One stack, in one process (median of {RUNS})", title_justify="left")
    for column in ("stack", "recorded s", "rules s", "rules/recorded", "all checks s"):
        table.add_column(column, justify="left" if column == "stack" else "right")
    import_sdk(ROOT)  # or the first recording would have it
    for stack in stack_names(ROOT):
        begun = _children()
        (record,) = record_stacks(ROOT, [Job(stack, "deployed")])
        recorded = _children() - begun
        rules = median(_rules(record) for _ in range(RUNS))
        begun = time.process_time()
        full_audit(_fresh(record), Register.load(), datetime.now(UTC).date(), ROOT)
        whole = time.process_time() - begun
        share = f"{100 * rules / recorded:.0f} %"
        table.add_row(stack, f"{recorded:.2f}", f"{rules:.2f}", share, f"{whole:.2f}")
    console.print(table)


def _fresh(record: Record) -> Record:
    """A copy that nobody has looked at: what is worked out of a record is kept with it."""
    return Record.from_json(record.to_json())


def _rules(record: Record) -> float:
    """Seconds of all rules on a record, its view included."""
    fresh, register, today = _fresh(record), Register.load(), datetime.now(UTC).date()
    forget()
    with no_collection():  # as the command does
        begun = time.process_time()
        audit(fresh, register, today)
        return time.process_time() - begun


def _growth(console: Console) -> None:
    """Rules for more and more apps; linear growth keeps the cost of a resource the same."""
    table = Table(title="Rules with the number of apps (prod)", title_justify="left")
    for column in ("apps", "resources", "seconds", "ms each"):
        table.add_column(column, justify="right")
    for apps in APPS:
        with tempfile.TemporaryDirectory() as folder:
            record = record_stacks(project_with_apps(Path(folder), apps), [Job("prod", "deployed")])[0]
        count, seconds = len(record.resources), median(_rules(record) for _ in range(RUNS))
        table.add_row(str(apps), str(count), f"{seconds:.2f}", f"{1000 * seconds / count:.2f}")
    console.print(table)


if __name__ == "__main__":
    read_arguments("benchmarks.judge", __doc__)
    main()
