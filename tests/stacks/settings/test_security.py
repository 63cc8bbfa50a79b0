"""Threat detection is off unless asked for, and mistakes are told with their key."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from stacks.catalogues.policy_exemptions import ExemptionEntry, policy_exemptions
from stacks.catalogues.sentinel import SentinelEntry, sentinel_catalogue
from stacks.settings.between.subscription import sentinel_problems
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.security import SecuritySettings
from tests.harness import ROOT
from tests.stacks.settings.sections import read, refused
from tests.stacks.settings.test_monitoring import document


def monitoring(**changes: Any) -> MonitoringSettings:
    return read(MonitoringSettings, document(**changes))


def crossed(data: dict[str, Any], **changes: Any) -> set[str]:
    return {problem.key for problem in sentinel_problems(read(SecuritySettings, data), monitoring(**changes))}


def sentinel(**changes: Any) -> dict[str, Any]:
    return {"sentinel": {"enabled": True, **changes}}


def test_everything_is_off_and_a_person_approves() -> None:
    settings = read(SecuritySettings, {})
    assert refused(SecuritySettings, {}) == set()
    assert settings.sentinel.enabled is False
    assert settings.defender is None
    assert settings.policies.hipaa is settings.policies.hitrust_csf is False
    response = settings.sentinel.response
    assert (response.block_addresses, response.disable_accounts, response.approval) == (False, False, True)
    assert not any(read(SecuritySettings, {"defender": {}}).defender.model_dump().values())  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"sentinel": {"behaviorAnalytics": True}}, "sentinel.behaviorAnalytics"),
        ({"sentinel": {"threatIntelligence": True}}, "sentinel.threatIntelligence"),
        ({"sentinel": {"defenderIncidents": True}}, "sentinel.defenderIncidents"),
        ({"sentinel": {"entraProtection": True}}, "sentinel.entraProtection"),
        ({"sentinel": {"response": {"blockAddresses": True}}}, "sentinel.response.blockAddresses"),
        ({"sentinel": {"response": {"disableAccounts": True}}}, "sentinel.response.disableAccounts"),
        (sentinel(response={"approval": False}), "sentinel.response.approval"),
        (sentinel(response={"neverBlock": ["198.51.100.0/24"]}), "sentinel.response.neverBlock[0]"),
        (sentinel(response={"intervalMinutes": 0}), "sentinel.response.intervalMinutes"),
        ({"defender": {"keyVault": True}}, "defender.keyVault"),
        ({"breakGlass": {"owner": "me"}}, "breakGlass.owner"),
    ],
)
def test_a_mistake_is_told_with_its_key(data: dict[str, Any], key: str) -> None:
    assert refused(SecuritySettings, data) == {key}


def test_behaviour_is_learnt_from_entras_logs() -> None:
    assert crossed(sentinel(behaviorAnalytics=True)) == {"security.sentinel.behaviorAnalytics"}
    assert crossed(sentinel(behaviorAnalytics=True), tenantLogs=True) == set()


EXEMPTION = {
    "initiative": "hipaa",
    "references": ["keyVaultShouldUseAVirtualNetworkServiceEndpoint"],
    "category": "Mitigated",
    "reason": "Private endpoints are the stronger way in.",
    "control": "Private endpoints only, public access is off.",
    "reviewed": "2026-11-01",
    "expires": "2027-11-01",
}


@pytest.mark.parametrize(
    "changes",
    [{"expires": "2027-12-01"}, {"expires": "2026-11-01"}, {"reason": "ok"}, {"control": "none"}, {"references": []}],
)
def test_exemption_is_justified_and_ends_yearly(changes: dict[str, Any]) -> None:
    """An exemption is justified and ends within a year."""
    assert refused(ExemptionEntry, EXEMPTION) == set()
    assert refused(ExemptionEntry, {**EXEMPTION, **changes}) == set(changes)


def test_shipped_exemptions_are_right_and_unique() -> None:
    """Shipped exemptions have no mistake and no policy twice."""
    references = [
        (entry.initiative, reference) for entry in policy_exemptions().values() for reference in entry.references
    ]
    assert len(set(references)) == len(references)
    for entry in policy_exemptions().values():
        assert list(entry.problems()) == []
        assert entry.reviewed >= date(2026, 1, 1)


def test_shipped_rules_are_right_with_runbooks() -> None:
    """Shipped rules have no mistake and their runbooks exist."""
    for event, entry in sentinel_catalogue().items():
        assert list(entry.problems()) == [], event
        assert (ROOT / f"docs/runbooks/{entry.runbook}.md").is_file(), event


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"frequency": "PT1H"}, "frequency"),
        ({"respond": "block", "entities": [{"type": "Account", "identifier": "AadUserId", "column": "U"}]}, "respond"),
        ({"engine": "kql"}, "engine"),
    ],
)
def test_rule_that_could_miss_is_refused(changes: dict[str, Any], key: str) -> None:
    """A rule that could miss or block nothing is refused."""
    entry = sentinel_catalogue()["edge-scanner"].model_dump(by_alias=True)
    assert refused(SentinelEntry, entry) == set()
    assert refused(SentinelEntry, {**entry, **changes}) == {key}
