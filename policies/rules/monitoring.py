"""Logs, alerts and who hears of them."""

from collections.abc import Iterator, Mapping

from documents.durations import minutes
from facts.types import Alerts, Logs, types_with
from policies.compare import measured, same
from policies.data import table
from policies.resource import Resource, lookup, token
from policies.rule import at_least, must, rule
from policies.view import Stack

SETTING, GROUP = "monitor:DiagnosticSetting", "monitor:ActionGroup"
METRIC, QUERY, ACTIVITY = "monitor:MetricAlert", "monitor:ScheduledQueryRule", "monitor:ActivityLogAlert"
ALERTS = [METRIC, QUERY, ACTIVITY]
WORKSPACE = "operationalinsights:Workspace"
LOGS: Mapping[str, Logs] = types_with("logs", Logs)

ACTION_GROUPS = {
    token(METRIC): "actions[].actionGroupId",
    token(QUERY): "actions.actionGroups[]",
    token(ACTIVITY): "actions.actionGroups[].actionGroupId",
}
AUDITED: Mapping[str, list[str]] = {token(type_): names for type_, names in table("audit_categories").items()}
"""Categories that say who did what, by type."""
RECEIVERS = (
    "emailReceivers",
    "webhookReceivers",
    "smsReceivers",
    "azureAppPushReceivers",
    "voiceReceivers",
    "logicAppReceivers",
    "armRoleReceivers",
    "eventHubReceivers",
)


@rule(
    "MON-DIAGNOSTICS",
    "Every resource that can log does, to a workspace",
    on=[type_ for type_, logs in LOGS.items() if logs.emits != "telemetry"],
    severity="high",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Give the resource a diagnostic setting with a workspace and its log categories (or metrics, where it "
    "has no logs).",
    source="Azure Policy 'Resource logs in ... should be enabled'; facts/types.yaml",
)
def has_diagnostics(resource: Resource, stack: Stack) -> Iterator[str]:
    kind = LOGS[resource.type].emits
    settings = stack.holders(resource, "resourceUri", SETTING, child=LOGS[resource.type].child)
    if not settings:
        yield "no diagnostic setting of this stack is for it"
        return
    if not any(setting.has("workspaceId") for setting in settings):
        yield f"{settings[0]} sends nothing to a workspace"
    if not any(True in set(setting.leaves(f"{kind}[].enabled")) for setting in settings):
        yield f"{settings[0]} turns on no {kind}"


@rule(
    "MON-AUDIT-LOGGED",
    "Of what keeps or serves patients' data, the log of who did what is on",
    on=list(AUDITED),
    severity="high",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Turn on the categories that the message names, or the group allLogs or audit.",
    source="policies/data/audit_categories.yaml; 164.312(b): record and examine activity",
)
def audit_is_logged(resource: Resource, stack: Stack) -> Iterator[str]:
    settings = stack.holders(resource, "resourceUri", SETTING, child=LOGS[resource.type].child)
    on: set[str] = set()
    for entry in (entry for setting in settings for entry in setting.each("logs")):
        if same(lookup(entry, "enabled"), True):
            on |= {str(lookup(entry, name, "")).lower() for name in ("category", "categoryGroup")}
    missing = [name for name in AUDITED[resource.type] if name.lower() not in on]
    # Without any setting MON-DIAGNOSTICS says so.
    if settings and missing and not on & {"alllogs", "audit"}:
        yield f"its diagnostic settings leave out {', '.join(missing)}"


@rule(
    "MON-ACTIVITY-LOGGED",
    "The subscription's log of changes, security and policy is kept",
    on="monitor:SubscriptionDiagnosticSetting",
    severity="high",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Turn on Administrative, Security and Policy of the activity log.",
    source="CIS Azure Foundations 6.1.2; learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema",
)
def activity_is_logged(setting: Resource) -> Iterator[str]:
    on = {
        str(lookup(entry, "category")).lower() for entry in setting.each("logs") if same(lookup(entry, "enabled"), True)
    }
    missing = [name for name in ("Administrative", "Security", "Policy") if name.lower() not in on]
    if missing and setting.has("workspaceId"):
        yield f"it leaves out {', '.join(missing)}"


@rule(
    "MON-NO-RETENTION-POLICY",
    "A diagnostic setting does not use the retention that Azure has retired",
    on=SETTING,
    severity="low",
    controls=["164.312(b)"],
    remediation="Leave retentionPolicy out; keep logs by table retention and by lifecycle rules.",
    source="learn.microsoft.com/azure/azure-monitor/essentials/migrate-to-azure-storage-lifecycle-policy",
)
def no_retention_policy(setting: Resource) -> Iterator[str]:
    for kind in ("logs", "metrics"):
        if any(True for _ in setting.leaves(f"{kind}[].retentionPolicy.days")):
            yield f"{kind} carry a retentionPolicy"


@rule(
    "MON-ALERT-WATCHES",
    "An alert watches something, and is not muted for longer than a day's part",
    on=ALERTS,
    severity="high",
    controls=["164.308(a)(6)(ii)", "164.308(a)(1)(ii)(D)"],
    remediation="Name scopes, and mute for four hours at most (PT4H): who is told in the morning must hear at noon.",
    source="requirement S25; learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule (mute)",
)
def alert_watches(alert: Resource) -> Iterator[str]:
    if not alert.has("scopes"):
        yield "its scopes are empty"
    muted = alert.get("muteActionsDuration", "")
    if measured(muted, minutes) > 4 * 60:
        yield f"muteActionsDuration is {muted}"


@rule(
    "MON-ALERT-RECEIVED",
    "Every alert reaches somebody",
    on=ALERTS,
    severity="critical",
    controls=["164.308(a)(6)(ii)", "164.308(a)(1)(ii)(D)"],
    remediation="Give the alert an action group of this stack that is on and has a receiver.",
    source="requirements S25, S26",
)
def alert_received(alert: Resource, stack: Stack) -> Iterator[str]:
    groups = stack.targets(alert, ACTION_GROUPS[alert.type], GROUP)
    if not groups:
        yield "it has no action group of this stack"
    elif not any(_has_receiver(group) and not same(group.get("enabled"), False) for group in groups):
        yield f"nobody receives anything of {', '.join(map(str, groups))}"


def _has_receiver(group: Resource) -> bool:
    """Whether somebody hears of it; a mail without an address reaches nobody."""
    mails = [str(address) for address in group.leaves("emailReceivers[].emailAddress")]
    return any(mails) or any(group.has(kind) for kind in RECEIVERS if kind != "emailReceivers")


@rule(
    "MON-ACTION-GROUP",
    "An action group is on and has a receiver",
    on=GROUP,
    severity="critical",
    controls=["164.308(a)(6)(ii)"],
    remediation="Set enabled to true and name a receiver.",
    source="requirement S26",
)
def action_group(group: Resource) -> Iterator[str]:
    yield from must(group, "enabled", True)
    if not _has_receiver(group):
        yield "it has no receiver"


@rule(
    "MON-ALERT-COVERAGE",
    "Every resource that serves patients or keeps their data has an alert on its metrics",
    on=[type_ for type_, alerts in types_with("alerts", Alerts).items() if alerts.metrics == "required"],
    severity="high",
    controls=["164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)"],
    remediation="Add a metric alert whose scope is the resource.",
    source="requirement S24; Azure Monitor Baseline Alerts",
)
def alert_coverage(resource: Resource, stack: Stack) -> Iterator[str]:
    if not stack.holders(resource, "scopes[]", METRIC):
        yield "no metric alert of this stack watches it"


@rule(
    "MON-TABLE-RETENTION",
    "Audit tables are kept for six years, on a plan that alerts can read",
    on="operationalinsights:Table",
    severity="high",
    controls=["164.312(b)", "164.316(b)(2)(i)"],
    remediation="Set totalRetentionInDays to 2191 or 2556 (Azure takes no value between), retentionInDays to 90 or "
    "more and plan to Analytics.",
    source="policy choice: six years, as 164.316(b)(2)(i) asks for documentation; Tables API allowed values",
)
def table_retention(log_table: Resource) -> Iterator[str]:
    yield from at_least(log_table, "totalRetentionInDays", 2191, "days")
    if log_table.has("retentionInDays"):
        yield from at_least(log_table, "retentionInDays", 90, "days")
    yield from must(log_table, "plan", "Analytics")


@rule(
    "MON-NO-DAILY-CAP",
    "No daily cap makes the workspace drop audit records",
    on=WORKSPACE,
    severity="high",
    controls=["164.312(b)"],
    remediation="Set workspaceCapping.dailyQuotaGb to -1; watch the cost with sampling and budgets.",
    source="learn.microsoft.com/azure/azure-monitor/logs/daily-cap; requirement S29",
)
def no_daily_cap(workspace: Resource) -> Iterator[str]:
    quota = workspace.get("workspaceCapping.dailyQuotaGb", -1)
    if quota != -1:
        yield f"workspaceCapping.dailyQuotaGb is {quota}"


@rule(
    "MON-LOCAL-AUTH",
    "Logs and telemetry are sent by identities, not by keys",
    on=[WORKSPACE, "applicationinsights:Component"],
    severity="high",
    controls=["164.312(d)", "164.312(c)(1)"],
    remediation="Set features.disableLocalAuth (workspace) and disableLocalAuth (Application Insights) to true.",
    source="Azure Policy 'Azure Monitor ... should block non-Microsoft Entra based ingestion'; PSRule AZR-000484",
)
def no_local_auth(resource: Resource) -> Iterator[str]:
    path = "features.disableLocalAuth" if resource.type == token(WORKSPACE) else "disableLocalAuth"
    yield from must(resource, path, True)
