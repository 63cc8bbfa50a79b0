"""What the recorder noticed while it ran the program, as findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assurance.check.findings import Finding
from assurance.record import Record


@dataclass(frozen=True)
class Kind:
    """A kind of problem that the recorder looks for."""

    title: str
    severity: str
    controls: tuple[str, ...]
    remediation: str


KINDS = {
    "duplicate-name": Kind(
        "No two resources have the same type and name",
        "critical",
        ("164.308(a)(1)(ii)(B)",),
        "Rename one: the engine refuses the second, and whatever it was to protect stays unprotected.",
    ),
    "dropped-input": Kind(
        "No input is dropped because its value turns out to be nothing",
        "critical",
        ("164.308(a)(1)(ii)(B)",),
        "Give the input a value; the SDK leaves it out without a word, and Azure's default holds.",
    ),
    "dropped-output": Kind(
        "Every stack output has a value",
        "medium",
        ("164.308(a)(1)(ii)(B)",),
        "Give the output a value, or do not declare it.",
    ),
    "secret-leak": Kind(
        "No secret value appears in plain text",
        "critical",
        ("164.312(a)(1)", "164.308(a)(5)(ii)(D)"),
        "Keep the value inside Output.secret all the way; take it out of names, tags and outputs.",
    ),
    "same-azure-resource": Kind(
        "No two resources are the same thing in Azure",
        "critical",
        ("164.308(a)(1)(ii)(B)",),
        "Give them different names: each would overwrite the other, and the engine does not notice.",
    ),
    "sdk": Kind(
        "The recorder sees everything it looks for",
        "high",
        ("164.308(a)(1)(ii)(B)",),
        "Adapt the recorder to this version of the SDK.",
    ),
}
_OTHER = Kind(
    "The recorder found no other problem",
    "high",
    ("164.308(a)(1)(ii)(B)",),
    "Read the message: a real engine, or Azure, would refuse this.",
)


def recording_findings(record: Record) -> Iterator[Finding]:
    """A finding for each problem of the record, and one that passes for each kind that has none."""
    for problem in record.problems:
        kind = KINDS.get(problem["kind"], _OTHER)
        resource = record.by_urn.get(problem["urn"])
        yield Finding(
            rule=_rule_id(problem["kind"]),
            title=kind.title,
            severity=kind.severity,
            status="fail",
            controls=kind.controls,
            stack=record.stack,
            message=problem["message"],
            remediation=kind.remediation,
            urn=problem["urn"],
            type=resource.type if resource else "",
            name=resource.name if resource else problem["urn"].rsplit("::", 1)[-1],
            source=problem.get("source") or (resource.source if resource else None),
            origin=resource.origin if resource else None,
        )
    found = {problem["kind"] for problem in record.problems}
    for name, kind in KINDS.items():
        if name not in found:
            yield Finding(
                rule=_rule_id(name),
                title=kind.title,
                severity=kind.severity,
                status="pass",
                controls=kind.controls,
                stack=record.stack,
                message=f"looked for in {len(record.resources)} resources",
                remediation=kind.remediation,
            )


def _rule_id(kind: str) -> str:
    return f"RECORD-{kind.upper()}"
