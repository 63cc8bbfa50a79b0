"""ATTEST-*: what is required where patients' data may be, and what has ended or is not signed."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest

from assurance.check.attestations import attestation_findings
from assurance.check.findings import Finding
from assurance.compare.posture.build import REGISTERS
from assurance.compare.posture.registers import Entries, attested_items
from assurance.lifecycle.own import own_endings
from assurance.record import Record
from policies.attestations import AttestationRegister, attestation_kinds
from policies.exceptions import Register
from tests.assurance.check.samples import resource
from tests.harness import ROOT

TODAY = date(2026, 11, 29)
FILE = "policies/attestations.yaml"
ENTRY = """
ATT-PROD-BAA:
  kind: baa
  stacks: [prod]
  statement: A contract is in force.
  owner: privacy officer
  attested: 2026-11-01
  expires: 2027-10-31
  kept: Contract register
"""


def record(classification: str, stack: str = "prod") -> Record:
    tagged = resource("keyvault:Vault", "vault", {"tags": {"data-classification": classification}})
    return Record(stack=stack, mode="deployed", resources=[tagged])


@cache
def findings(text: str, classification: str = "phi", today: date = TODAY) -> dict[tuple[str, str], Finding]:
    register = AttestationRegister.parse(text)
    found = attestation_findings(record(classification), register, today)
    return {(each.rule, each.name): each for each in found}


def test_a_required_kind_without_an_entry_fails() -> None:
    found = findings(ENTRY)
    required = {kind for kind, row in attestation_kinds().items() if row.required}
    assert {name for rule, name in found if rule == "ATTEST-REQUIRED"} == required
    assert found["ATTEST-REQUIRED", "baa"].status == "pass"
    assert found["ATTEST-REQUIRED", "mfa"].status == "fail"
    assert findings(ENTRY.replace("[prod]", "[dev]"))["ATTEST-REQUIRED", "baa"].status == "fail"


def test_test_data_alone_requires_no_attestation() -> None:
    assert {rule for rule, _ in findings(ENTRY, "test-data")} == {"ATTEST-CURRENT"}


@pytest.mark.parametrize(
    ("text", "today", "status"),
    [
        (ENTRY, TODAY, "pass"),
        (ENTRY, date(2027, 11, 1), "fail"),
        (ENTRY.replace("  attested: 2026-11-01\n", ""), TODAY, "warn"),
        (ENTRY.replace("  attested: 2026-11-01\n", ""), date(2027, 11, 1), "fail"),
    ],
    ids=["signed", "ended", "not signed", "overdue"],
)
def test_an_entry_is_judged_by_signature_and_end(text: str, today: date, status: str) -> None:
    finding = findings(text, today=today)["ATTEST-CURRENT", "ATT-PROD-BAA"]
    assert finding.status == status
    assert finding.source == {"file": FILE, "line": 2}
    assert "privacy officer" in finding.seen


def test_an_attestation_has_its_place_in_the_calendar() -> None:
    endings = {each.id: each for each in own_endings(record("phi"), ROOT)}
    ending = endings["attestation ATT-PROD-BAA"]
    assert ending.day == Register.load().attestations.entries["ATT-PROD-BAA"].expires + timedelta(days=1)
    assert "signed by its owner" in ending.action
    assert REGISTERS[FILE] == "rules"


def test_the_projects_register_has_each_required_kind() -> None:
    found = attestation_findings(record("phi"), Register.load().attestations, TODAY)
    assert [each.message for each in found if each.status == "fail"] == []


@pytest.mark.parametrize(
    ("base", "head", "direction"),
    [
        (ENTRY, None, "weaker"),
        (None, ENTRY, "stronger"),
        (ENTRY, ENTRY.replace("  attested: 2026-11-01\n", ""), "weaker"),
        (ENTRY.replace("  attested: 2026-11-01\n", ""), ENTRY, "stronger"),
        (ENTRY, ENTRY.replace("privacy officer", "anybody"), "weaker"),
        (ENTRY, ENTRY, None),
    ],
)
def test_a_comparison_tells_what_attestation_goes(base: str | None, head: str | None, direction: str | None) -> None:
    sides = (Entries.parse(FILE, text, "prod") for text in (base, head))
    assert [each.direction for each in attested_items("rules", *sides)] == ([direction] if direction else [])
