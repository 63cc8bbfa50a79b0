"""How long a deployment of each environment takes at least: the longest chain of resources that wait for each other.

Times are typical ones (assurance/azure/creation_times.yaml), not measured here. The minimum is what Azure's own order
(assurance/azure/order_constraints.yaml) leaves; a dependency on the chain that Azure does not demand is listed with
its line.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from assurance.azure.order import creation_times, order_constraints
from assurance.critical_path import CriticalPath, critical_path
from assurance.recorder.processes import Job, record_stacks
from assurance.stacks import stack_names

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Print total work, longest chain and minimum of every stack."""
    console = Console()
    times, constraints = creation_times(), order_constraints()
    for record in record_stacks(ROOT, [Job(stack, "deployed") for stack in stack_names(ROOT)]):
        _print(console, critical_path(record, times, constraints))


def _print(console: Console, path: CriticalPath) -> None:
    table = Table(
        title=f"{path.stack}: longest chain {_clock(path.seconds)}, by Azure's order alone at least "
        f"{_clock(path.minimum_seconds)}; all resources one after the other {_clock(path.work)}",
        title_justify="left",
    )
    for column in ("resource", "type", "seconds", "done after"):
        table.add_column(column, justify="right" if column in ("seconds", "done after") else "left")
    for step in path.chain:
        table.add_row(step.name, step.type.removeprefix("azure-native:"), str(step.seconds), _clock(step.after))
    console.print(table)
    for extra in path.undemanded:
        why = f"({', '.join(extra.why)}), {extra.line}"
        console.print(f"  not demanded: {_name(extra.waits)} waits for {_name(extra.on)} {why}")
    for race in path.unordered:
        console.print(f"  no order: {_name(race.waits)} must wait for {_name(race.on)}, {race.line}: {race.reason}")
    if not path.undemanded:
        console.print("  Azure demands every dependency on the chain.")


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


if __name__ == "__main__":
    main()
