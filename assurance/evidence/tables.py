"""The tables of one stack: the same rows as CSV, as sheets of the workbook and in the report."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from assurance.evidence.alerts import declared_alerts, notes_of, receivers_of
from assurance.evidence.drawing import look
from assurance.evidence.encryption import keys_of
from assurance.evidence.stack import StackEvidence
from assurance.record import get, short_type
from policies.attestations import attestation_kinds

Cell = str | int | float | date | None
Columns = Mapping[str, Callable[[Any], Cell]]
"""Headings, each with what a subject's row has below it."""


@dataclass(frozen=True)
class Table:
    """One table. about: what its rows are, in a sentence."""

    name: str
    about: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]

    @property
    def sheet(self) -> str:
        """What its sheet of the workbook is called."""
        named = {"flows": "Data flows", "openings": "Keys, identities, vaults"}
        return named.get(self.name, self.name.replace("-", " ").capitalize())

    def csv(self) -> str:
        """The table as CSV, with its columns' names first."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return text.getvalue()


def tables(evidence: StackEvidence) -> dict[str, Table]:
    """Every table by the name of its file, in the order of the workbook."""
    makers = (_controls, _findings, _inventory, _flows, _single_points, _openings, _access, _logs, _encryption, _alerts,
              _exceptions, _trusted, _attestations)  # fmt: skip
    return {table.name: table for table in (make(evidence) for make in makers)}


def table_of(e: StackEvidence, name: str, about: str, subjects: Iterable[Any], columns: Columns) -> Table:
    """A row for each subject, the stack first."""
    rows = [(e.stack, *(value(each) for value in columns.values())) for each in subjects]
    return Table(name, about, ("stack", *columns), rows)


def _place(of: Callable[[Any], Any] = lambda each: each) -> Columns:
    """Where a person looks: the line of the program, and the entry of the data that it was made from.

    of: a subject's resource or finding; None has no place.
    """

    def at(side: str, key: str) -> Callable[[Any], Cell]:
        return lambda each: (getattr(of(each), side, None) or {}).get(key)

    return {"file": at("source", "file"), "line": at("source", "line"), "entry file": at("origin", "file"),
            "entry line": at("origin", "line"), "key": at("origin", "key")}  # fmt: skip


def _findings(e: StackEvidence) -> Table:
    columns: Columns = {
        "rule": lambda f: f.rule,
        "status": lambda f: f.status,
        "severity": lambda f: f.severity,
        "controls": lambda f: ", ".join(f.controls),
        "title": lambda f: f.title,
        "type": lambda f: f.type,
        "name": lambda f: f.name,
        "seen": lambda f: f.seen,
        "message": lambda f: f.message,
        "remediation": lambda f: f.remediation,
        "exception": lambda f: f.exception,
        "expires": lambda f: f.expires or "",
        **_place(),
        "urn": lambda f: f.urn,
    }
    return table_of(e, "findings", "What each rule says of each resource", e.report.findings, columns)


def _controls(e: StackEvidence) -> Table:
    columns: Columns = {
        "control": lambda row: row.id,
        "title": lambda row: row.control.title,
        "requirement": lambda row: row.control.status,
        "status": lambda row: row.status,
        "why": lambda row: row.why,
        "examined": lambda row: row.examined,
        "rules": lambda row: ", ".join(row.rules),
        "attestations": lambda row: ", ".join(claim.kind for claim in row.claims),
        "NIST SP 800-66r2": lambda row: row.control.sp80066,
        "NIST SP 800-53r5": lambda row: ", ".join(row.control.sp80053.nist),
        "800-53r5, added by us": lambda row: ", ".join(row.control.sp80053.ours),
    }
    return table_of(e, "controls", "How each paragraph of the Security Rule stands", e.controls, columns)


def _inventory(e: StackEvidence) -> Table:
    columns: Columns = {
        "kind": lambda a: a.kind,
        "name": lambda a: a.name,
        "type": lambda a: a.resource.type,
        "Azure name": lambda a: a.resource.id.rsplit("/", 1)[-1],
        "owner": lambda a: a.owner,
        "data": lambda a: a.data,
        "classification": lambda a: a.classification,
        "location": lambda a: a.location,
        "at rest": lambda a: a.at_rest,
        "in transit": lambda a: a.in_transit,
        "backup": lambda a: a.backup,
        "logs": lambda a: a.logs,
        **_place(lambda a: a.resource),
        "urn": lambda a: a.resource.urn,
    }
    return table_of(
        e, "inventory", "Every asset: what answers somewhere, has logs or keeps something", e.assets, columns
    )


def _flows(e: StackEvidence) -> Table:
    columns: Columns = {
        "from": lambda hop: hop.start.name,
        "to": lambda hop: hop.end.name,
        "look": look,
        "way": lambda hop: hop.way,
        "encryption": lambda hop: hop.encryption,
        "right": lambda hop: hop.right,
        "decided by": lambda hop: hop.by.name if hop.by else "",
        **_place(lambda hop: hop.by),
    }
    about = "Each step of patients' data, with its encryption and the right to it"
    return table_of(e, "flows", about, e.data_map.hops, columns)


def _single_points(e: StackEvidence) -> Table:
    columns: Columns = {
        "kind": lambda p: p.kind,
        "name": lambda p: p.resource.name,
        "lost with": lambda p: p.loss,
        "setting": lambda p: p.setting,
        "who needs it": lambda p: ", ".join(p.dependents),
        **_place(lambda p: p.resource),
    }
    about = "What one zone or one instance carries, and who needs it"
    return table_of(e, "single-points", about, e.single_points, columns)


def _openings(e: StackEvidence) -> Table:
    columns: Columns = {
        "kind": lambda o: o.kind,
        "name": lambda o: o.resource.name,
        "used by": lambda o: ", ".join(o.used_by),
        "encrypts or opens": lambda o: "; ".join(o.opens),
        **_place(lambda o: o.resource),
    }
    return table_of(e, "openings", "What each key, identity and vault encrypts or opens", e.openings, columns)


def _access(e: StackEvidence) -> Table:
    columns: Columns = {
        "principal": lambda pair: pair[0].principal.name,
        "kind": lambda pair: pair[0].principal.kind,
        "used by": lambda pair: "; ".join(e.matrix.users.get(pair[0].principal.name, [])),
        "resource": lambda pair: pair[0].target.name,
        "type": lambda pair: pair[0].target.type,
        "scope": lambda pair: pair[0].target.scope,
        "right": lambda pair: pair[1],
        "by": lambda pair: pair[0].via,
        **_place(lambda pair: pair[0].by),
    }
    rights = [(grant, right) for grant in e.matrix.grants for right in grant.rights or ("not known",)]
    return table_of(e, "access", "Who may do what to what", rights, columns)


def _logs(e: StackEvidence) -> Table:
    columns: Columns = {
        "type": lambda row: row.type,
        "category": lambda row: row.category,
        "sending": lambda row: row.sending,
        "of": lambda row: row.resources,
        "table": lambda row: row.table,
        "searchable, days": lambda row: row.searchable,
        "kept, days": lambda row: row.kept,
        "archived, days": lambda row: row.archived,
    }
    return table_of(e, "log-coverage", "Which logs go where, and how long they stay there", e.logs, columns)


def _encryption(e: StackEvidence) -> Table:
    columns: Columns = {
        "name": lambda a: a.name,
        "kind": lambda a: a.kind,
        "data": lambda a: a.data,
        "at rest": lambda a: a.at_rest,
        "our keys": lambda a: ", ".join(key.name for key, _ in keys_of(e.record, a.resource)),
        "in transit": lambda a: a.in_transit,
        **_place(lambda a: a.resource),
    }
    encrypted = [each for each in e.assets if each.at_rest or each.in_transit]
    about = "How each asset is encrypted, at rest and on the way to it"
    return table_of(e, "encryption", about, encrypted, columns)


def _alerts(e: StackEvidence) -> Table:
    columns: Columns = {
        "name": lambda alert: alert.name,
        "type": short_type,
        "severity": lambda alert: str(get(alert, "severity", "")),
        "enabled": lambda alert: "yes" if get(alert, "enabled") is True else "no",
        "says": lambda alert: str(get(alert, "description", "")),
        "receivers": lambda alert: ", ".join(receivers_of(alert)),
        "runbook": lambda alert: notes_of(alert).get("runbook", ""),
        "control": lambda alert: notes_of(alert).get("hipaa", ""),
        **_place(),
    }
    about = "Every alert: what it says, to whom, and what to do then"
    return table_of(e, "alerts", about, declared_alerts(e.record), columns)


def _exceptions(e: StackEvidence) -> Table:
    def covered(id_: str) -> str:
        return ", ".join(sorted({f.name for f in e.report.findings if f.exception == id_ and f.status == "excepted"}))

    columns: Columns = {
        "id": lambda pair: pair[0],
        "rules": lambda pair: ", ".join(pair[1].rules),
        "resource": lambda pair: pair[1].resource,
        "reason": lambda pair: pair[1].reason,
        "instead": lambda pair: pair[1].compensating_control,
        "owner": lambda pair: pair[1].owner,
        "expires": lambda pair: pair[1].expires,
        "covers": lambda pair: covered(pair[0]),
        "file": lambda _: e.register.file,
        "line": lambda pair: e.register.lines.get(pair[0]),
    }
    here = [(id_, entry) for id_, entry in e.register.exceptions.items() if e.stack in entry.stacks]
    return table_of(e, "exceptions", "What is relaxed, why, until when, and what protects instead", here, columns)


def _trusted(e: StackEvidence) -> Table:
    trusted = e.register.trusted
    columns: Columns = {
        "id": lambda pair: pair[0],
        "who": lambda pair: pair[1].who,
        "reason": lambda pair: pair[1].reason,
        "owner": lambda pair: pair[1].owner,
        "expires": lambda pair: pair[1].expires,
        "file": lambda _: trusted.file,
        "line": lambda pair: trusted.lines.get(pair[0]),
    }
    here = [(id_, entry) for id_, entry in trusted.entries.items() if e.stack in entry.stacks]
    return table_of(e, "trusted", "Strangers that are trusted, and until when", here, columns)


def _attestations(e: StackEvidence) -> Table:
    columns = ("stack", "kind", "title", "required", "holds", "id", "statement", "owner", "attested", "expires", "kept",
               "asks", "file", "line")  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    register = e.register.attestations
    for kind, row in attestation_kinds().items():
        claim = e.claims[kind]
        here = {id_: entry for id_, entry in register.in_stack(e.stack).items() if entry.kind == kind}
        head = (e.stack, kind, row.title, "yes" if claim.required else "no")
        if not here:
            rows.append((*head, "no", "", "", "", "", "", "", row.asks, "", None))
        for id_, entry in here.items():
            holds = "yes" if entry.holds(e.today) else "no"
            signed = entry.attested or "not yet"
            rows.append(
                (*head, holds, id_, entry.statement, entry.owner, signed, entry.expires, entry.kept,
                 row.asks, register.file, register.lines.get(id_))
            )  # fmt: skip
    return Table("attestations", "What people attest, or do not yet", columns, rows)
