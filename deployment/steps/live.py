"""What only a deployed subscription shows, read from ARM: registrations, alert rules, private endpoints, the archive.

Nothing is mended here: each finding says what to do (docs/azure-unproven.md).
"""

from collections.abc import Iterator
from typing import Any

from deployment.arm import ArmError
from deployment.record import arm_type
from deployment.step import Context, Result, name_of

RESOURCES = "2021-04-01"
NETWORK = "2024-05-01"
METRICS = "2023-10-01"
ALERTS = {
    "scheduledQueryRules": "2023-12-01",
    "metricAlerts": "2018-03-01",
    "activityLogAlerts": "2020-10-01",
}
"""Kinds of alert rules and the API version that lists them."""


def check_providers(context: Context) -> Iterator[Result]:
    """The namespace of everything that stands in the stack's groups is registered."""
    try:
        used = {
            arm_type(one["id"]).partition("/")[0].lower()
            for group in context.inputs.groups.values()
            for one in context.arm.list(f"{group}/resources", RESOURCES)
        }
        shown = context.arm.list(f"{context.inputs.subscription}/providers", RESOURCES)
    except ArmError as refused:
        yield Result("providers", "failed", str(refused))
        return
    states = {str(one["namespace"]).lower(): one for one in shown}
    wrong = 0
    for namespace in sorted(used):
        state = states.get(namespace, {}).get("registrationState", "unknown to Azure")
        if state != "Registered":
            wrong += 1
            yield Result(namespace, "missing", f"{state}: az provider register --wait -n {namespace}")
    if not wrong:
        yield _examined("providers", len(used), "namespaces are registered")


def check_alert_rules(context: Context) -> Iterator[Result]:
    """No alert rule is off: Azure switches a log alert off whose query fails for a week, and tells nobody.

    MicrosoftDocs/azure-monitor-docs articles/azure-monitor/alerts/alerts-troubleshoot-log.md, read 2026-11-29.
    """
    found, wrong = 0, 0
    for group in context.inputs.groups.values():
        for kind, version in ALERTS.items():
            try:
                rules = context.arm.list(f"{group}/providers/Microsoft.Insights/{kind}", version)
            except ArmError as refused:
                wrong += 1
                yield Result(kind, "failed", str(refused))
                continue
            found += len(rules)
            for rule in (rule for rule in rules if not _is_on(rule)):
                wrong += 1
                message = "switched off; see why its query failed, mend it, and switch it on by the next `up`"
                yield Result(str(rule["name"]), "missing", message)
    if not wrong:
        yield _examined("alert rules", found, "are on")


def check_private_endpoints(context: Context) -> Iterator[Result]:
    """Each private endpoint of the stack is connected: one that waits for approval resolves and does not answer."""
    found, wrong = 0, 0
    for group in context.inputs.groups.values():
        try:
            endpoints = context.arm.list(f"{group}/providers/Microsoft.Network/privateEndpoints", NETWORK)
        except ArmError as refused:
            wrong += 1
            yield Result(name_of(group), "failed", str(refused))
            continue
        found += len(endpoints)
        for endpoint in endpoints:
            for status in _statuses(endpoint["properties"]):
                if status != "Approved":
                    wrong += 1
                    message = f"its connection is {status}: approve it on the resource, or find out who rejected it"
                    yield Result(str(endpoint["name"]), "missing", message)
    if not wrong:
        yield _examined("private endpoints", found, "are connected")


def check_archive(context: Context) -> Iterator[Result]:
    """Records have arrived in the audit archive: no page promises that Azure Monitor writes without shared keys."""
    account = context.inputs.archive.account_id
    path = f"{account}/blobServices/default/providers/Microsoft.Insights/metrics"
    try:
        metrics = context.arm.get(path, METRICS, metricnames="BlobCount", aggregation="Average", interval="PT1H")
    except ArmError as refused:
        yield Result(name_of(account), "failed", str(refused))
        return
    counts = [
        point["average"]
        for metric in metrics.get("value") or []
        for series in metric.get("timeseries") or []
        for point in series.get("data") or []
        if point.get("average") is not None
    ]
    if not counts:
        yield Result(name_of(account), "skipped", "Azure has not counted its blobs yet (hourly): not examined")
    elif max(counts) > 0:
        yield Result(name_of(account), "holds", f"{max(counts):.0f} blobs")
    else:
        message = "no record has arrived: see the diagnostic settings and the data export (docs/azure-unproven.md)"
        yield Result(name_of(account), "missing", message)


def _examined(target: str, count: int, holds: str) -> Result:
    """What holds, where anything was examined at all."""
    if not count:
        return Result(target, "missing", "there are none: nothing was examined")
    return Result(target, "holds", f"{count} {holds}")


def _is_on(rule: dict[str, Any]) -> bool:
    return rule["properties"].get("enabled") in (True, "true", "True")


def _statuses(properties: dict[str, Any]) -> Iterator[str]:
    for key in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in properties.get(key) or []:
            state = connection["properties"].get("privateLinkServiceConnectionState") or {}
            yield str(state.get("status"))
