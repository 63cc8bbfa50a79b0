"""A person reads one warning for what several resources share, and the key to edit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from assurance.check.audit import audit
from assurance.check.findings import Finding, Report
from assurance.check.presentation import presented
from assurance.full_audit import full_audit
from policies.exceptions import Register
from policies.rules import RULES
from tests.assurance.check.samples import report
from tests.harness import ROOT, STACKS
from tests.policies.records import TODAY, records

STACK_FILE = """config:
  medspasync:database:
    tier: GeneralPurpose
    highAvailability: SameZone
    backupDays: 7
  medspasync:network:
    highAvailability: none
"""


def found(message: str, **changes: object) -> Finding:
    finding = next(f for f in report().findings if f.status == "fail")
    origin = {"file": "Pulumi.dev.yaml", "line": 2, "key": "medspasync:database"}
    return replace(finding, **({"message": message, "origin": origin} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "key", "line"),
    [
        ("highAvailability.mode is SameZone, must be ZoneRedundant", "medspasync:database.highAvailability", 4),
        ("backup.backupRetentionDays is 7, must be at least 35 days", "medspasync:database.backupDays", 5),
        ("sku.name is Standard_B1ms, must be another", "medspasync:database", 2),
        ("nothing is on it", "medspasync:database", 2),
    ],
)
def test_finding_names_the_key_to_edit(tmp_path: Path, message: str, key: str, line: int) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(STACK_FILE, encoding="utf-8")
    (told,) = presented(replace(report(), findings=[found(message)]), tmp_path).findings
    assert told.origin == {"file": "Pulumi.dev.yaml", "line": line, "key": key}


def test_weakened_database_leads_to_its_key() -> None:
    """In the program itself: the rule speaks ARM, the finding names the setting."""
    record = records("deployed")["prod"]
    (server,) = record.of_type("dbforpostgresql:Server")
    weak = replace(server, inputs={**server.inputs, "highAvailability": {"mode": "SameZone"}})
    resources = [weak if each is server else each for each in record]
    judged = audit(
        replace(record, resources=resources),
        Register(),
        TODAY,
        [rule for rule in RULES if rule.id == "PG-HIGH-AVAILABILITY"],
    )
    (told,) = [each for each in presented(judged, ROOT).findings if each.status == "fail"]
    assert told.origin is not None
    assert told.origin["key"] == "medspasync:database.highAvailability"
    line = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8").splitlines()[told.origin["line"] - 1]
    assert "highAvailability:" in line
    assert "highAvailability.mode = SameZone" in told.seen


def test_shared_warning_is_told_once_with_all() -> None:
    warned = [found("it ends", rule="LIFECYCLE", status="warn", urn=f"urn:{n}", name=f"r{n}") for n in range(5)]
    apart = [found("it ends", urn=f"urn:x{n}") for n in range(2)]
    told = presented(replace(report(), findings=[*warned, *apart]), ROOT).findings
    assert [each.urn for each in told] == ["urn:0", "urn:x0", "urn:x1"]
    assert told[0].message == "it ends (5 resources: r0, r1, r2 and 2 more)"
    assert told[0].also == ("urn:1", "urn:2", "urn:3", "urn:4")
    assert told[0].as_dict()["also"] == ["urn:1", "urn:2", "urn:3", "urn:4"]
    assert "also" not in told[1].as_dict()


@cache
def audited(stack: str) -> Report:
    """What `assurance check` says of a stack."""
    return presented(full_audit(records("deployed")[stack], Register.load(), TODAY), ROOT)


@pytest.mark.parametrize("stack", STACKS)
def test_finding_tells_where_what_and_remedy(stack: str) -> None:
    """Whatever its rule: the line that made the resource, the data entry where there is one, what was seen, what to
    do."""
    resources = records("deployed")[stack].by_urn
    told = [each for each in audited(stack).findings if each.status in ("fail", "warn", "excepted", "unchecked")]
    assert told
    for each in told:
        assert each.seen, each
        assert each.remediation, each
        if resource := resources.get(each.urn):
            assert each.source, each
            assert each.origin or not resource.origin, each


@pytest.mark.parametrize("stack", STACKS)
def test_run_opens_with_few_warnings(stack: str) -> None:
    """What is accepted is registered with a date, what is shared is told once; attestations wait for people."""
    judged = audited(stack)
    warned = [each for each in judged.with_status("warn") if not each.rule.startswith("ATTEST-")]
    assert {each.rule for each in warned} <= {"LIFECYCLE", "TYPE-UNKNOWN"}
    # One end, and what is unknown: a warning for each column and reason.
    assert len(warned) <= 5


def test_accepted_exposure_ends_with_its_entry() -> None:
    record = records("deployed")["prod"]

    def telemetry(register: Register, today: date) -> list[Finding]:
        found = full_audit(record, register, today).findings
        return [each for each in found if each.rule == "REACH-INTERNET" and each.name.startswith("observability")]

    assert {each.status for each in telemetry(Register.load(), TODAY)} == {"excepted"}
    assert {each.status for each in telemetry(Register.load(), date(2027, 12, 1))} == {"warn"}
    for each in telemetry(Register(), TODAY):
        assert each.status == "warn"
        assert "it has no private endpoint" in each.remediation
