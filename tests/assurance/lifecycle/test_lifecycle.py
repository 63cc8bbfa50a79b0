"""What ends: found, named, in time, and failing on its day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assurance.cli import app
from assurance.full_audit import full_audit
from assurance.lifecycle.azure import undecided_previews
from assurance.lifecycle.calendar import calendar
from assurance.lifecycle.endings import FAIL_DAYS, WARN_DAYS, Ending
from assurance.lifecycle.ics import to_ics
from assurance.lifecycle.judge import check_findings
from assurance.record import Record
from facts.lifecycle import lifecycle
from policies.exceptions import Register
from tests.assurance.check.samples import resource
from tests.assurance.cli import run
from tests.harness import ROOT, STACKS, shared_record

TODAY = date(2026, 11, 29)
END = date(2027, 2, 27)
VAULT = "azure-native:keyvault:"


def one(type_: str, inputs: dict[str, Any] | None = None, version: str | None = None) -> Record:
    made = resource(type_, "it", inputs or {})
    made.apiVersion = version
    return Record("prod", "deployed", [made])


def status(record: Record, day: date, register: Register | None = None) -> str:
    """The verdict of `check` on the one resource of a record."""
    (found,) = [each for each in check_findings(record, register or Register(), day, ROOT) if each.name == "it"] or [
        None
    ]
    return found.status if found else "none"


def test_today_every_stack_holds_and_is_warned() -> None:
    for stack in STACKS:
        found = list(check_findings(shared_record(stack), Register.load(), TODAY, ROOT))
        assert not [each.message for each in found if each.status == "fail"]
        vaults = {each.urn for each in shared_record(stack) if each.type.startswith(VAULT)}
        assert vaults <= {each.urn for each in found if each.status == "warn"}


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_that_azure_refuses_is_named(stack: str, tmp_path: Path) -> None:
    record = shared_record(stack)
    result, report = run("lifecycle", record, tmp_path, "--at", "2027-02-28")
    assert result.exit_code == 1
    refused = {each.name for each in record if each.type.startswith(VAULT)}
    failed = {each["name"] for each in report["findings"] if each["status"] == "fail"}
    (event,) = [each for each in report["events"] if each["id"].startswith("keyvault-api")]
    assert refused == {each["name"] for each in event["subjects"]} <= failed
    assert all(name in result.stdout for name in refused)


@pytest.mark.parametrize(
    ("version", "day", "expected"),
    [
        ("2024-11-01", END - timedelta(days=1), "warn"),
        ("2024-11-01", END, "fail"),
        ("2024-11-01", END - timedelta(days=WARN_DAYS + 1), "pass"),
        ("2026-02-01-preview", END, "fail"),
        ("2026-02-01", END, "none"),
        ("2026-03-01", END, "none"),
        (None, TODAY, "unchecked"),
    ],
)
def test_api_version_decides(version: str | None, day: date, expected: str) -> None:
    assert status(one("keyvault:Vault", version=version), day) == expected


@pytest.mark.parametrize(
    ("type_", "inputs", "end"),
    [
        ("dbforpostgresql:Server", {"version": "15"}, "2027-11-11"),
        ("dbforpostgresql:Server", {"version": "17"}, "2029-11-08"),
        ("web:WebApp", {"siteConfig": {"linuxFxVersion": "NODE|22-lts"}}, "2027-04-30"),
        ("web:WebAppSlot", {"siteConfig": {"linuxFxVersion": "NODE|20-lts"}}, "2026-04-30"),
        ("network:FlowLog", {"targetResourceId": "/x/networkSecurityGroups/nsg"}, "2027-09-30"),
        ("network:PublicIPAddress", {}, "2025-09-30"),
        ("redisenterprise:RedisEnterprise", {"sku": {"name": "Enterprise_E10"}}, "2027-03-31"),
        ("storage:StorageAccount", {"minimumTlsVersion": "TLS1_0"}, "2026-02-03"),
        (
            "frontdoor:Policy",
            {
                "managedRules": {
                    "managedRuleSets": [{"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "1.2"}]
                }
            },
            "2027-02-26",
        ),
    ],
)
def test_use_of_what_ends_fails_on_its_day(type_: str, inputs: dict[str, Any], end: str) -> None:
    day, record = date.fromisoformat(end), one(type_, inputs)
    assert status(record, day) == "fail"
    assert status(record, day - timedelta(days=1)) == "warn"


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("web:WebApp", {"siteConfig": {"linuxFxVersion": "DOCKER|app@sha256:0"}}),
        ("network:FlowLog", {"targetResourceId": "/x/virtualNetworks/vnet"}),
        ("network:PublicIPAddress", {"sku": {"name": "Standard"}}),
        ("redisenterprise:RedisEnterprise", {"sku": {"name": "Balanced_B5"}}),
        # The version of one rule set is not that of another.
        (
            "frontdoor:Policy",
            {
                "managedRules": {
                    "managedRuleSets": [
                        {"ruleSetType": "Microsoft_DefaultRuleSet", "ruleSetVersion": "2.2"},
                        {"ruleSetType": "Microsoft_BotManagerRuleSet", "ruleSetVersion": "1.1"},
                    ]
                }
            },
        ),
    ],
)
def test_use_of_what_goes_on_has_no_end(type_: str, inputs: dict[str, Any]) -> None:
    assert status(one(type_, inputs), date(2040, 1, 1)) == "none"


def test_portal_that_moves_never_fails_check() -> None:
    assert status(one("securityinsights:SentinelOnboardingState"), date(2030, 1, 1)) == "warn"


def seconds(day: str) -> int:
    return (date.fromisoformat(day) - date(1970, 1, 1)).days * 86400


@pytest.mark.parametrize(
    ("actions", "expected"), [([], "fail"), (["notify"], "fail"), (["rotate", "notify"], "none")], ids=str
)
def test_key_that_rotates_itself_has_no_end(actions: list[str], expected: str) -> None:
    policy = {"lifetimeActions": [{"action": {"type": each}} for each in actions]}
    properties = {"attributes": {"expires": seconds("2027-01-01")}, "rotationPolicy": policy}
    assert status(one("keyvault:Key", {"properties": properties}, "2026-02-01"), date(2027, 1, 1)) == expected


def test_short_life_is_warned_later() -> None:
    common: dict[str, Any] = {"id": "x", "kind": "secret", "subject": "x", "then": "", "action": "", "name": "x"}
    for life, expected in ((None, "near"), (90, "later"), (400, "near")):
        ending = Ending(day=TODAY + timedelta(days=FAIL_DAYS), life=life, **common)
        assert ending.nearness(TODAY) == expected
    assert Ending(day=TODAY + timedelta(days=15), life=90, **common).nearness(TODAY) == "near"


def exception(expires: date) -> Register:
    text = f"""EXC-PROD-API:
  rules: [LIFECYCLE]
  stacks: [prod]
  resource: "*"
  reason: The package is not there yet.
  compensatingControl: None is needed before the day.
  owner: platform-engineering lead
  expires: {expires}
"""
    return Register.parse(text)


@pytest.mark.parametrize(
    ("expires", "day", "expected"),
    [
        (END, TODAY, "excepted"),
        (END, END, "excepted"),
        (END, END + timedelta(days=1), "fail"),
        (END + timedelta(days=1), TODAY, "fail"),
    ],
)
def test_exception_holds_until_the_day_itself(expires: date, day: date, expected: str) -> None:
    assert status(one("keyvault:Vault", version="2024-11-01"), day, exception(expires)) == expected


def test_exception_is_needed_by_the_full_audit_alone() -> None:
    record = one("keyvault:Vault", version="2024-11-01")
    found = full_audit(record, exception(END), TODAY, ROOT).findings
    assert [each.status for each in found if each.rule == "EXCEPTION-VALID"] == ["pass"]
    moved = full_audit(one("keyvault:Vault", version="2026-02-01"), exception(END), TODAY, ROOT).findings
    assert [each.status for each in moved if each.rule == "EXCEPTION-VALID"] == ["fail"]


def test_registers_end_in_the_calendar(tmp_path: Path) -> None:
    """Whatever register: an entry with a last day, for this stack."""
    (tmp_path / "policies").mkdir()
    entries = "A: {stacks: [prod], until: 2026-12-31, accepted: 2026-12-02}\nB: {stacks: [dev], until: 2026-12-31}\n"
    (tmp_path / "policies/accepted_changes.yaml").write_text(entries, encoding="utf-8")
    (tmp_path / "policies/attestations.yaml").write_text("pen-test: {expires: 2027-06-01}\n", encoding="utf-8")
    found = calendar(Record("prod", "deployed"), Register(), date(2027, 1, 1), tmp_path)
    assert [(event.first.id, event.first.day, event.status) for event in found.events] == [
        ("accepted change A", date(2027, 1, 1), "fail"),
        ("attestation pen-test", date(2027, 6, 2), "warn"),
    ]


def test_every_preview_version_has_a_current_row() -> None:
    """And the SDK still sends it: a row goes when the SDK moves to a stable version."""
    assert [row for name in STACKS for row in undecided_previews(shared_record(name))] == []


def test_preview_version_without_a_row_is_named() -> None:
    judged = check_findings(one("keyvault:Vault", version="2026-04-01-preview"), Register(), TODAY, ROOT)
    (found,) = [each for each in judged if each.name == "preview API versions"]
    assert found.status == "warn"
    assert "azure-native:keyvault:Vault 2026-04-01-preview" in found.message


def test_calendar_file_has_an_event_for_each_day() -> None:
    found = calendar(shared_record("prod"), Register.load(), TODAY, ROOT)
    text = to_ics([found])
    assert text.count("BEGIN:VEVENT") == len([event for event in found.events if event.first.day])
    assert "DTSTART;VALUE=DATE:20270227\r\n" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    uids = [line for line in text.split("\r\n") if line.startswith("UID:")]
    assert len(uids) == len(set(uids))
    assert to_ics([found]) == text


@pytest.mark.parametrize("wrong", [["--at", "soon"], ["--json", "-", "--ics", "-"], ["nowhere"]], ids=str)
def test_wrong_use_exits_with_2(wrong: list[str]) -> None:
    result = CliRunner().invoke(app, ["lifecycle", *wrong])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_facts_say_where_they_were_read() -> None:
    assert all(end.source and end.read <= TODAY for end in lifecycle().ends.values())
