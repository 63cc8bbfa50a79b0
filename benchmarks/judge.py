"""How long judging takes beside recording: processor time, as ratios within one run.

Each command runs as a process of its own, its children included. Aims: `compare` of all stacks with a base whose
environment is made at most twice `check`; the rules' share of what recording takes under a tenth, and linear.
"""

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console

from assurance.check.audit import audit
from assurance.full_audit import full_audit
from assurance.garbage import no_collection
from assurance.record import Record
from assurance.recorder.processes import Job, record_stacks
from assurance.recorder.sdk_import import import_sdk
from assurance.stacks import stack_names
from benchmarks.commands import ROOT, children, make_table, run_module
from benchmarks.record import project_with_apps
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
    run_module("assurance", *COMPARISON)  # makes the base's environment, once for each lock file
    _commands(console)
    _parts(console)
    _growth(console)


def _commands(console: Console) -> None:
    table = make_table(f"All stacks, processor time (median of {RUNS})", "command", "seconds", "times check")
    took = {
        name: median(run_module("assurance", *each).processor for _ in range(RUNS)) for name, each in COMMANDS.items()
    }
    for name, seconds in took.items():
        table.add_row(name, f"{seconds:.1f}", f"{seconds / took['check']:.2f}")
    console.print(table)


def _parts(console: Console) -> None:
    """What of a check the rules take, and everything else, beside the recording of the same stack."""
    title = f"One stack, in one process (median of {RUNS})"
    table = make_table(title, "stack", "recorded s", "rules s", "rules/recorded", "all checks s")
    import_sdk(ROOT)  # or the first recording would have it
    for stack in stack_names(ROOT):
        begun = children()
        (record,) = record_stacks(ROOT, [Job(stack, "deployed")])
        recorded = children() - begun
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
    table = make_table("Rules with the number of apps (prod)", "apps", "resources", "seconds", "ms each")
    for apps in APPS:
        with tempfile.TemporaryDirectory() as folder:
            record = record_stacks(project_with_apps(Path(folder), apps), [Job("prod", "deployed")])[0]
        count, seconds = len(record.resources), median(_rules(record) for _ in range(RUNS))
        table.add_row(str(apps), str(count), f"{seconds:.2f}", f"{1000 * seconds / count:.2f}")
    console.print(table)


if __name__ == "__main__":
    read_arguments("benchmarks.judge", __doc__)
    main()
