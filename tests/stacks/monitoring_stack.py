"""Observability and operations in one small stack: every kind of resource, or only some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi

from components.identity import IdentityOutputs
from stacks.catalogues.alerts import Limit
from stacks.observability import build_observability
from stacks.operations import build_operations
from stacks.outputs import Apps, Data, EdgeEntry, Foundation, Identities, Monitoring, Site
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.security import SubscriptionSettings
from tests.stacks.layers import GROUP, common, network
from tests.stacks.settings.sections import read
from tests.stacks.settings.test_monitoring import document

KINDS = {
    "keyvault": ("Microsoft.KeyVault/vaults", ["backend", "keys"]),
    "postgres": ("Microsoft.DBforPostgreSQL/flexibleServers", ["primary"]),
    "redis": ("Microsoft.Cache/redisEnterprise", ["cache"]),
    "storage": ("Microsoft.Storage/storageAccounts", ["archive"]),
    "servicebus": ("Microsoft.ServiceBus/namespaces", ["bus"]),
    "topic": ("Microsoft.EventGrid/systemTopics", ["backend"]),
    "gateway": ("Microsoft.ApiManagement/service", ["apis"]),
    "flows": ("Microsoft.Network/networkWatchers/flowLogs", ["network"]),
    "jobs": ("Microsoft.App/jobs", ["apply", "maintain"]),
}
APPS = ("backend", "frontend")
LIMITS: dict[Limit, float] = {"database-connections": 1000}
LISTS = {"internal_consumers": ["frontend"], "internal_keys_rotated": ["2026-11-01"]}


def known(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def identity(name: str) -> IdentityOutputs:
    return IdentityOutputs(
        id=known(f"/id/{name}"), principal_id=known(f"object-{name}"), client_id=known(f"client-{name}")
    )


def foundation(monitoring: Monitoring) -> Foundation:
    return Foundation(
        common=common(),
        network=network(),
        identities=Identities(apps={app: identity(app) for app in APPS}, duties={"encryption": identity("encryption")}),
        monitoring=monitoring,
        edge=EdgeEntry(
            profile_id=known(f"{GROUP}/providers/Microsoft.Cdn/profiles/afd"),
            profile_name=known("afd"),
            front_door_id=known("00000000-0000-4000-8000-00000000000f"),
            endpoints={},
            endpoint_names={},
            domains={},
            dns_records=(),
        ),
    )


WEBHOOK = "https://hooks.medspasyncpro.com/token-nobody-may-see"


def program(
    kinds: tuple[str, ...] = tuple(KINDS), webhook: str | None = WEBHOOK, owner: bool = False, **changes: Any
) -> Callable[[], None]:
    """A stack whose data layer reports ``kinds``; ``changes`` go into the monitoring section.

    owner: of the subscription.
    """
    settings = read(MonitoringSettings, document(**changes))

    def build() -> None:
        own = common()
        monitoring = build_observability(
            settings,
            names=own.names,
            location=own.location,
            tags=own.tags,
            resource_group_name=own.groups["monitoring"],
            protection=own.protection,
            webhook_uri=None if webhook is None else pulumi.Output.secret(webhook),
        )
        subscription = SubscriptionSettings(owner=owner)
        build_operations(settings, subscription, foundation(monitoring), _data(kinds), _apps(), LIMITS, LISTS)

    return build


def _data(kinds: tuple[str, ...]) -> Data:
    targets = {
        kind: {name: known(f"{GROUP}/providers/{KINDS[kind][0]}/{name}") for name in KINDS[kind][1]} for kind in kinds
    }
    return Data(vault_names={}, secrets={}, settings={}, alert_targets=targets)


def _apps() -> Apps:
    plan = known(f"{GROUP}/providers/Microsoft.Web/serverfarms/main")
    sites = {
        app: Site(
            id=known(f"{GROUP}/providers/Microsoft.Web/sites/{app}"),
            host=known(f"{app}.azurewebsites.net"),
        )
        for app in APPS
    }
    return Apps(sites=sites, plans={"main": plan})
