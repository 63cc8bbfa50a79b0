"""What the recorder noticed while it ran the program, as findings."""

from collections.abc import Iterator

from assurance.check.findings import Finding
from assurance.record import Record
from documents.counting import counted
from policies.rule import RuleInfo, Severity

_NOTICED = "the recorder, which sees what an engine refuses and what a mock hides"
_SAFEGUARDS = ("164.308(a)(1)(ii)(B)",)


def _rule(
    kind: str, severity: Severity, title: str, remediation: str, controls: tuple[str, ...] = _SAFEGUARDS
) -> RuleInfo:
    return RuleInfo(f"RECORD-{kind.upper()}", title, severity, controls, remediation, _NOTICED)


KINDS = {
    "duplicate-name": _rule(
        "duplicate-name",
        "critical",
        "No two resources have the same type and name",
        "Rename one: the engine refuses the second, and whatever it was to protect stays unprotected.",
    ),
    "dropped-input": _rule(
        "dropped-input",
        "critical",
        "No input is dropped because its value turns out to be nothing",
        "Give the input a value; the SDK leaves it out without a word, and Azure's default holds.",
    ),
    "dropped-output": _rule(
        "dropped-output", "medium", "Every stack output has a value", "Give the output a value, or do not declare it."
    ),
    "secret-leak": _rule(
        "secret-leak",
        "critical",
        "No secret value appears in plain text",
        "Keep the value inside Output.secret all the way; take it out of names, tags and outputs.",
        ("164.312(a)(1)", "164.308(a)(5)(ii)(D)"),
    ),
    "same-azure-resource": _rule(
        "same-azure-resource",
        "critical",
        "No two resources are the same thing in Azure",
        "Give them different names: each would overwrite the other, and the engine does not notice.",
    ),
    "sdk": _rule(
        "sdk", "high", "The recorder sees everything it looks for", "Adapt the recorder to this version of the SDK."
    ),
}
"""The rule of each kind of problem that the recorder looks for."""
_OTHER = ("The recorder noticed no other problem", "Read the message: a real engine, or Azure, would refuse this.")


def recording_findings(record: Record) -> Iterator[Finding]:
    """A finding for each problem of the record, and one that passes for each kind that has none."""
    for problem in record.problems:
        kind, urn = problem["kind"], problem["urn"]
        info = KINDS.get(kind) or _rule(kind, "high", *_OTHER)
        resource = record.by_urn.get(urn)
        more = {"urn": urn, "name": urn.rsplit("::", 1)[-1]} if resource is None else {}
        if problem.get("source"):
            more["source"] = problem["source"]
        yield Finding.of(info, "fail", problem["message"], resource, stack=record.stack, **more)
    looked = f"looked for in {counted(len(record.resources), 'resource')}"
    there = {problem["kind"] for problem in record.problems}
    for name, info in KINDS.items():
        if name not in there:
            yield Finding.of(info, "pass", looked, stack=record.stack)
