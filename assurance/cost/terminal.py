"""A bill on the terminal: what costs most first, then what is not known and what is charged by use."""

from collections import defaultdict

from rich.console import Console

from assurance.cost.bill import CURRENCY, Bill, Line
from assurance.terminal import print_line, print_table, table


def show(console: Console, bill: Bill) -> None:
    """A line for each meter, and the total."""
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in bill.lines:
        if line.amount is None or line.amount > 0:
            groups[line.meter].append(line)
    rows = table("Meter", "Quantity", "Unit", "A month", "Basis", names=("Meter",))
    for meter, lines in sorted(groups.items(), key=lambda each: (-sum(line.amount or 0 for line in each[1]), each[0])):
        known = all(line.amount is not None for line in lines)
        amount = f"{sum(line.amount or 0 for line in lines):,.2f}" if known else "unknown"
        quantity = f"{sum(line.quantity or 0 for line in lines):,g}"
        source = lines[0].source or "no row in facts/prices.yaml"
        basis = "estimate" if source.startswith("estimate") else source if not known else "published"
        rows.add_row(meter, quantity, lines[0].unit or "", amount, f"{basis} {lines[0].date or ''}".rstrip())
    print_line(console, f"\n{bill.stack}", "bold")
    print_table(console, rows)
    for subject in bill.unknown:
        print_line(console, f"Unknown: {subject}", "yellow")
    if bill.by_use:
        examples = f"{len(bill.by_use)} (--json has them), for example {bill.by_use[0]}"
        print_line(console, f"Charged by use beside, not counted: {examples}")
    unknown = f", and {len(bill.unknown)} unknown" if bill.unknown else ""
    total = f"{bill.stack}: {bill.total:,.2f} {CURRENCY} a month{unknown}, before what is charged by use"
    print_line(console, total, "bold")
