"""What tells people beside alert rules: vault events, budgets, processing rules; and what silences."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from policies.compare import lies_in, same
from policies.resource import Resource, lookup
from policies.rule import rule
from policies.rules.backup import VAULT as BACKUP_VAULT
from policies.rules.monitoring import GROUP
from policies.view import Stack

ARM_VAULT = "microsoft.dataprotection/backupvaults"
LONGEST_SILENCE = timedelta(days=30)
"""Policy choice: work that takes longer is no maintenance."""
VAULT, TOPIC, EVENTS = "keyvault:Vault", "eventgrid:SystemTopic", "eventgrid:SystemTopicEventSubscription"
PROCESSING, BUDGET = "alertsmanagement:AlertProcessingRuleByName", "consumption:Budget"
NARROWS = ("filter.subjectBeginsWith", "filter.subjectEndsWith", "expirationTimeUtc")
"""What makes a subscription tell of some events only, or for a time."""
ENDS = {"keyvault:Key": ("KeyNearExpiry", "KeyExpired"), "keyvault:Secret": ("SecretNearExpiry", "SecretExpired")}
"""Events that a vault must tell of, by what it holds (learn.microsoft.com/azure/event-grid/event-schema-key-vault)."""


@rule(
    "KV-EVENTS",
    "A vault tells somebody before a key or secret of it ends, and when it has",
    on=VAULT,
    severity="high",
    controls=["164.312(a)(2)(iv)", "164.308(a)(5)(ii)(D)"],
    remediation="Give the vault a system topic with a subscription for each event, to an action group of this stack.",
    source="learn.microsoft.com/azure/key-vault/general/event-grid-overview: an ended key stops the database",
)
def vault_events(vault: Resource, stack: Stack) -> Iterator[str]:
    covered = set()
    for topic in stack.holders(vault, "source", TOPIC):
        for each in stack.parts(topic, "systemTopicName", EVENTS):
            narrowed = any(each.has(path) for path in NARROWS) or any(
                not same(kind, "StringNotIn") for kind in each.leaves("filter.advancedFilters[].operatorType")
            )
            if stack.targets(each, "destination.actionGroups[]", GROUP) and not narrowed:
                covered |= {str(event).rsplit(".", 1)[-1] for event in each.leaves("filter.includedEventTypes[]")}
    for held, events in ENDS.items():
        if stack.parts(vault, "vaultName", held):
            yield from (f"nobody is told of {event}" for event in events if event not in covered)


@rule(
    "MON-BUDGET",
    "A budget tells of cost that is there and of cost that is coming",
    on=BUDGET,
    severity="medium",
    controls=["164.308(a)(1)(ii)(D)"],
    remediation="Give it notifications that are on, of type Actual and of type Forecasted, with somebody to tell.",
    source="requirement S29; learn.microsoft.com/azure/cost-management-billing/costs/tutorial-acm-create-budgets",
)
def budget(budget_: Resource) -> Iterator[str]:
    covered = {
        str(each.get("thresholdType")).capitalize()
        for each in (budget_.get("notifications") or {}).values()
        if each.get("enabled") and (each.get("contactEmails") or each.get("contactGroups"))
    }
    yield from (f"nobody is told of {kind} cost" for kind in ("Actual", "Forecasted") if kind not in covered)


@rule(
    "MON-BACKUP-ALERTS",
    "Somebody hears of a backup that fails",
    on=BACKUP_VAULT,
    severity="high",
    controls=["164.308(a)(7)(ii)(A)", "164.308(a)(6)(ii)"],
    remediation="Turn on alertsForAllJobFailures, and add an alert processing rule that gives backup vaults' alerts an "
    "action group of this stack: Azure Backup raises them without one.",
    source="learn.microsoft.com/azure/backup/backup-azure-monitoring-alerts",
)
def backup_alerts(vault: Resource, stack: Stack) -> Iterator[str]:
    if not same(
        vault.get("properties.monitoringSettings.azureMonitorAlertSettings.alertsForAllJobFailures"), "Enabled"
    ):
        yield "alertsForAllJobFailures is not Enabled"
    routes = [
        each
        for each in stack.by_type(PROCESSING)
        if not same(each.get("properties.enabled"), False)
        and stack.targets(each, "properties.actions[].actionGroupIds[]", GROUP)
        and _is_about(each, vault)
    ]
    if not routes:
        yield "no alert processing rule of this stack gives its alerts an action group"


def _is_about(route: Resource, vault: Resource) -> bool:
    """Whether a processing rule takes a vault's alerts; where an id is not known yet, it may."""
    scopes = list(route.leaves("properties.scopes[]"))
    known = [scope for scope in scopes if isinstance(scope, str)]
    within = not vault.id or len(known) < len(scopes) or any(lies_in(vault.id, scope) for scope in known)
    kinds = [
        str(value).lower()
        for condition in route.each("properties.conditions")
        if same(lookup(condition, "field"), "TargetResourceType") and same(lookup(condition, "operator"), "Equals")
        for value in lookup(condition, "values", ())
    ]
    return within and (not kinds or ARM_VAULT in kinds)


@rule(
    "MON-SILENCED",
    "What silences alerts does so for a time",
    on=PROCESSING,
    severity="high",
    controls=["164.308(a)(6)(ii)", "164.308(a)(1)(ii)(D)"],
    remediation="Give the rule a schedule that ends within 30 days, or recurs for part of a day or week; or remove it.",
    source="learn.microsoft.com/azure/azure-monitor/alerts/alerts-processing-rules: without a schedule it always holds",
)
def silenced(rule_: Resource, stack: Stack) -> Iterator[str]:
    if not any(same(kind, "RemoveAllActionGroups") for kind in rule_.leaves("properties.actions[].actionType")):
        return
    until = str(rule_.get("properties.schedule.effectiveUntil", ""))
    recurrences = rule_.each("properties.schedule.recurrences")
    if until and until[:10] > (stack.today + LONGEST_SILENCE).isoformat():
        yield f"it silences alerts until {until[:10]}, more than {LONGEST_SILENCE.days} days"
    if not until and not recurrences:
        yield "it silences alerts for ever: its schedule has neither an end nor a recurrence"
    elif not until and any(_is_always(each) for each in recurrences):
        yield "it silences alerts all day, every day: its recurrence leaves no time out"


def _is_always(recurrence: Any) -> bool:
    hours = (str(lookup(recurrence, "startTime", ""))[:5], str(lookup(recurrence, "endTime", ""))[:5])
    all_day = hours in (("", ""), ("00:00", ""), ("00:00", "23:59"), ("00:00", "24:00"), ("00:00", "00:00"))
    days = len(lookup(recurrence, "daysOfWeek", ())) if same(lookup(recurrence, "recurrenceType"), "Weekly") else 7
    return all_day and days == 7
