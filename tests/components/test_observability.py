"""The workspace keeps every record, for as long as asked, and lets nobody in by a key."""

from __future__ import annotations

import pytest

from assurance.record import Mode, Record
from components.action_group import ActionGroup, ActionGroupArgs
from components.observability import Observability, ObservabilityArgs
from components.protection import Protection
from tests.harness import MODES, only, record


def build(protected: bool = True) -> None:
    Observability(
        "logs",
        ObservabilityArgs(
            resource_group_name="rg",
            location="eastus2",
            workspace_name="log-test",
            app_insights_name="appi-test",
            retention_days=365,
            total_retention_days={"AZKVAuditLogs": 2556, "LAQueryLogs": 180},
            protection=Protection(protect=protected, lock=protected),
        ),
    )


@pytest.fixture(params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def test_workspace_takes_no_key_and_loses_no_record(built: Record) -> None:
    workspace = only(built, "operationalinsights:Workspace").inputs
    assert workspace["features"]["disableLocalAuth"] is True
    assert workspace["features"]["enableLogAccessUsingOnlyResourcePermissions"] is False
    assert workspace["workspaceCapping"] == {"dailyQuotaGb": -1}
    assert workspace["retentionInDays"] == 365
    assert workspace["sku"] == {"name": "PerGB2018"}


def test_tables_keep_retention_and_survive_destroy(built: Record) -> None:
    """Tables keep what was asked and survive a destroy."""
    tables = {table.inputs["tableName"]: table for table in built.of_type("operationalinsights:Table")}
    kept = {name: (t.inputs["retentionInDays"], t.inputs["totalRetentionInDays"]) for name, t in tables.items()}
    assert kept == {"AZKVAuditLogs": (365, 2556), "LAQueryLogs": (180, 180)}
    assert all(table.inputs["plan"] == "Analytics" for table in tables.values())
    assert all(table.options["retainOnDelete"] for table in tables.values())


def test_the_workspace_logs_its_own_queries() -> None:
    built = record(build)
    setting = only(built, "monitor:DiagnosticSetting").inputs
    assert setting["resourceUri"] == setting["workspaceId"] == only(built, "operationalinsights:Workspace").id
    assert {"categoryGroup": "allLogs", "enabled": True} in setting["logs"]


def test_telemetry_is_kept_whole_in_the_workspace(built: Record) -> None:
    insights = only(built, "applicationinsights:Component").inputs
    assert insights["ingestionMode"] == "LogAnalytics"
    assert insights["samplingPercentage"] == 100


def test_telemetry_without_private_link_scope_arrives(built: Record) -> None:
    for resource in built.of_type("operationalinsights:Workspace", "applicationinsights:Component"):
        assert resource.inputs["publicNetworkAccessForIngestion"] == "Enabled"
        assert resource.inputs["publicNetworkAccessForQuery"] == "Enabled"


def test_the_connection_string_never_appears() -> None:
    built = record(build)
    component = next(r for r in built if r.type == "medspasync:components:Observability")
    assert component.outputs["connection_string"] == "[secret]"


@pytest.mark.parametrize("asked", [True, False])
def test_protection_is_what_was_asked_for(asked: bool) -> None:
    built = record(lambda: build(protected=asked))
    assert only(built, "operationalinsights:Workspace").options["protect"] is asked
    assert len(built.of_type("authorization:ManagementLockByScope")) == int(asked)


def group(emails: list[str], webhook_uri: str | None = None) -> None:
    ActionGroup(
        "security",
        ActionGroupArgs(
            resource_group_name="rg",
            group_name="ag-security",
            short_name="security",
            emails=emails,
            webhook_uri=webhook_uri,
        ),
    )


@pytest.mark.parametrize("mode", MODES)
def test_receivers_get_common_schema_webhook_stays_secret(mode: Mode) -> None:
    """Receivers get the common schema and the webhook stays secret."""
    built = record(
        lambda: group(["a@example.org", "b@example.org"], "https://hooks.example.org/token-nobody-may-see"), mode
    )
    inputs = only(built, "monitor:ActionGroup").inputs
    assert inputs["enabled"] is True
    assert [r["emailAddress"] for r in inputs["emailReceivers"]] == ["a@example.org", "b@example.org"]
    names = [r["name"] for r in (*inputs["emailReceivers"], *inputs["webhookReceivers"])]
    assert len(set(names)) == 3
    assert all(r["useCommonAlertSchema"] for r in (*inputs["emailReceivers"], *inputs["webhookReceivers"]))
    assert inputs["webhookReceivers"][0]["serviceUri"] == "[secret]"
    assert "token-nobody-may-see" not in built.to_json()


def test_a_channel_without_receiver_is_refused() -> None:
    with pytest.raises(ValueError, match="no receiver"):
        record(lambda: group([]))
