"""A small platform around the edge, for its tests: apps with sites, no other layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.diagnostics import LogDestination
from components.protection import Protection
from stacks.edge import build_edge, build_entry
from stacks.edge_apps import EdgeApp
from stacks.naming import Names
from stacks.outputs import Apps, Common, Foundation, Identities, Monitoring, Network, Site
from stacks.settings.apps import AppSettings
from stacks.settings.edge import FrontDoorSettings, WafSettings

SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-mss-test-platform"


def app(name: str, exposure: str, **changes: object) -> EdgeApp:
    """An app with one host and safe values."""
    fields: dict[str, object] = {
        "name": name,
        "exposure": exposure,
        "hosts": (f"{name}.example.com",),
        "health_check_path": "/healthz",
    }
    return EdgeApp(**{**fields, **changes})  # type: ignore[arg-type]


FOUR_APPS = (
    app("backend", "api"),
    app("frontend", "web", static_paths=("/assets/*", "/favicon.ico")),
    app("pro-next", "web", static_paths=("/_next/static/*",), csp="app"),
    app("marketing", "marketing", hosts=("www.example.com", "example.com")),
)


def as_settings(each: EdgeApp) -> AppSettings:
    """The app as its settings say it."""
    return AppSettings.model_construct(
        host_names=list(each.hosts),
        exposure=each.exposure,
        health_check_path=each.health_check_path,
        static_paths=list(each.static_paths),
        content_security_policy=each.csp,
        ingress=each.ingress,
    )


@dataclass(frozen=True)
class EdgeConfig:
    """The sections of a stack config that the edge reads."""

    edge_apps: tuple[EdgeApp, ...] = FOUR_APPS
    front_door: FrontDoorSettings = field(default_factory=FrontDoorSettings)
    waf: WafSettings = field(default_factory=WafSettings)

    @property
    def apps(self) -> Mapping[str, AppSettings]:
        """Apps by name, as the stack config has them."""
        return {each.name: as_settings(each) for each in self.edge_apps}


def build(config: EdgeConfig, protect: bool = True) -> None:
    """The edge of ``config``, in both its steps, with stand-ins for the other layers."""
    group = pulumi.Output.from_input("rg-mss-test-platform")
    common = Common(
        names=Names(short="mss", code="test", suffix="x7k2"),
        location="eastus2",
        paired_location=None,
        tags={"environment": "test"},
        tenant_id=pulumi.Output.from_input("00000000-0000-4000-8000-000000000002"),
        subscription_id=pulumi.Output.from_input(SUBSCRIPTION),
        groups={"platform": group, "data": group, "monitoring": group},
        logs=LogDestination(workspace_id=f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"),
        protection=Protection(protect=protect, lock=protect),
    )
    entry = build_entry(config.front_door, config.apps, common)
    foundation = Foundation(
        common=common,
        network=Network(vnet_id=group, subnets={}, dns_zones={}),
        identities=Identities(apps={}, duties={}),
        monitoring=Monitoring(workspace_id=group, app_insights_id=group, connection_string=group, action_groups={}),
        edge=entry,
    )
    sites = {
        each.name: Site(
            id=pulumi.Output.from_input(f"{GROUP}/providers/Microsoft.Web/sites/app-{each.name}"),
            host=pulumi.Output.from_input(f"app-{each.name}.azurewebsites.net"),
        )
        for each in config.edge_apps
    }
    edge = build_edge(config.front_door, config.waf, config.apps, foundation, Apps(sites=sites, plans={}), None)
    pulumi.export("frontDoorId", entry.front_door_id)
    pulumi.export("dnsRecords", [{"name": r.name, "type": r.type, "value": r.value} for r in entry.dns_records])
    pulumi.export("wafPolicies", dict(edge.waf_policies))
