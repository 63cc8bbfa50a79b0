"""A record on the terminal, as a Pulumi user knows it."""

from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from rich.console import Console
from rich.text import Text

from assurance.preview.tree import Node, counts_by_kind, resource_tree
from assurance.record import Record, shown_place
from assurance.terminal import COUNTED, number_table, print_table

KINDS_SHOWN = 12
LINES_SHOWN = 12
"""Of a nested output; the rest is in the record (--json)."""


def show_stack(console: Console, record: Record, *, full: bool) -> None:
    """The tree, the counts, the outputs and what is wrong or missing. Not ``full``: components with their counts."""
    how = "as at a first preview" if record.mode == "preview" else "as deployed, outputs simulated"
    console.print(Text(f"\nPreviewing stack {record.stack} ({how})", style="bold"))
    _show_tree(console, record, full)
    _show_counts(console, record)
    _show_outputs(console, record)
    for problem in record.problems:
        place = f" ({shown_place(problem['source'])})" if problem.get("source") else ""
        console.print(f"[red]problem[/red] {problem['kind']}: {problem['message']}{place}", highlight=False)
    if record.unknownTypes:
        console.print(
            f"[yellow]not known[/yellow] ({len(record.unknownTypes)}): {', '.join(record.unknownTypes)}: what Azure "
            "answers is left unknown, and no rule says what these must be",
            highlight=False,
        )
    if record.supplied:
        console.print(
            f"[yellow]to be supplied[/yellow] before a real run ({len(record.supplied)}): {', '.join(record.supplied)}",
            highlight=False,
        )
        if record.own:
            console.print("  [dim]pulumi config set --secret --path 'medspasync:secrets.<NAME>'[/dim]", highlight=False)


def show_summary(console: Console, records: Sequence[Record], seconds: float) -> None:
    """One line for each stack, and the time."""
    rows = number_table("Stack", "Resources", "Components", "Types", "Secrets to supply", "Problems", "Recorded in")
    for record in records:
        custom = [resource for resource in record.resources if resource.custom]
        rows.add_row(
            record.stack,
            str(len(custom)),
            str(len(record.resources) - len(custom)),
            str(len({resource.type for resource in custom})),
            str(len(record.supplied)),
            f"[red]{len(record.problems)}[/red]" if record.problems else "0",
            f"{record.seconds:.2f} s",
        )
    console.print()
    print_table(console, rows)
    console.print(
        f"[dim]Declared configuration, seen offline in {seconds:.1f} s; nothing was deployed, nothing was asked of "
        f"Azure. {COUNTED}.[/dim]",
        highlight=False,
        soft_wrap=True,
    )


def _show_tree(console: Console, record: Record, full: bool) -> None:
    rows = [("pulumi:pulumi:Stack", f"{record.project}-{record.stack}", "")]
    for branch, node in _lines(resource_tree(record), "", full):
        inside = f"{node.count()} inside" if node.children and not full else ""
        marks = "protect" if node.resource.options.get("protect") else ""
        rows.append((branch + node.resource.type, node.resource.name, inside or marks))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    console.print(Text(f"   {'Type':<{widths[0]}}  Name", style="bold"))
    for type_, name, note in rows:
        line = Text.assemble(("+  ", "green"), f"{type_:<{widths[0]}}  ", f"{name:<{widths[1]}}", (f"  {note}", "dim"))
        line.rstrip()
        console.print(line, soft_wrap=True)


def _lines(nodes: Sequence[Node], indent: str, full: bool) -> Iterator[tuple[str, Node]]:
    """(branch drawing, node), parents before children."""
    for index, node in enumerate(nodes):
        last = index == len(nodes) - 1
        yield indent + ("└─ " if last else "├─ "), node
        if full:
            yield from _lines(node.children, indent + ("   " if last else "│  "), full)


def _show_counts(console: Console, record: Record) -> None:
    counts = counts_by_kind(record)
    shown = "  ".join(f"{kind.removeprefix('azure-native:')} {count}" for kind, count in counts[:KINDS_SHOWN])
    rest = sum(count for _, count in counts[KINDS_SHOWN:])
    tail = f"  and {rest} of {len(counts) - KINDS_SHOWN} more types" if rest else ""
    total = sum(count for _, count in counts)
    components = len(record.resources) - total
    console.print(
        f"[bold]Resources[/bold] {total}, in {components} components:  {shown}{tail}", highlight=False, soft_wrap=True
    )


def _show_outputs(console: Console, record: Record) -> None:
    if not record.outputs:
        return
    console.print("[bold]Outputs[/bold]")
    for name, value in record.outputs.items():
        for line in _output(name, value):
            console.print(f"  {line}", highlight=False, soft_wrap=True, markup=False)


def _output(name: str, value: Any) -> list[str]:
    """An output as YAML: its first lines, and how many more there are."""
    if not isinstance(value, (dict, list)):
        return [f"{name}: {value}"]
    lines: list[str] = yaml.safe_dump({name: value}, sort_keys=False, allow_unicode=True, width=100).splitlines()
    hidden = len(lines) - LINES_SHOWN
    # One line more takes no more room than saying so.
    return lines if hidden <= 1 else [*lines[:LINES_SHOWN], f"  ... {hidden} more lines: --json FILE has them all"]
