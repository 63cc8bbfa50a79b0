"""A bill on the terminal: what costs most first, then what is not known and what is charged by use."""

from collections import defaultdict

from rich.console import Console
from rich.text import Text

from assurance.cost.bill import Bill, Line
from assurance.terminal import print_table, table


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
    console.print(Text(f"\n{bill.stack}", style="bold"))
    print_table(console, rows)
    for subject in bill.unknown:
        console.print(Text(f"Unknown: {subject}", style="yellow"), soft_wrap=True)
    if bill.by_use:
        message = (
            f"Charged by use beside, not counted: {len(bill.by_use)} (--json has them), for example {bill.by_use[0]}"
        )
        console.print(Text(message), soft_wrap=True)
    unknown = f", and {len(bill.unknown)} unknown" if bill.unknown else ""
    total = f"{bill.stack}: {bill.total:,.2f} {bill.currency} a month{unknown}, before what is charged by use"
    console.print(Text(total, style="bold"), soft_wrap=True)
