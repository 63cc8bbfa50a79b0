"""Dashboards have stable names, stay the same in every run, and show only what a stack has."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from assurance.record import UNKNOWN, Mode, Record
from stacks.catalogues.workbooks import TileEntry, workbook_catalogue
from stacks.dashboards import ALWAYS, build_dashboards, kinds_present
from stacks.outputs import Data
from stacks.settings.dashboards import DashboardSettings
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.security import SubscriptionSettings
from tests.harness import MODES, record
from tests.stacks.layers import TENANT, WORKSPACE
from tests.stacks.monitoring_stack import foundation
from tests.stacks.settings.sections import read, refused
from tests.stacks.settings.test_monitoring import document
from tests.stacks.test_slo import monitoring

EVERYTHING = ("keyvault", "postgres", "redis", "storage", "servicebus")


def data(*kinds: str) -> Data:
    targets: dict[str, Any] = {kind: {"one": f"/{kind}"} for kind in kinds}
    return Data(vault_names={}, secrets={}, settings={}, alert_targets={**targets, "redis": {}})


def monitored(**changes: Any) -> MonitoringSettings:
    return read(MonitoringSettings, document(**changes))


def program(settings: dict[str, Any], kinds: tuple[str, ...] = EVERYTHING, owner: bool = True) -> Callable[[], Any]:
    section = read(DashboardSettings, settings)
    watching = monitored(tenantLogs=owner)

    def build() -> None:
        links = build_dashboards(
            section, SubscriptionSettings(owner=owner), watching, foundation(monitoring()), data(*kinds)
        )
        pulumi.export("links", links)

    return build


@pytest.fixture(scope="module", params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(program({"workbooks": True, "grafana": True}), mode)


def documents(built: Record) -> dict[str, dict[str, Any]]:
    return {
        made.name.removeprefix("workbook-"): json.loads(made.inputs["serializedData"])
        for made in built.of_type("applicationinsights:Workbook")
    }


def test_there_is_one_of_each_subject(built: Record) -> None:
    assert set(documents(built)) == {"security", "alerting", "performance", "compliance"}
    assert set(workbook_catalogue()) == set(documents(built))


def test_workbook_is_shared_on_workspace_under_lasting_name(built: Record) -> None:
    names = set()
    for made in built.of_type("applicationinsights:Workbook"):
        names.add(uuid.UUID(made.inputs["resourceName"]))
        assert made.inputs["kind"] == "shared"
        assert made.inputs["sourceId"] == WORKSPACE.lower()  # as the service keeps it
        assert made.origin is not None
        assert made.origin["file"].startswith("stacks/catalogues/workbooks/")
    assert len(names) == 4
    assert all(name.version == 5 for name in names)


def test_json_is_known_in_preview_compact_and_sorted(built: Record) -> None:
    for made in built.of_type("applicationinsights:Workbook"):
        text = made.inputs["serializedData"]
        assert UNKNOWN not in text
        assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_every_tile_is_present_without_open_placeholder(built: Record) -> None:
    for name, document_ in documents(built).items():
        tiles = [item["content"] for item in document_["items"] if item["type"] == 3]
        assert [tile["title"] for tile in tiles] == [tile.title for tile in workbook_catalogue()[name].tiles]
        for tile in tiles:
            assert "{{" not in tile["query"]
            assert tile["visualization"] in ("table", "timechart", "barchart", "piechart")
            assert (tile["queryType"] == 0) == ("timeContextFromParameter" in tile)


def test_what_stack_does_not_have_is_not_shown() -> None:
    small = documents(record(program({}, kinds=("keyvault",), owner=False)))
    titles = {item["content"].get("title") for document_ in small.values() for item in document_["items"]}
    kept = {tile.title: tile.needs for entry in workbook_catalogue().values() for tile in entry.tiles}
    assert titles - {None} == {title for title, kind in kept.items() if kind in {*ALWAYS, "keyvault"}}
    assert {"postgres", "storage", "subscription", "tenant"} <= set(kept.values())


def test_kinds_are_those_that_report_here() -> None:
    assert kinds_present(SubscriptionSettings(), monitored(), data("keyvault")) == {
        "site", "plan", "frontdoor", "workspace", "groups", "keyvault",
    }  # fmt: skip
    assert {"subscription", "tenant"} <= kinds_present(
        SubscriptionSettings(owner=True), monitored(tenantLogs=True), data()
    )


def test_grafana_shows_the_queries_on_logs() -> None:
    made = record(program({"grafana": True}))
    for definition in made.of_type("dashboard:DashboardDefinition"):
        document_ = json.loads(definition.inputs["properties"]["serializedData"])
        name = definition.inputs["dashboardName"].rsplit("-", 1)[-1]
        expected = [tile.title for tile in workbook_catalogue()[name].tiles if tile.source == "logs"]
        assert [panel["title"] for panel in document_["panels"]] == expected
        for panel in document_["panels"]:
            (target,) = panel["targets"]
            assert target["azureLogAnalytics"]["resources"] == [WORKSPACE]
        places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in document_["panels"]}
        assert len(places) == len(document_["panels"])


def test_dashboards_are_made_only_where_asked_for() -> None:
    nothing = record(program({"workbooks": False}))
    assert nothing.of_type("applicationinsights:Workbook", "dashboard:Dashboard") == []
    assert nothing.outputs["links"] == {}
    assert record(program({})).of_type("dashboard:Dashboard") == []


@pytest.mark.parametrize("settings", [{"workbooks": False, "grafana": True}, {"workbooks": True}, {"workbooks": False}])
def test_every_tile_is_made_or_left_out(settings: dict[str, Any]) -> None:
    """Grafana shows logs alone, so that without workbooks the other tiles make nothing."""
    made = record(program(settings))
    told = {(each["file"], each["key"]) for each in made.notMade}
    told |= {(each["file"], each["key"]) for resource in made for each in resource.origins}
    wanted = {
        (f"stacks/catalogues/workbooks/{name}.yaml", f"tiles[{index}]")
        for name, entry in workbook_catalogue().items()
        for index, _ in enumerate(entry.tiles)
    }
    assert wanted <= told


def test_links_lead_to_dashboards_in_right_tenant() -> None:
    made = record(program({"grafana": True}))
    ids = {
        resource.name: resource.id for resource in made.of_type("applicationinsights:Workbook", "dashboard:Dashboard")
    }
    links = made.outputs["links"]
    assert len(links) == len(ids) == 8
    assert links["security"] == f"https://portal.azure.com/#@{TENANT}/resource{ids['workbook-security']}/workbook"
    assert links["grafana-security"].endswith(ids["grafana-security"])


def test_a_grafana_name_is_one_that_azure_takes() -> None:
    """2 to 30 letters, digits and hyphens, a letter first."""
    import re

    made = record(program({"grafana": True}))
    for dashboard in made.of_type("dashboard:Dashboard"):
        assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]{0,28}[a-zA-Z0-9]", dashboard.inputs["dashboardName"])


TILE = {"title": "A tile", "shape": "table"}


@pytest.mark.parametrize(
    ("tile", "keys"),
    [
        ({**TILE}, {""}),
        ({**TILE, "alert": "waf-blocks", "query": "service-levels"}, {""}),
        ({**TILE, "query": "service-levels"}, {"kind"}),
        ({**TILE, "query": "service-levels", "kind": "site", "then": "| take 1"}, {"then"}),
        ({**TILE, "alert": "postgres-down"}, {"alert"}),
        ({**TILE, "alert": "no-such-alert"}, {"alert"}),
        ({**TILE, "alert": "waf-blocks", "shape": "gauge"}, {"shape"}),
    ],
)
def test_a_tile_has_one_source_that_exists(tile: dict[str, Any], keys: set[str]) -> None:
    assert refused(TileEntry, tile) == keys


def test_the_catalogue_has_no_mistake() -> None:
    for entry in workbook_catalogue().values():
        assert [list(tile.problems()) for tile in entry.tiles] == [[]] * len(entry.tiles)


def test_tile_without_its_needs_has_no_kind() -> None:
    with pytest.raises(ValueError, match="does not say"):
        _ = read(TileEntry, {**TILE, "query": "service-levels"}).needs
