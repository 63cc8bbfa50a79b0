"""An entry that nobody knows yet hides nothing, and is told as unchecked."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from assurance.full_audit import full_audit
from assurance.record import UNKNOWN, Record
from assurance.unread import known_entries, unread_paths
from policies.exceptions import Register
from tests.assurance.altered import lean_record

TODAY = date(2026, 11, 29)
STRANGER = {"tenantId": "t", "objectId": "stranger", "permissions": {"secrets": ["get", "list"]}}


def vaults(record: Record) -> list[Any]:
    found = record.of_type("keyvault:Vault")
    return [vault for vault in found if vault.inputs["properties"].get("accessPolicies")]


def statuses(record: Record, rule: str) -> set[tuple[str, str]]:
    report = full_audit(record, Register(), TODAY)
    return {(finding.status, finding.name) for finding in report.findings if finding.rule == rule}


@pytest.mark.parametrize("unknown", [[UNKNOWN, STRANGER], [STRANGER, UNKNOWN]])
def test_unknown_access_policy_hides_no_stranger(unknown: list[Any]) -> None:
    record = copy.deepcopy(lean_record())
    vault = vaults(record)[0]
    vault.inputs["properties"]["accessPolicies"] = unknown
    assert statuses(record, "RECORD-READABLE") == {("unchecked", vault.name)}
    report = full_audit(record, Register(), TODAY)
    assert "stranger" in " ".join(each.message for each in report.with_status("fail"))


def test_unknown_lists_and_priorities_are_told() -> None:
    record = copy.deepcopy(lean_record())
    one, other = record.of_type("network:NetworkSecurityGroup")[:2]
    one.inputs["securityRules"] = UNKNOWN
    other.inputs["securityRules"][0]["priority"] = UNKNOWN
    assert unread_paths(record) == {one.urn: ["securityRules"], other.urn: ["securityRules"]}
    assert statuses(record, "RECORD-READABLE") == {("unchecked", one.name), ("unchecked", other.name)}
    known = known_entries(record).by_urn
    assert known[one.urn].inputs["securityRules"] == []
    assert len(known[other.urn].inputs["securityRules"]) == len(other.inputs["securityRules"]) - 1


def test_record_without_unknown_entries_stays_itself() -> None:
    record = lean_record()
    assert known_entries(record) is record
    assert unread_paths(record) == {}
