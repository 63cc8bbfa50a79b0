"""ATTEST-*: what people must attest for a stack with patients' data is attested, and has not ended."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from assurance.check.findings import Finding, Status
from assurance.record import Record
from policies.attestations import AttestationRegister, attestation_kinds
from policies.rule import RuleInfo
from policies.rules.floor import is_test_data

ATTESTED = RuleInfo(
    "ATTEST-REQUIRED",
    "A stack with patients' data has an attestation of each kind that is required",
    "high",
    ("164.308(b)(1)", "164.316(b)(1)"),
    "Enter who will attest it by when, or who has, in policies/attestations.yaml.",
    "policies/attestation_kinds.yaml: what no configuration can show, with the paragraph that asks for it",
)
CURRENT = RuleInfo(
    "ATTEST-CURRENT",
    "An attestation is signed, and has not ended",
    "high",
    ("164.316(b)(1)",),
    "Have it signed again by its owner, and enter the day and the new end in policies/attestations.yaml.",
    "policies/attestations.yaml: what people say holds until a day, and is looked at again",
)


def attestation_findings(record: Record, register: AttestationRegister, today: date) -> Iterator[Finding]:
    """A finding for each required kind where there may be patients' data, and for each entry about the stack.

    An entry that nobody has signed yet warns until its day, and fails after it, as one does that has ended.
    """
    here = register.in_stack(record.stack)
    if not is_test_data(record.view):
        for kind, row in attestation_kinds().items():
            if not row.required:
                continue
            ids = [id_ for id_, entry in here.items() if entry.kind == kind]
            info = replace(ATTESTED, controls=tuple(row.controls))
            message = ", ".join(ids) or f"nobody attests {kind} for {record.stack}: {row.asks}"
            place = {"file": register.file, "line": register.lines[ids[0]] if ids else 1}
            status: Status = "pass" if ids else "fail"
            yield Finding.of(info, status, message, stack=record.stack, name=kind, source=place)
    for id_, entry in here.items():
        info = replace(CURRENT, controls=tuple(attestation_kinds()[entry.kind].controls))
        place = {"file": register.file, "line": register.lines.get(id_, 1)}
        signed = f"signed on {entry.attested} by {entry.owner}" if entry.attested else f"to be signed by {entry.owner}"
        seen = f"{id_}, {signed}, until {entry.expires}"
        if entry.expired(today):
            status, message = "fail", f"{id_}: it ended on {entry.expires}: {entry.statement}"
        elif not entry.holds(today):
            status, message = "warn", f"{id_}: not signed yet, due by {entry.expires}: {entry.statement}"
        else:
            status, message = "pass", ""
        yield Finding.of(info, status, message, stack=record.stack, seen=seen, name=id_, source=place)
