"""Which resources of a record are meant by a kind of the alert and log-table catalogues."""

from __future__ import annotations

from assurance.record import Resource
from assurance.references import References
from facts.types import Logs, alert_kinds, log_kinds

SETTING = "monitor:DiagnosticSetting"
SUBSCRIPTION_SETTING = "monitor:SubscriptionDiagnosticSetting"
ALL_LOGS = "allLogs"


def watched(references: References, kind: str) -> list[Resource]:
    """The resources that alerts of ``kind`` are about."""
    type_ = alert_kinds().get(kind)
    return references.by_type(type_) if type_ else []


def feeders(references: References, kind: str) -> list[tuple[Resource, Logs]]:
    """The resources that write logs of ``kind``, each with what its type writes."""
    return [(one, logs) for type_, logs in log_kinds().get(kind, {}).items() for one in references.by_type(type_)]


def settings_of(references: References, resource: Resource, logs: Logs) -> list[Resource]:
    """The diagnostic settings for a resource."""
    return references.holders(resource, "resourceUri", SETTING, child=logs.child)


def sends(setting: Resource, category: str) -> bool:
    """Whether a diagnostic setting turns on a log category, by its name or with all logs."""
    return any(
        log.get("enabled") is True and (log.get("category") == category or log.get("categoryGroup") == ALL_LOGS)
        for log in setting.inputs.get("logs") or ()
    )
