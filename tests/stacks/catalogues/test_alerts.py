"""The alert catalogue as data: every rule can fire, has a source, and reads tables that something feeds."""

from __future__ import annotations

import re

import pytest

from facts.log_tables import fed_tables
from facts.types import metric_namespaces
from stacks.catalogues.alerts import (
    ActivityEntry,
    AlertEntry,
    MetricEntry,
    QueryEntry,
    alert_catalogue,
    minutes,
    query_text,
)
from stacks.catalogues.log_tables import audit_tables, retention_is_allowed
from stacks.catalogues.vault_events import vault_events
from tests.harness import ROOT
from tests.queries.engine import STACK_LISTS

CATALOGUE = alert_catalogue()
OPERATION = "operationName"

TOPICS = {
    "failed sign-ins and brute force": {"signin-bruteforce", "signin-spraying", "database-signin-failures",
        "staff-signin-failures", "cache-signin-failures", "entra-signin-failures"},
    "PHI access by volume": {"phi-read-volume", "phi-bulk-read"},
    "PHI access by hour": {"phi-read-at-night"},
    "PHI access by an unknown role": {"phi-read-by-people"},
    "PHI export": {"phi-subject-request", "phi-bulk-read", "log-export"},
    "rate-limit violations": {"rate-limit-violations"},
    "WAF blocks": {"waf-blocks"},
    "secret access by an unknown identity": {"vault-unknown-identity", "vault-access-denied"},
    "use of the database's admin identity": {"database-admin-signin"},
    "access-policy or role changes": {"vault-changed", "role-assigned", "role-removed", "azure-powerful-role"},
    "purge attempts": {"vault-purge-attempt"},
    "CMK disable or delete": {"vault-key-tampering", "encryption-key-unusable"},
    "firewall or NSG changes": {"firewall-policy-changed", "firewall-policy-deleted", "network-rules-changed",
        "network-rule-written", "network-rules-deleted", "database-firewall-changed", "vault-changed"},
    "pgaudit ROLE and DDL events": {"database-role-change", "database-ddl"},
    "diagnostic settings changed or deleted": {"diagnostics-deleted", "audit-trail-changed"},
    "workspace changed or deleted": {"workspace-deleted", "log-retention-changed", "audit-trail-changed"},
    "lock changed or deleted": {"lock-deleted", "audit-trail-changed"},
    "alert changed or deleted": {"metric-alert-deleted", "log-alert-deleted", "activity-alert-deleted",
        "action-group-deleted", "audit-trail-changed"},
    "archive changed or deleted": {"archive-deleted", "archive-policy-removed", "archive-changed", "archive-tampering"},
    "Key Vault reference failures": {"secret-reference-failed"},
    "private links": {"frontdoor-origin-health", "private-link-approved"},
    "secret and key expiry or age": {*vault_events()},
    "no data arriving": {"vault-logs-missing", "database-logs-missing", "edge-logs-missing", "app-logs-missing",
        "telemetry-missing", "audit-seal-missing", "log-ingestion-problem"},
    "database jobs": {"database-job-failed", "database-job-started"},
    "resource and service health": {"resource-unhealthy", "azure-incident"},
}  # fmt: skip
"""What must be heard of, and by which alerts. Beside them: certificates by the availability tests, failed backups by
Azure Backup's own alerts (stacks/alert_processing.py), costs by the budget."""


@pytest.mark.parametrize("alert_id", CATALOGUE)
def test_every_entry_is_right_in_itself(alert_id: str) -> None:
    entry = CATALOGUE[alert_id]
    assert list(entry.problems()) == []
    assert entry.summary.endswith(".")
    assert len(entry.source) >= 10
    assert (entry.severity <= 1) or entry.channel != "critical" or entry.kind == "subscription"


def test_kinds_with_metrics_have_a_namespace() -> None:
    assert {e.kind for e in CATALOGUE.values() if isinstance(e, MetricEntry)} == set(metric_namespaces())


@pytest.mark.parametrize("topic", TOPICS)
def test_topics_have_alerts_with_runbooks(topic: str) -> None:
    """Every topic has its alerts and each names what to do."""
    for alert_id in TOPICS[topic]:
        entry = CATALOGUE.get(alert_id) or vault_events()[alert_id]
        assert entry.controls
        assert entry.channel in ("critical", "warning", "security")
        assert (ROOT / f"docs/runbooks/{entry.runbook}.md").is_file()
        assert entry.source


def test_the_security_events_of_the_requirements_have_alerts() -> None:
    """S25: failed sign-ins, PHI access, rate limits, secret access, privilege changes, tampering with the trail."""
    for alert_id in (
        "signin-bruteforce", "database-signin-failures", "phi-bulk-read", "rate-limit-violations", "waf-blocks",
        "vault-unknown-identity", "vault-purge-attempt", "vault-key-tampering", "database-role-change", "database-ddl",
        "database-admin-signin", "role-assigned", "diagnostics-deleted", "workspace-deleted", "lock-deleted",
        "secret-reference-failed", "database-logs-missing",
    ):  # fmt: skip
        assert CATALOGUE[alert_id].channel in ("security", "critical")


def test_activity_alerts_name_operations_and_no_operation_twice() -> None:
    administrative = [e for e in CATALOGUE.values() if isinstance(e, ActivityEntry) and e.category == "Administrative"]
    named = [[e.equals[OPERATION]] if OPERATION in e.equals else e.any_of[OPERATION] for e in administrative]
    operations = [operation.lower() for several in named for operation in several]
    assert len(set(operations)) == len(operations) > 30
    # Of what Azure is asked to destroy for good, the attempt matters too.
    attempts = {e.equals[OPERATION] for e in administrative if "status" not in e.equals}
    assert all("purge" in operation.lower() or "deletedata" in operation.lower() for operation in attempts)
    assert all(e.equals["status"] == "Succeeded" for e in administrative if "status" in e.equals)
    # Azure allows a hundred activity-log alerts in a subscription; three stacks may share one.
    once = sum(isinstance(e, ActivityEntry) and e.kind == "subscription" for e in CATALOGUE.values())
    each = sum(isinstance(e, ActivityEntry) for e in CATALOGUE.values()) - once
    assert once + 3 * each < 100


def test_alerts_on_audit_read_kept_tables() -> None:
    """Ingestion's own problems are no audit record, and query store's numbers only point at one: the READ lines."""
    others = {"log-ingestion-problem", "phi-bulk-read"}
    for alert_id, entry in CATALOGUE.items():
        if isinstance(entry, QueryEntry) and entry.channel == "security" and alert_id not in others:
            assert set(entry.tables) <= set(audit_tables()), alert_id


def test_queries_have_only_markers_the_layer_fills() -> None:
    """Queries have no other markers than the layer fills."""
    for alert_id, entry in CATALOGUE.items():
        if isinstance(entry, QueryEntry):
            markers = set(re.findall(r"\{\{(\w*)", query_text(alert_id)))
            assert markers <= set(STACK_LISTS), alert_id


@pytest.mark.parametrize(
    ("operator", "threshold", "reachable"),
    [
        ("GreaterThan", 99, True), ("GreaterThan", 100, False), ("GreaterThanOrEqual", 100, True),
        ("GreaterThanOrEqual", 0, False), ("LessThan", 0, False), ("LessThan", 100, True),
        ("LessThanOrEqual", 0, True), ("LessThanOrEqual", 100, False), ("GreaterThan", -1, False),
    ],
)  # fmt: skip
def test_a_threshold_must_split_the_metrics_values(operator: str, threshold: float, reachable: bool) -> None:
    entry = CATALOGUE["postgres-cpu"].model_copy(update={"operator": operator})
    assert isinstance(entry, MetricEntry)
    assert entry.reachable(threshold) is reachable


@pytest.mark.parametrize(
    ("alert_id", "change", "key"),
    [
        ("postgres-transaction-ids", {"threshold": 10737418240}, "threshold"),
        ("postgres-cpu", {"frequency": "PT1H"}, "frequency"),
        ("waf-blocks", {"frequency": "PT30M"}, "frequency"),
        ("waf-blocks", {"operator": "LessThan", "threshold": 1}, "threshold"),
    ],
)
def test_an_entry_that_cannot_work_is_told(alert_id: str, change: dict[str, object], key: str) -> None:
    entry: AlertEntry = CATALOGUE[alert_id].model_copy(update=change)
    assert [problem.key for problem in entry.problems()] == [key]


@pytest.mark.parametrize(("text", "number"), [("PT1M", 1), ("PT1H", 60), ("P1D", 1440), ("P2D", 2880), ("PT12H", 720)])
def test_durations(text: str, number: int) -> None:
    assert minutes(text) == number


@pytest.mark.parametrize(
    ("days", "allowed"), [(3, False), (4, True), (730, True), (731, False), (2190, False), (2191, True), (2556, True)]
)
def test_retention_takes_azures_steps_only(days: int, allowed: bool) -> None:
    assert retention_is_allowed(days) is allowed


def test_every_category_ends_in_one_table() -> None:
    fed = [(kind, c) for table in fed_tables().values() for kind, own in table.items() for c in own]
    assert len(set(fed)) == len(fed) > 40
