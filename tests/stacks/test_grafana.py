"""Managed Grafana is off unless asked for, entered by Entra only, and reads what the stack says."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.access.matrix import matrix
from assurance.record import Mode, Record
from stacks.grafana import MONITORING_READER
from stacks.settings.between.addresses import private_endpoints
from tests.harness import MODES, only
from tests.projects import Config, changed
from tests.stacks.whole_stack import settings_of, whole_stack

GRAFANA = "dashboard:Grafana"


def asked(mode: Mode = "deployed", **grafana: Any) -> Record:
    return whole_stack(lambda config: turn_on(config, **grafana), mode)


def turn_on(config: Config, **grafana: Any) -> None:
    config["medspasync:dashboards"] = {"managedGrafana": grafana}


def readers(record: Record) -> set[str]:
    """Resource groups that the identity reads."""
    given = [role for role in record.of_type("authorization:RoleAssignment") if role.name.startswith("grafana-reads-")]
    assert all(role.inputs["roleDefinitionId"].endswith(MONITORING_READER) for role in given)
    return {role.inputs["scope"].rpartition("-")[2] for role in given}


def test_no_stack_has_one_unless_asked_for() -> None:
    assert whole_stack().of_type(GRAFANA) == []


@pytest.mark.parametrize("mode", MODES)
def test_people_enter_by_entra_from_inside_only(mode: Mode) -> None:
    record = asked(mode)
    made = only(record, GRAFANA)
    properties = made.inputs["properties"]
    assert properties["apiKey"] == "Disabled"
    assert properties["publicNetworkAccess"] == "Disabled"
    assert properties["deterministicOutboundIP"] == "Enabled"
    assert properties["zoneRedundancy"] == "Enabled"
    assert properties["grafanaConfigurations"]["snapshots"]["externalEnabled"] is False
    assert made.inputs["identity"]["type"] == "UserAssigned"
    assert made.origin is not None
    assert made.origin["key"] == "medspasync:dashboards.managedGrafana"
    (endpoint,) = [e for e in record.of_type("network:PrivateEndpoint") if e.name.startswith("managed-grafana")]
    assert endpoint.inputs["privateLinkServiceConnections"][0]["groupIds"] == ["grafana"]
    zones = {zone.inputs["privateZoneName"] for zone in record.of_type("privatedns:PrivateZone")}
    assert "privatelink.grafana.azure.com" in zones


def test_sign_ins_are_logged_and_address_is_output() -> None:
    record = asked()
    made = only(record, GRAFANA)
    settings = [s for s in record.of_type("monitor:DiagnosticSetting") if s.inputs["resourceUri"] == made.id]
    assert [log["categoryGroup"] for log in settings[0].inputs["logs"]] == ["allLogs"]
    assert record.outputs["dashboards"]["managed-grafana"].startswith("https://")


@pytest.mark.parametrize(
    ("logs", "groups"), [(False, {"platform", "data"}), (True, {"platform", "data", "monitoring"})]
)
def test_it_reads_logs_only_where_stack_says(logs: bool, groups: set[str]) -> None:
    assert readers(asked(logs=logs)) - {"paired"} == groups


def test_it_is_reached_from_internet_only_by_setting() -> None:
    record = asked(publicNetwork=True)
    assert only(record, GRAFANA).inputs["properties"]["publicNetworkAccess"] == "Enabled"
    assert not [e for e in record.of_type("network:PrivateEndpoint") if "grafana" in e.name]
    counted = [
        private_endpoints(settings_of(changed(lambda c, p=p: turn_on(c, publicNetwork=p)))) for p in (True, False)
    ]
    assert counted[1] - counted[0] == 1


def test_its_rights_are_those_of_its_duty() -> None:
    seen = matrix(asked(logs=True))
    assert {(right, target) for name, target, right in seen.rights() if name == "grafana"} >= {
        ("telemetry read", "group-monitoring"), ("telemetry read", "group-data"),
    }  # fmt: skip
    assert [f.message for f in seen.report.with_status("fail") if "grafana" in f"{f.name} {f.message}"] == []
