"""What only a deployed subscription shows, read from ARM: registrations, alert rules, private endpoints, the archive.

Nothing is mended here: each finding says what to do (docs/azure-unproven.md).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deployment.arm import ArmError
from deployment.record import arm_type
from deployment.step import Context, Result, name_of

RESOURCES = "2021-04-01"
METRICS = "2023-10-01"
ENDPOINTS = {"Microsoft.Network/privateEndpoints": "2024-05-01"}
ALERTS = {
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/activityLogAlerts": "2020-10-01",
}
"""Kinds of alert rules and the API version that lists them."""


def check_providers(context: Context) -> Iterator[Result]:
    """The namespace of everything that stands in the stack's groups is registered."""
    used = {
        arm_type(one["id"]).partition("/")[0].lower()
        for group in context.inputs.groups.values()
        for one in context.arm.list(f"{group}/resources", RESOURCES)
    }
    shown = context.arm.list(f"{context.inputs.subscription}/providers", RESOURCES)
    states = {str(one["namespace"]).lower(): one.get("registrationState") for one in shown}
    wrong = {namespace: state for namespace in sorted(used) if (state := states.get(namespace)) != "Registered"}
    for namespace, state in wrong.items():
        state = state or "unknown to Azure"
        yield Result(namespace, "missing", f"{state}: az provider register --wait -n {namespace}")
    if not wrong:
        yield _examined("providers", len(used), "namespaces are registered")


def check_alert_rules(context: Context) -> Iterator[Result]:
    """No alert rule is off: Azure switches a log alert off whose query fails for a week, and tells nobody.

    MicrosoftDocs/azure-monitor-docs articles/azure-monitor/alerts/alerts-troubleshoot-log.md, read 2026-11-29.
    """
    return _look_at_all(context, ALERTS, _what_is_off, "alert rules", "are on")


def check_private_endpoints(context: Context) -> Iterator[Result]:
    """Each private endpoint of the stack is connected: one that waits for approval resolves and does not answer."""
    return _look_at_all(context, ENDPOINTS, _what_is_unconnected, "private endpoints", "are connected")


def _look_at_all(
    context: Context, kinds: Mapping[str, str], judge: Callable[[dict[str, Any]], Iterator[str]], many: str, holds: str
) -> Iterator[Result]:
    """What ``judge`` finds wrong with each resource of these kinds (API version by type) in the stack's groups."""
    found, wrong = 0, 0
    for group in context.inputs.groups.values():
        for kind, version in kinds.items():
            try:
                shown = context.arm.list(f"{group}/providers/{kind}", version)
            except ArmError as refused:
                wrong += 1
                yield Result(name_of(kind), "failed", str(refused))
                continue
            found += len(shown)
            for name, message in ((str(one["name"]), message) for one in shown for message in judge(one["properties"])):
                wrong += 1
                yield Result(name, "missing", message)
    if not wrong:
        yield _examined(many, found, holds)


def check_archive(context: Context) -> Iterator[Result]:
    """Records have arrived in the audit archive: no page promises that Azure Monitor writes without shared keys."""
    account = context.inputs.archive.account_id
    path = f"{account}/blobServices/default/providers/Microsoft.Insights/metrics"
    metrics = context.arm.get(path, METRICS, metricnames="BlobCount", aggregation="Average", interval="PT1H")
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


def _what_is_off(rule: dict[str, Any]) -> Iterator[str]:
    if rule.get("enabled") not in (True, "true", "True"):
        yield "switched off; see why its query failed, mend it, and switch it on by the next `up`"


def _what_is_unconnected(endpoint: dict[str, Any]) -> Iterator[str]:
    for key in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections"):
        for connection in endpoint.get(key) or []:
            status = (connection["properties"].get("privateLinkServiceConnectionState") or {}).get("status")
            if status != "Approved":
                yield f"its connection is {status}: approve it on the resource, or find out who rejected it"
