"""Every query of a dashboard is run on rows: what an alert fires on is what its tile shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stacks.catalogues.workbooks import TileEntry
from tests.harness import ROOT
from tests.queries.engine import NOW, cases
from tests.queries.inventory import text_of_tile as text
from tests.queries.inventory import tiles_by_label
from tests.queries.rows import Rows, answers

TILES = tiles_by_label()

RULE, EXEMPTION = "microsoft.insights/metricalerts", "Microsoft.Authorization/policyExemptions"
FINDING = {"policyAssignmentName": "policy-mss-test-hipaa", "resourceId": "/vault", "policyDefinitionReferenceId": "x"}


def graph(id_: str, type_: str, **properties: Any) -> dict[str, Any]:
    """A row of Azure Resource Graph."""
    return {"id": id_, "name": "one", "type": type_, "resourceGroup": "rg-mss-test-data", "properties": properties}


def fired(group: str) -> dict[str, Any]:
    essentials = {"severity": "Sev0", "startDateTime": "2026-03-04T14:00:00Z", "targetResourceGroup": group}
    return graph("/alert", "Microsoft.AlertsManagement/alerts", essentials=essentials)


def assessment(code: str) -> dict[str, Any]:
    words = {"displayName": "MFA should be on", "metadata": {"severity": "High"}, "status": {"code": code}}
    return graph("/assessment", "microsoft.security/assessments", **words)


USER = {"AppRoleName": "backend", "Name": "GET /appointments", "Success": True, "ResultCode": "200", "ItemCount": 1}
KEY_USE = {"consumer": "frontend", "via": "internal"}
STATEMENT = {"QueryId": "-6712345", "QueryType": "select", "IsSystemQuery": False}
ROWS: Rows = {
    "AppRequests": [
        {**USER, "DurationMs": 80.0, "ItemCount": 999},
        {**USER, "DurationMs": 900.0, "Success": False, "ResultCode": "500"},
        {**USER, "DurationMs": 1.0, "Name": "GET /healthz", "ItemCount": 5000},
    ],
    "AppDependencies": [
        {
            "AppRoleName": "backend",
            "DependencyType": "SQL",
            "Target": "db",
            "Success": True,
            "DurationMs": 9.0,
            "ItemCount": 3,
        }
    ],
    "PGSQLQueryStoreRuntime": [
        {**STATEMENT, "Calls": 4, "TotalExecDurationMs": 100.0, "MaxExecDurationMs": 70.0, "BlkReadTime": 10.0},
        {**STATEMENT, "Calls": 6, "TotalExecDurationMs": 900.0, "MaxExecDurationMs": 300.0, "BlkReadTime": 500.0},
        {**STATEMENT, "QueryId": "1", "IsSystemQuery": True, "Calls": 1, "TotalExecDurationMs": 9e9},
    ],
    "AppEvents": [
        {"Name": "medspasync.internal_key", "Properties": {**KEY_USE, "key": "current", "count": "40"}},
        {"Name": "medspasync.internal_key", "Properties": {**KEY_USE, "key": "current", "count": "2"}},
        {"Name": "medspasync.internal_key", "Properties": {**KEY_USE, "key": "previous", "count": "1"}},
        {"Name": "report_opened", "Properties": {"key": "current", "count": "900"}},
    ],
    "AzureDiagnostics": [{"Category": "FrontDoorAccessLog", "httpStatusCode_s": "204"}],
    "Usage": [{"DataType": "AZKVAuditLogs", "Quantity": 12.0, "IsBillable": True}],
    "LAQueryLogs": [
        {"AADEmail": "auditor@medspasyncpro.com", "ResponseRowCount": 7, "RequestClientApp": "AppAnalytics"}
    ],
    "alertsmanagementresources": [fired("rg-mss-test-data")],
    "resources": [graph("/vault", "microsoft.keyvault/vaults"), graph("/rule", RULE, enabled=False)],
    "policyresources": [
        graph("/state", "Microsoft.PolicyInsights/policyStates", **FINDING, complianceState="NonCompliant"),
        graph("/exemption", EXEMPTION, exemptionCategory="Waiver", expiresOn="2027-05-01T00:00:00Z", description="why"),
    ],
    "securityresources": [assessment("Unhealthy")],
}
LOCK = "/vault/providers/Microsoft.Authorization/locks/keep"
ORDINARY: Rows = {
    "alertsmanagementresources": [fired("rg-of-somebody-else")],
    "resources": [graph("/VAULT", "microsoft.keyvault/vaults"), graph("/rule", RULE, enabled=True)],
    "authorizationresources": [graph(LOCK, "microsoft.authorization/locks")],
    "policyresources": [
        graph("/state", "Microsoft.PolicyInsights/policyStates", **FINDING, complianceState="Compliant")
    ],
    "securityresources": [assessment("Healthy")],
}
"""What Resource Graph answers when nothing is wrong."""


def rows_of(tile: TileEntry) -> Rows:
    """The alert's own attack, or a few rows of each table."""
    if tile.alert is None:
        return ROWS
    found: Rows = {}
    for table, given in cases(tile.alert)["fires"][0]["rows"].items():
        found[table] = [{key: value for key, value in row.items() if key not in ("ago", "repeat")} for row in given]
    return found


@pytest.mark.parametrize("label", TILES)
def test_a_tile_shows_what_happened(label: str, record_property: Any) -> None:
    record_property("kql", ("attack", "dashboards", label))
    tile = TILES[label]
    shown = answers(text(tile), rows_of(tile))
    assert shown
    if tile.shape == "timechart":
        assert "TimeGenerated" in shown[0]
        assert any(isinstance(value, int | float) for value in shown[0].values())


@pytest.mark.parametrize("label", TILES)
def test_a_tile_shows_nothing_when_nothing_happened(label: str, record_property: Any) -> None:
    record_property("kql", ("ordinary", "dashboards", label))
    tile = TILES[label]
    assert answers(text(tile), ORDINARY if tile.source == "graph" else {}) == []


def test_service_levels_count_what_users_met() -> None:
    """One of a thousand failed; the probes, and the client's own mistakes, do not count."""
    shown = answers(text(TILES["performance: Availability and latency, by app"]), ROWS)
    assert [(row["App"], row["Requests"], row["AvailabilityPercent"]) for row in shown] == [("backend", 1000, 99.9)]


def test_the_audit_trail_is_the_audit_tables() -> None:
    label = "compliance: Audit tables and their newest record"
    rows: dict[str, list[dict[str, Any]]] = {
        "Usage": [
            {"DataType": "AZKVAuditLogs", "Quantity": 1.0, "TimeGenerated": NOW},
            {"DataType": "AppServiceConsoleLogs", "Quantity": 1.0},
        ]
    }
    assert [row["DataType"] for row in answers(text(TILES[label]), rows)] == ["AZKVAuditLogs"]


def test_every_query_file_is_shown_somewhere() -> None:
    folder = Path(ROOT / "stacks/catalogues/workbooks")
    used = {tile.query or tile.graph for tile in TILES.values() if tile.alert is None}
    assert {path.stem for path in folder.glob("*.kql")} == used


def test_slow_statements_are_the_apps_over_whole_time() -> None:
    (statement,) = answers(text(TILES["performance: Slowest statements of the database"]), ROWS)
    assert statement == {
        "QueryId": "-6712345",
        "QueryType": "select",
        "Calls": 10,
        "TotalMs": 1000.0,
        "SlowestMs": 300.0,
        "DiskReadMs": 510.0,
        "MeanMs": 100.0,
    }


def test_last_use_of_key_is_shown_by_consumer() -> None:
    shown = answers(text(TILES["security: Keys between apps, last use"]), ROWS)
    assert [(row["Consumer"], row["Key"], row["Via"], row["Calls"]) for row in shown] == [
        ("frontend", "current", "internal", 42),
        ("frontend", "previous", "internal", 1),
    ]
    assert all(row["LastUse"] == NOW for row in shown)
