"""What the recorder noticed while it ran the program, as findings."""

from collections.abc import Iterator
from dataclasses import replace

from assurance.check.findings import Finding
from assurance.record import Record
from documents.counting import counted
from policies.rule import RuleInfo

_NOTICED = "the recorder, which sees what an engine refuses and what a mock hides"
_SAFEGUARDS = ("164.308(a)(1)(ii)(B)",)

KINDS = {
    "duplicate-name": RuleInfo(
        "RECORD-DUPLICATE-NAME",
        "No two resources have the same type and name",
        "critical",
        _SAFEGUARDS,
        "Rename one: the engine refuses the second, and whatever it was to protect stays unprotected.",
        _NOTICED,
    ),
    "dropped-input": RuleInfo(
        "RECORD-DROPPED-INPUT",
        "No input is dropped because its value turns out to be nothing",
        "critical",
        _SAFEGUARDS,
        "Give the input a value; the SDK leaves it out without a word, and Azure's default holds.",
        _NOTICED,
    ),
    "dropped-output": RuleInfo(
        "RECORD-DROPPED-OUTPUT",
        "Every stack output has a value",
        "medium",
        _SAFEGUARDS,
        "Give the output a value, or do not declare it.",
        _NOTICED,
    ),
    "secret-leak": RuleInfo(
        "RECORD-SECRET-LEAK",
        "No secret value appears in plain text",
        "critical",
        ("164.312(a)(1)", "164.308(a)(5)(ii)(D)"),
        "Keep the value inside Output.secret all the way; take it out of names, tags and outputs.",
        _NOTICED,
    ),
    "same-azure-resource": RuleInfo(
        "RECORD-SAME-AZURE-RESOURCE",
        "No two resources are the same thing in Azure",
        "critical",
        _SAFEGUARDS,
        "Give them different names: each would overwrite the other, and the engine does not notice.",
        _NOTICED,
    ),
    "sdk": RuleInfo(
        "RECORD-SDK",
        "The recorder sees everything it looks for",
        "high",
        _SAFEGUARDS,
        "Adapt the recorder to this version of the SDK.",
        _NOTICED,
    ),
}
"""The rule of each kind of problem that the recorder looks for."""
_OTHER = RuleInfo(
    "RECORD-OTHER",
    "The recorder noticed no other problem",
    "high",
    _SAFEGUARDS,
    "Read the message: a real engine, or Azure, would refuse this.",
    _NOTICED,
)


def recording_findings(record: Record) -> Iterator[Finding]:
    """A finding for each problem of the record, and one that passes for each kind that has none."""
    for problem in record.problems:
        kind, urn = problem["kind"], problem["urn"]
        info = KINDS.get(kind) or replace(_OTHER, id=f"RECORD-{kind.upper()}")
        resource = record.by_urn.get(urn)
        more = {"urn": urn, "name": urn.rsplit("::", 1)[-1]} if resource is None else {}
        if problem.get("source"):
            more["source"] = problem["source"]
        yield Finding.of(info, "fail", problem["message"], resource, stack=record.stack, **more)
    there = {problem["kind"] for problem in record.problems}
    for name, info in KINDS.items():
        if name not in there:
            yield Finding.of(
                info, "pass", f"looked for in {counted(len(record.resources), 'resource')}", stack=record.stack
            )
