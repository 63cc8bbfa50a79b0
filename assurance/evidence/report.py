"""The report of one stack, for people: in a browser, on paper, offline."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from assurance.check.findings import Finding, Status
from assurance.check.tables import percentage
from assurance.evidence.controls import ControlRow
from assurance.evidence.drawing import drawn, look, svg
from assurance.evidence.questions import requests
from assurance.evidence.stack import StackEvidence
from assurance.evidence.summary import control_counts
from assurance.evidence.tables import Table, tables
from assurance.pages.builder import build_page, running_head
from assurance.record import shown_entry, shown_place
from policies.controls import controls

RANK: tuple[Status, ...] = ("fail", "unchecked", "warn", "excepted")
"""What a reader must look at, in this order; the rest holds, or examined nothing."""
SHOWN = ("log-coverage", "alerts", "encryption", "access")
"""Tables that stand in the report as they are, closed; every one is a file beside it."""
REGISTERS = ("attestations", "exceptions", "trusted")
"""Tables of what people sign."""
HIDDEN = ("stack", "urn", "file", "line", "entry file", "entry line", "key")
"""Columns that only a machine needs, or that stand in the column *where*."""


@dataclass(frozen=True)
class Group:
    """Findings of one rule with one status. id: its place in the page."""

    findings: list[Finding]
    id: str

    @property
    def first(self) -> Finding:
        """What all of them say of their rule."""
        return self.findings[0]

    @property
    def controls(self) -> list[str]:
        """The controls of all of them, in the order of the law."""
        named = {control for finding in self.findings for control in finding.controls}
        return sorted(named, key=lambda each: list(controls()).index(each) if each in controls() else -1)


def report_page(evidence: StackEvidence) -> str:
    """The page: how each control stands, every finding with where it comes from, inventory, map, registers."""
    made = tables(evidence)
    basis = evidence.report.basis
    plan = drawn(evidence.data_map)
    groups = _grouped(evidence.report.findings)
    return build_page(
        "assurance.evidence",
        "report.html.j2",
        e=evidence,
        basis=basis,
        head=running_head(basis, [evidence.stack]),
        totals=evidence.report.totals,
        judged=sum(evidence.report.totals[status] for status in ("pass", "fail", "warn", "excepted")),
        percentage=percentage,
        control_counts=control_counts(evidence),
        rerun=lambda row: rerun(evidence, row),
        anchor=anchor,
        loud=[each for each in groups if each.first.status in RANK],
        quiet=[each for each in groups if each.first.status not in RANK],
        map=Markup(svg(evidence.data_map)),  # noqa: S704 - drawing.py escapes every text
        hops=[(number, hop, look(hop)) for number, hop in enumerate(plan.hops, start=1)],
        shown={name: _readable(made[name]) for name in SHOWN},
        registers={name: _readable(made[name]) for name in REGISTERS},
        requests=requests(),
        where=where,
    )


def rerun(evidence: StackEvidence, row: ControlRow) -> str:
    """The command that works out a control's findings again, in a checkout of the commit, from the bundle."""
    only = "".join(f" --only {rule}" for rule, counts in row.rules.items() if set(counts) != {"not-applicable"})
    record = f"$BUNDLE/{evidence.stack}/record-{evidence.record.mode}.json"
    return f"assurance check --record {record} --at {evidence.today}{only}" if only else ""


def anchor(text: str) -> str:
    """An id for a place in a page: ``164.312(a)(1)`` is ``c-164-312-a-1``."""
    return "c-" + "-".join("".join(each if each.isalnum() else " " for each in text).split())


def where(finding: Any) -> str:
    """The line that made a subject, and the entry that it was made from."""
    made = shown_place(finding.source) if finding.source else ""
    entry = shown_entry(finding.origin) if finding.origin else ""
    return ", from ".join(part for part in (made, entry) if part)


def _grouped(findings: Sequence[Finding]) -> list[Group]:
    """What fails, could not be checked, warns or is excepted, the worst first; then the rest, by rule. A rule's first
    group is found as ``r-<rule>``."""
    severities = ("critical", "high", "medium", "low")
    loud = sorted(
        (f for f in findings if f.status in RANK),
        key=lambda f: (RANK.index(f.status), severities.index(f.severity), f.rule),
    )
    quiet = sorted((f for f in findings if f.status not in RANK), key=lambda f: (f.rule, f.status, f.name))
    seen: set[str] = set()
    groups = []
    for (rule, status), same in groupby([*loud, *quiet], key=lambda f: (f.rule, f.status)):
        groups.append(Group(list(same), f"r-{rule}-{status}" if rule in seen else f"r-{rule}"))
        seen.add(rule)
    return groups


def _readable(table: Table) -> Table:
    """A table without the columns of `HIDDEN`, and with where each row comes from."""
    keep = [number for number, column in enumerate(table.columns) if column not in HIDDEN]
    placed = {column: number for number, column in enumerate(table.columns)}

    def display(row: tuple[Any, ...]) -> tuple[Any, ...]:
        shown = tuple(row[number] for number in keep)
        if "file" not in placed:
            return shown
        made = f"{row[placed['file']]}:{row[placed['line']]}" if row[placed["file"]] else ""
        entry = placed.get("entry file")
        key = f"{row[entry]}:{row[placed['entry line']]}" if entry is not None and row[entry] else ""
        return (*shown, ", ".join(part for part in (made, key) if part))

    columns = tuple(table.columns[number] for number in keep)
    columns = (*columns, "where") if "file" in placed else columns
    return Table(table.name, table.about, columns, [display(row) for row in table.rows])
