"""A foundation and a data layer small enough to build apps on, and settings to build them from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pulumi
from pydantic import TypeAdapter

from components.diagnostics import LogDestination
from components.identity import Identity, IdentityArgs
from components.protection import Protection
from stacks.apps import build_apps
from stacks.catalogues.secrets import catalogue
from stacks.naming import Names
from stacks.outputs import (
    Apps,
    Common,
    Data,
    EdgeEntry,
    Foundation,
    Identities,
    Monitoring,
    Network,
    SecretReference,
)
from stacks.settings.apps import AppSettings, AppsSettings
from stacks.settings.plans import PlanSettings, PlansSettings
from stacks.settings.registry import RegistrySettings

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-mss-test-platform/providers"
FRONT_DOOR = "3f0e1d2c-0000-4000-8000-00000000fd1d"
CLIENT = "6d3c1b2a-0000-4000-8000-00000000c11e"
STAFF = "6d3c1b2a-0000-4000-8000-0000000057af"
REGISTRY = RegistrySettings.model_validate({"name": "mssregistry", "resourceGroup": "rg-mss-shared"})
IMAGE = {"repository": "backend", "digest": f"sha256:{'0f' * 32}"}
PLAN: dict[str, Any] = {"sku": "P1v3", "instances": {"minimum": 3, "maximum": 6, "default": 3}}


def app_block(name: str = "backend", **changes: Any) -> dict[str, Any]:
    """An app as it stands in a stack file."""
    block = {
        "plan": "main",
        "hostNames": [f"{name}.medspasyncpro.com"],
        "exposure": "api",
        "runtime": {"image": IMAGE},
        "secrets": ["JWT-SECRET", "DATABASE-URL"],
        "settings": {"LOG_LEVEL": "info"},
    }
    return block | changes


def read_app(**changes: Any) -> AppSettings:
    """The settings of one such app."""
    return read_apps({"backend": app_block(**changes)})["backend"]


def read_apps(blocks: Mapping[str, Any]) -> AppsSettings:
    """Settings of apps, read as the stack file is."""
    return TypeAdapter(AppsSettings).validate_json(json.dumps(blocks))


def read_plans(blocks: Mapping[str, Any]) -> PlansSettings:
    """Settings of plans, read as the stack file is."""
    return TypeAdapter(PlansSettings).validate_json(json.dumps(blocks))


def read_plan(**changes: Any) -> PlanSettings:
    """The settings of one plan."""
    return read_plans({"main": PLAN | changes})["main"]


def build(
    apps: Mapping[str, Any],
    plans: Mapping[str, Any] | None = None,
    settings: Mapping[str, Mapping[str, str]] | None = None,
    keep: Callable[[Apps], None] | None = None,
) -> Callable[[], None]:
    """A program that builds these apps. ``settings``: what the data layer gives; ``keep``: sees the outputs."""

    def program() -> None:
        read = read_apps(apps)
        given = data(read, settings or {})
        built = build_apps(read_plans(plans or {"main": PLAN}), read, REGISTRY, foundation(read), given)
        if keep:
            keep(built)

    return program


def foundation(apps: Iterable[str]) -> Foundation:
    """What apps need of the foundation, with an identity for each of them."""
    network = f"{GROUP}/Microsoft.Network"
    common = Common(
        names=Names("mss", "test", "x7k2"),
        location="eastus2",
        paired_location=None,
        tags={"environment": "test"},
        tenant_id=pulumi.Output.from_input("00000000-0000-4000-8000-000000000002"),
        subscription_id=pulumi.Output.from_input(SUBSCRIPTION.rsplit("/", 1)[-1]),
        groups={"platform": pulumi.Output.from_input("rg-mss-test-platform")},
        logs=LogDestination(workspace_id=f"{GROUP}/Microsoft.OperationalInsights/workspaces/log"),
        protection=Protection(protect=False, lock=False),
    )
    return Foundation(
        common=common,
        network=Network(
            vnet_id=pulumi.Output.from_input(f"{network}/virtualNetworks/v"),
            subnets={
                name: pulumi.Output.from_input(f"{network}/virtualNetworks/v/subnets/{name}")
                for name in ("apps", "private-endpoints")
            },
            dns_zones={"sites": pulumi.Output.from_input(f"{network}/privateDnsZones/privatelink.azurewebsites.net")},
        ),
        identities=Identities(apps={name: _identity(name) for name in apps}, duties={}),
        monitoring=Monitoring(
            workspace_id=pulumi.Output.from_input(f"{GROUP}/Microsoft.OperationalInsights/workspaces/log"),
            app_insights_id=pulumi.Output.from_input(f"{GROUP}/Microsoft.Insights/components/insights"),
            connection_string=pulumi.Output.secret("InstrumentationKey=telemetry-key"),
            action_groups={},
        ),
        edge=EdgeEntry(
            profile_id=pulumi.Output.from_input(f"{GROUP}/Microsoft.Cdn/profiles/afd"),
            profile_name=pulumi.Output.from_input("afd"),
            front_door_id=pulumi.Output.from_input(FRONT_DOOR),
            endpoints={},
            endpoint_names={},
            domains={},
            dns_records=(),
        ),
    )


def data(apps: AppsSettings, settings: Mapping[str, Mapping[str, str]]) -> Data:
    """What apps need of the data layer: vault names and references to the secrets that they name."""
    return Data(
        vault_names={name: pulumi.Output.from_input(f"mss-test-{name}-x7k2") for name in apps},
        secrets={
            name: [
                SecretReference(environment=variable, uri=pulumi.Output.from_input(secret_uri(name, secret)))
                for secret in app.secrets
                for variable in catalogue()[secret].environment
            ]
            for name, app in apps.items()
        },
        settings=settings,
        alert_targets={},
    )


def secret_uri(app: str, secret: str) -> str:
    """The versionless URI of an app's secret."""
    return f"https://mss-test-{app}-x7k2.vault.azure.net/secrets/{secret}"


def _identity(name: str) -> Any:
    args = IdentityArgs(
        resource_group_name="rg-mss-test-platform", location="eastus2", identity_name=f"id-mss-test-{name}"
    )
    return Identity(f"id-{name}", args).outputs
