"""What can be reached from where, on the terminal."""

from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assurance.check.terminal import show_violations
from assurance.reach.formats import BASIS
from assurance.reach.reachability_graph import Flow
from assurance.reach.report import Reach
from assurance.record import get
from assurance.terminal import print_line, print_table, table


def show(console: Console, found: Reach) -> None:
    """Front Door's hosts, who reaches what, the ways to the data, the rows of the table and what is wrong."""
    console.print(Text(f"{found.report.stack}: what answers on the Internet", style="bold"))
    print_table(console, _hosts(found))
    console.print(Text(f"\n{found.report.stack}: what can be reached from where", style="bold"))
    console.print(Text("● open   ○ open on a condition   · closed   (--json has the reasons)", style="dim"))
    print_table(console, _matrix(found))
    if found.ways:
        console.print(Text(f"\n{found.report.stack}: the shortest way of a request to each store", style="bold"))
        for way in found.ways.values():
            print_line(console, "  " + " → ".join(way))
    show_violations(console, found.report)
    _show_rows(console, found)


def _hosts(found: Reach) -> Table:
    hosts = table("Host", "Firewall", "Leads to", names=("Host", "Firewall"))
    for host in found.hosts:
        firewall = f"{host.firewall.name} ({get(host.firewall, 'policySettings.mode')})" if host.firewall else "none"
        hosts.add_row(host.name, firewall, ", ".join(site.name for site in host.sites) or "nothing")
    return hosts


def _matrix(found: Reach) -> Table:
    """A line a service, under its kind; a column a source, its name a word a line: prod fits 100 columns."""
    matrix = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1), collapse_padding=True)
    matrix.add_column("Service", no_wrap=True)
    for source in found.sources:
        words = source.removeprefix("subnet-").replace("-", " ").split()
        matrix.add_column("\n".join(words), justify="center", no_wrap=True, min_width=max(map(len, words)))
    for kind in dict.fromkeys(target.kind for target in found.targets):
        matrix.add_row(Text(kind, style="dim"))
        for target in (target for target in found.targets if target.kind == kind):
            cells = [_mark(found.flows[source, target.name]) for source in found.sources]
            matrix.add_row(f"  {target.name}:{target.port}", *cells)
    return matrix


def _mark(flow: Flow) -> Text:
    if not flow.verdict.open:
        return Text("·", style="dim")
    return Text("○", style="yellow") if flow.verdict.condition else Text("●", style="bold")


def _show_rows(console: Console, found: Reach) -> None:
    """How many flows of each row of the table hold; the totals, and what was not there to be examined."""
    console.print(Text(f"\n{found.report.stack}: flows that must be open, or closed", style="bold"))
    rows = table("Flow", "Hold", "Why, for the first", names=("Flow", "Hold"))
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[str, str] = {}
    for finding in found.report.findings:
        if finding.rule in ("REACH-NEEDED", "REACH-FORBIDDEN"):
            row, _, message = finding.message.partition(": ")
            counts[row, finding.status] += 1
            first.setdefault(row, message)
    for row, message in first.items():
        holding, failing = counts[row, "pass"], counts[row, "fail"]
        held = "none there" if not holding + failing else f"{holding} of {holding + failing}"
        rows.add_row(row, Text(held, style="red" if failing else "green" if holding else "dim"), message)
    print_table(console, rows)
    judged = sum(found.report.totals.values())
    totals = ", ".join(f"{count} {status}" for status, count in found.report.totals.items() if count)
    flows = f"{len(found.flows)} flows worked out, from {len(found.sources)} sources to {len(found.targets)} services"
    print_line(console, f"\n{flows}. {judged} judgements of them: {totals}. Basis: {BASIS}.", "dim")
