"""Which resources of a record are meant by a kind of the alert and log-table catalogues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assurance.record import Resource
from assurance.references import References

WATCHED: Mapping[str, str] = {
    "keyvault": "keyvault:Vault",
    "postgres": "dbforpostgresql:Server",
    "site": "web:WebApp",
    "plan": "web:AppServicePlan",
    "frontdoor": "cdn:Profile",
    "redis": "redisenterprise:RedisEnterprise",
    "storage": "storage:StorageAccount",
    "servicebus": "servicebus:Namespace",
    "gateway": "apimanagement:ApiManagementService",
    "jobs": "app:Job",
    "workspace": "operationalinsights:Workspace",
    "groups": "resources:ResourceGroup",
}
"""What alerts of a kind watch. ``subscription`` and ``tenant`` are no resources: the stack's settings decide."""


@dataclass(frozen=True)
class Feeder:
    """A type that writes logs, and the part of it that its diagnostic setting names (behind its id)."""

    type: str
    child: str = ""


FEEDERS: Mapping[str, Sequence[Feeder]] = {
    "keyvault": (Feeder("keyvault:Vault"),),
    "postgres": (Feeder("dbforpostgresql:Server"),),
    "site": (Feeder("web:WebApp"), Feeder("web:WebAppSlot")),
    "frontdoor": (Feeder("cdn:Profile"),),
    "redis": (Feeder("redisenterprise:Database"),),
    "storage": (Feeder("storage:StorageAccount", "/blobServices/default"),),
    "servicebus": (Feeder("servicebus:Namespace"),),
    "gateway": (Feeder("apimanagement:ApiManagementService"),),
    "workspace": (Feeder("operationalinsights:Workspace"),),
    "group": (Feeder("network:NetworkSecurityGroup"),),
    "network": (Feeder("network:VirtualNetwork"),),
    "address": (Feeder("network:PublicIPAddress"),),
    "autoscale": (Feeder("monitor:AutoscaleSetting"),),
    "backup": (Feeder("dataprotection:BackupVault"),),
    "jobs": (Feeder("app:ManagedEnvironment"),),
    "topic": (Feeder("eventgrid:SystemTopic"),),
    "grafana": (Feeder("dashboard:Grafana"),),
    "telemetry": (Feeder("applicationinsights:Component"),),
}
"""What writes logs of a kind, where a resource does."""

SETTING = "monitor:DiagnosticSetting"
SUBSCRIPTION_SETTING = "monitor:SubscriptionDiagnosticSetting"
ALL_LOGS = "allLogs"


def watched(references: References, kind: str) -> list[Resource]:
    """The resources that alerts of ``kind`` are about."""
    return references.by_type(WATCHED[kind]) if kind in WATCHED else []


def feeders(references: References, kind: str) -> list[tuple[Resource, Feeder]]:
    """The resources that write logs of ``kind``."""
    return [(resource, feeder) for feeder in FEEDERS.get(kind, ()) for resource in references.by_type(feeder.type)]


def settings_of(references: References, resource: Resource, feeder: Feeder) -> list[Resource]:
    """The diagnostic settings for a resource."""
    return references.holders(resource, "resourceUri", SETTING, child=feeder.child)


def sends(setting: Resource, category: str) -> bool:
    """Whether a diagnostic setting turns on a log category, by its name or with all logs."""
    return any(
        log.get("enabled") is True and (log.get("category") == category or log.get("categoryGroup") == ALL_LOGS)
        for log in setting.inputs.get("logs") or ()
    )
