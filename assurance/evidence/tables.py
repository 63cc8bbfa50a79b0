"""The tables of one stack: the same rows as CSV, as sheets of the workbook and in the report."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from assurance.evidence.drawing import look
from assurance.evidence.encryption import keys_of
from assurance.evidence.stack import StackEvidence
from assurance.record import Resource
from assurance.references import References, get, short_type
from policies.attestations import attestation_kinds

Cell = str | int | float | date | None


@dataclass(frozen=True)
class Table:
    """One table. about: what its rows are, in a sentence."""

    name: str
    about: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]

    def csv(self) -> str:
        """The table as CSV, with its columns' names first."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return text.getvalue()


PLACE = ("file", "line", "entry file", "entry line", "key")
"""Where a person looks: the line of the program, and the entry of the data that it was made from."""


def place(of: Resource | Any) -> tuple[Cell, ...]:
    """`PLACE` of a resource or a finding."""
    source, origin = of.source or {}, of.origin or {}
    return (source.get("file"), source.get("line"), origin.get("file"), origin.get("line"), origin.get("key"))


def tables(evidence: StackEvidence) -> dict[str, Table]:
    """Every table by the name of its file."""
    made = (
        _findings(evidence), _controls(evidence), _inventory(evidence), _flows(evidence), _single_points(evidence),
        _openings(evidence), _access(evidence), _logs(evidence), _encryption(evidence), _alerts(evidence),
        _exceptions(evidence), _trusted(evidence), _attestations(evidence),
    )  # fmt: skip
    return {table.name: table for table in made}


def _findings(e: StackEvidence) -> Table:
    columns = ("stack", "rule", "status", "severity", "controls", "title", "type", "name", "seen", "message",
               "remediation", "exception", "expires", *PLACE, "urn")  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            e.stack,
            f.rule,
            f.status,
            f.severity,
            ", ".join(f.controls),
            f.title,
            f.type,
            f.name,
            f.seen,
            f.message,
            f.remediation,
            f.exception,
            f.expires or "",
            *place(f),
            f.urn,
        )
        for f in e.report.findings
    ]
    return Table("findings", "What each rule says of each resource", columns, rows)


def _controls(e: StackEvidence) -> Table:
    columns = ("stack", "control", "title", "requirement", "status", "why", "examined", "rules", "attestations",
               "NIST SP 800-66r2", "NIST SP 800-53r5", "800-53r5, added by us")  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            e.stack,
            row.id,
            row.control.title,
            row.control.status,
            row.status,
            row.why,
            row.examined,
            ", ".join(row.rules),
            ", ".join(claim.kind for claim in row.claims),
            row.control.sp80066,
            ", ".join(row.control.sp80053.nist),
            ", ".join(row.control.sp80053.ours),
        )
        for row in e.controls
    ]
    return Table("controls", "How each paragraph of the Security Rule stands", columns, rows)


def _inventory(e: StackEvidence) -> Table:
    columns = ("stack", "kind", "name", "type", "Azure name", "owner", "data", "classification", "location", "at rest",
               "in transit", "backup", "logs", *PLACE, "urn")  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            e.stack,
            a.kind,
            a.name,
            a.resource.type,
            a.resource.id.rsplit("/", 1)[-1],
            a.owner,
            a.data,
            a.classification,
            a.location,
            a.at_rest,
            a.in_transit,
            a.backup,
            a.logs,
            *place(a.resource),
            a.resource.urn,
        )
        for a in e.assets
    ]
    return Table("inventory", "Every asset: what answers somewhere, has logs or keeps something", columns, rows)


def _flows(e: StackEvidence) -> Table:
    columns = ("stack", "from", "to", "look", "way", "encryption", "right", "decided by", *PLACE)
    nowhere: tuple[Cell, ...] = (None,) * len(PLACE)
    rows: list[tuple[Cell, ...]] = [
        (
            e.stack,
            hop.start.name,
            hop.end.name,
            look(hop),
            hop.way,
            hop.encryption,
            hop.right,
            hop.by.name if hop.by else "",
            *(place(hop.by) if hop.by else nowhere),
        )
        for hop in e.data_map.hops
    ]
    return Table("flows", "Each step of patients' data, with its encryption and the right to it", columns, rows)


def _single_points(e: StackEvidence) -> Table:
    columns = ("stack", "kind", "name", "lost with", "setting", "who needs it", *PLACE)
    rows: list[tuple[Cell, ...]] = [
        (e.stack, p.kind, p.resource.name, p.loss, p.setting, ", ".join(p.dependents), *place(p.resource))
        for p in e.single_points
    ]
    return Table("single-points", "What one zone or one instance carries, and who needs it", columns, rows)


def _openings(e: StackEvidence) -> Table:
    columns = ("stack", "kind", "name", "used by", "encrypts or opens", *PLACE)
    rows: list[tuple[Cell, ...]] = [
        (e.stack, o.kind, o.resource.name, ", ".join(o.used_by), "; ".join(o.opens), *place(o.resource))
        for o in e.openings
    ]
    return Table("openings", "What each key, identity and vault encrypts or opens", columns, rows)


def _access(e: StackEvidence) -> Table:
    columns = ("stack", "principal", "kind", "used by", "resource", "type", "scope", "right", "by", *PLACE)
    rows: list[tuple[Cell, ...]] = [
        (
            e.stack,
            grant.principal.name,
            grant.principal.kind,
            "; ".join(e.matrix.users.get(grant.principal.name, [])),
            grant.target.name,
            grant.target.type,
            grant.target.scope,
            right,
            grant.via,
            *place(grant.by),
        )
        for grant in e.matrix.grants
        for right in grant.rights or ("not known",)
    ]
    return Table("access", "Who may do what to what", columns, rows)


def _logs(e: StackEvidence) -> Table:
    columns = ("stack", "type", "category", "sending", "of", "table", "searchable, days", "kept, days",
               "archived, days")  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (e.stack, r.type, r.category, r.sending, r.resources, r.table, r.searchable, r.kept, r.archived) for r in e.logs
    ]
    return Table("log-coverage", "Which logs go where, and how long they stay there", columns, rows)


def _encryption(e: StackEvidence) -> Table:
    references = References(e.record)
    columns = ("stack", "name", "kind", "data", "at rest", "our keys", "in transit", *PLACE)
    rows: list[tuple[Cell, ...]] = [
        (
            e.stack,
            a.name,
            a.kind,
            a.data,
            a.at_rest,
            ", ".join(key.name for key, _ in keys_of(references, a.resource)),
            a.in_transit,
            *place(a.resource),
        )
        for a in e.assets
        if a.at_rest or a.in_transit
    ]
    return Table("encryption", "How each asset is encrypted, at rest and on the way to it", columns, rows)


ALERTS = ("monitor:MetricAlert", "monitor:ScheduledQueryRule", "monitor:ActivityLogAlert",
          "securityinsights:ScheduledAlertRule")  # fmt: skip


def _alerts(e: StackEvidence) -> Table:
    columns = ("stack", "name", "type", "severity", "enabled", "says", "receivers", "runbook", "control", *PLACE)
    rows: list[tuple[Cell, ...]] = []
    for type_ in ALERTS:
        for alert in sorted(e.record.of_type(type_), key=lambda each: each.name):
            notes = dict(_notes(alert))
            receivers = sorted({str(id_).rsplit("/", 1)[-1] for id_ in _receivers(alert)})
            severity = get(alert, "severity")
            rows.append(
                (
                    e.stack,
                    alert.name,
                    short_type(alert),
                    str(severity) if severity is not None else "",
                    "yes" if get(alert, "enabled") is True else "no",
                    str(get(alert, "description", "")),
                    ", ".join(receivers),
                    notes.get("runbook", ""),
                    notes.get("hipaa", ""),
                    *place(alert),
                )
            )
    return Table("alerts", "Every alert: what it says, to whom, and what to do then", columns, rows)


def _notes(alert: Resource) -> Iterator[tuple[str, str]]:
    """What an alert sends along: its runbook and its paragraph."""
    groups = get(alert, "actions.actionGroups") or ()
    holders = [get(alert, "actions.customProperties"), *_actions(alert), *groups]
    for holder in holders:
        properties = holder.get("webHookProperties", holder.get("webhookProperties", holder)) if _is(holder) else {}
        yield from ((key, str(value)) for key, value in (properties or {}).items())


def _actions(alert: Resource) -> list[Any]:
    actions = get(alert, "actions")
    return list(actions) if isinstance(actions, list) else []


def _is(value: Any) -> bool:
    return isinstance(value, Mapping)


def _receivers(alert: Resource) -> Iterator[Any]:
    groups = [*(get(alert, "actions.actionGroups") or ()), *_actions(alert)]
    for group in groups:
        yield group.get("actionGroupId", "") if _is(group) else group


def _exceptions(e: StackEvidence) -> Table:
    columns = ("stack", "id", "rules", "resource", "reason", "instead", "owner", "expires", "covers", "file", "line")
    rows: list[tuple[Cell, ...]] = []
    for id_, entry in e.register.exceptions.items():
        if e.stack in entry.stacks:
            covers = sorted({f.name for f in e.report.findings if f.exception == id_ and f.status == "excepted"})
            rows.append(
                (
                    e.stack,
                    id_,
                    ", ".join(entry.rules),
                    entry.resource,
                    entry.reason,
                    entry.compensating_control,
                    entry.owner,
                    entry.expires,
                    ", ".join(covers),
                    e.register.file,
                    e.register.lines.get(id_),
                )
            )
    return Table("exceptions", "What is relaxed, why, until when, and what protects instead", columns, rows)


def _trusted(e: StackEvidence) -> Table:
    columns = ("stack", "id", "who", "reason", "owner", "expires", "file", "line")
    rows: list[tuple[Cell, ...]] = []
    for id_, entry in e.register.trusted.entries.items():
        if e.stack not in entry.stacks:
            continue
        who = entry.resource or entry.host or ""
        if entry.principal:
            who = f"{entry.principal.object_id}, who may hold {', '.join(entry.principal.holds)}"
        if entry.credential:
            who = f"{entry.credential.issuer}, as {entry.credential.identity}"
        trusted = e.register.trusted
        rows.append((e.stack, id_, who, entry.reason, entry.owner, entry.expires, trusted.file, trusted.lines.get(id_)))
    return Table("trusted", "Strangers that are trusted, and until when", columns, rows)


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
