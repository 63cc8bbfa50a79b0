"""The access matrix on the terminal."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assurance.access.formats import BASIS
from assurance.access.matrix import Matrix
from assurance.check.terminal import show_violations
from assurance.terminal import print_line, print_table, table


def show(console: Console, found: Matrix) -> None:
    """Who may do what to what, who reads which secret, and what is wrong with it."""
    console.print(Text(f"{found.report.stack}: who may do what to what", style="bold"))
    print_table(console, _grants(found))
    idle = [name for name, users in found.users.items() if not users]
    if idle:
        print_line(console, f"\nNothing in the record acts as {', '.join(idle)}", "dim")
    console.print(Text(f"\n{found.report.stack}: who reads which secret", style="bold"))
    print_table(console, _secrets(found))
    show_violations(console, found.report)
    for finding in found.report.with_status("unchecked"):
        print_line(console, f"unchecked {finding.rule}: {finding.message}", "magenta")
    counts = ", ".join(f"{count} {status}" for status, count in found.report.totals.items() if count)
    print_line(
        console,
        f"\nExamined {len(found.grants)} grants of {len(found.principals)} identities: {counts or 'nothing'}. "
        f"Basis: {BASIS}. Rights inside the database are given by database/, not by a record.",
        "dim",
    )


def _grants(found: Matrix) -> Table:
    headings = ("Principal", "Used by", "Resource", "May", "By")
    rows = table(*headings, names=("Principal", "Used by", "Resource"))
    for name, group in groupby(found.grants, key=lambda grant: grant.principal.name):
        for index, grant in enumerate(group):
            users = ",\n".join(found.users.get(name, [])) or grant.principal.kind
            rows.add_row(
                Text(name if not index else "", style="bold"),
                users if not index else "",
                grant.target.name + ("" if grant.target.scope == "resource" else f" ({grant.target.scope})"),
                ", ".join(_shortened(grant.rights)) or "nothing known",
                Text(f"{grant.via}: {grant.why}" if grant.why else grant.via, style="dim"),
            )
    return rows


def _shortened(rights: Sequence[str]) -> Iterator[str]:
    """Rights as words; operations of one namespace of Azure together: ``Microsoft.Web: serverfarms/*, sites/*``."""
    spaces: dict[str, list[str]] = {}
    for right in rights:
        space, slash, operation = right.partition("/")
        if slash and space.startswith("Microsoft."):
            spaces.setdefault(space, []).append(operation)
        else:
            yield right
    for space, operations in spaces.items():
        yield f"{space}: {', '.join(operations)}"


def _secrets(found: Matrix) -> Table:
    rows = table("Vault", "Read by", "Secrets", names=("Vault", "Read by"))
    for (vault, readers), group in groupby(
        found.secrets, key=lambda item: (item.vault.name, tuple(reader.name for reader in item.readers))
    ):
        rows.add_row(vault, ",\n".join(readers) or "nobody", ", ".join(item.name for item in group))
    return rows
