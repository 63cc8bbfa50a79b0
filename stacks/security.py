"""Threat detection and compliance: Sentinel, Defender plans, policy initiatives."""

from collections.abc import Collection, Mapping, Sequence

from components.alerts import QueryCondition, log_alert
from components.defender import PLAN_NAMES, Defender, DefenderArgs
from components.policy_assignment import PolicyAssignment, PolicyAssignmentArgs, PolicyExemption
from components.sentinel import RULE_TITLES, WATCHLIST_TEXT, AnalyticsRule, Sentinel, SentinelArgs, Watchlist
from stacks.alerts import Overrides, alert_entries, builtin_alert_args
from stacks.catalogues.policy_exemptions import INITIATIVES, POLICY_EXEMPTIONS, Initiative, policy_exemptions
from stacks.catalogues.sentinel import (
    APPROVED,
    SENTINEL,
    SentinelEntry,
    sentinel_catalogue,
    sentinel_events,
    sentinel_query,
    sentinel_title,
)
from stacks.dashboards import kinds_present
from stacks.entries import Entry, Part, leave_out, name_entry, name_parts, stack_entry
from stacks.outputs import Data, Edge, Foundation
from stacks.response import PLAYBOOK_FAILED, build_response
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.platform import PlatformSettings
from stacks.settings.security import PLANS, DefenderSettings, SecuritySettings, SubscriptionSettings

INCIDENT = "sentinel-incident"
"""Id in the alert catalogue of the alert on every incident."""
POLICY_KEYS: Mapping[Initiative, str] = {"hipaa": "hipaa", "hitrust-csf": "hitrustCsf"}
"""Key of each initiative under ``security.policies``."""
SUB_PLANS = {"StorageAccounts": "DefenderForStorageV2", "Arm": "PerSubscription", "KeyVaults": "PerKeyVault"}
"""Variants by today's prices; the older ones bill by transaction."""


def build_security(
    security: SecuritySettings,
    subscription: SubscriptionSettings,
    monitoring: MonitoringSettings,
    platform: PlatformSettings,
    foundation: Foundation,
    data: Data,
    edge: Edge,
) -> None:
    """What looks for attackers, and what the subscription has once, as far as this stack asks for it."""
    overrides = monitoring.alerts
    if security.sentinel.enabled:
        present = kinds_present(subscription, monitoring, data)
        with name_entry(stack_entry("security.sentinel")):
            _sentinel(security, present, overrides, foundation)
            build_response(security, overrides, foundation, edge)
    else:
        leave_out(
            "security.sentinel.enabled: false",
            stack_entry("security.sentinel"),
            *(Entry(SENTINEL, event) for event in sentinel_catalogue()),
            *(stack_entry(f"security.breakGlass.{name}") for name in security.break_glass),
            *alert_entries(INCIDENT, overrides),
            *alert_entries(PLAYBOOK_FAILED, overrides),
        )
    if security.defender is not None:
        with name_entry(stack_entry("security.defender")):
            _defender(security.defender, monitoring, foundation)
    wanted: dict[Initiative, bool] = {"hipaa": security.policies.hipaa, "hitrust-csf": security.policies.hitrust_csf}
    for initiative, assigned in wanted.items():
        key = stack_entry(f"security.policies.{POLICY_KEYS[initiative]}")
        if assigned:
            with name_entry(key):
                _policies(initiative, platform, foundation)
        else:
            exempted = [name for name, entry in policy_exemptions().items() if entry.initiative == initiative]
            leave_out("false", key)
            leave_out(
                f"this stack does not assign {initiative}", *(Entry(POLICY_EXEMPTIONS, name) for name in exempted)
            )


def _sentinel(
    security: SecuritySettings, present: Collection[str], overrides: Overrides, foundation: Foundation
) -> None:
    sentinel = security.sentinel
    rules = build_rules(security, present)
    blocking = [event for event in rules if sentinel_catalogue()[event].respond == "block"]
    automatic = sentinel.response.block_addresses and not sentinel.response.approval and blocking
    common = foundation.common
    for event, entry in sentinel_catalogue().items():
        if event not in _events(security, present):
            needs = ", ".join(filter(None, [*entry.needs, entry.feature]))
            leave_out(f"not all that it needs is in this stack: {needs}", Entry(SENTINEL, event))
    parts = [Part(Entry(SENTINEL, event), RULE_TITLES, rule.title) for event, rule in rules.items()]
    parts += [
        Part(stack_entry(f"security.breakGlass.{name}"), WATCHLIST_TEXT, identity, text=True)
        for name, identity in security.break_glass.items()
    ]
    with name_parts(*parts):
        made = _sentinel_itself(security, rules, blocking if automatic else [], foundation)
    with name_entry(*alert_entries(INCIDENT, overrides)):
        log_alert(
            f"alert-{INCIDENT}",
            builtin_alert_args(INCIDENT, overrides, foundation),
            QueryCondition(
                query=sentinel_query("incident"),
                operator="GreaterThan",
                threshold=0,
                window="PT15M",
                frequency="PT5M",
                dimensions=["Title", "Severity", "IncidentUrl"],
            ),
            location=common.location,
            workspace_id=foundation.monitoring.workspace_id,
            parent=made,
        )


def _sentinel_itself(
    security: SecuritySettings, rules: Mapping[str, AnalyticsRule], labelled: Sequence[str], foundation: Foundation
) -> Sentinel:
    """labelled: rules whose incidents are labelled for blocking without a person."""
    sentinel, common = security.sentinel, foundation.common
    return Sentinel(
        "sentinel",
        SentinelArgs(
            resource_group_name=common.groups["monitoring"],
            workspace_name=foundation.monitoring.workspace_id.apply(lambda known: known.rsplit("/", 1)[-1]),
            tenant_id=common.tenant_id,
            rules=list(rules.values()),
            watchlists=[_break_glass(security.break_glass)] if security.break_glass else [],
            label_rules={APPROVED["block"]: labelled} if labelled else {},
            behavior_analytics=sentinel.behavior_analytics,
            threat_intelligence=sentinel.threat_intelligence,
            entra_protection=sentinel.entra_protection,
            defender_subscription=common.subscription_id if sentinel.defender_incidents else None,
        ),
    )


def build_rules(security: SecuritySettings, present: Collection[str]) -> dict[str, AnalyticsRule]:
    """Sentinel's rules that this stack has the logs and features for, by event."""
    return {event: _rule(event, entry) for event, entry in _events(security, present).items()}


def _events(security: SecuritySettings, present: Collection[str]) -> dict[str, SentinelEntry]:
    return sentinel_events(
        present, break_glass=bool(security.break_glass), threat_intelligence=security.sentinel.threat_intelligence
    )


def _rule(event: str, entry: SentinelEntry) -> AnalyticsRule:
    return AnalyticsRule(
        id=event,
        title=sentinel_title(event),
        description=f"{entry.summary} Runbook: docs/runbooks/{entry.runbook}.md. HIPAA: {', '.join(entry.controls)}.",
        query=sentinel_query(event),
        severity=entry.severity,
        tactics=entry.tactics,
        period=entry.period,
        frequency=entry.frequency,
        entities=[(entity.type, entity.identifier, entity.column) for entity in entry.entities],
    )


def _break_glass(identities: Mapping[str, str]) -> Watchlist:
    return Watchlist(
        alias="break-glass",
        description="Emergency identities, whose every sign-in is an incident.",
        key="ObjectId",
        rows=[{"Name": name, "ObjectId": object_id} for name, object_id in sorted(identities.items())],
    )


def _defender(settings: DefenderSettings, monitoring: MonitoringSettings, foundation: Foundation) -> None:
    keys = {plan: DefenderSettings.model_fields[field].alias for plan, field in PLANS.items()}
    with name_parts(*(Part(stack_entry(f"security.defender.{key}"), PLAN_NAMES, plan) for plan, key in keys.items())):
        Defender(
            "defender",
            DefenderArgs(
                subscription_id=foundation.common.subscription,
                plans={plan: bool(getattr(settings, field)) for plan, field in PLANS.items()},
                sub_plans=SUB_PLANS,
                contacts=monitoring.receivers.security.emails,
            ),
        )


def _policies(initiative: Initiative, platform: PlatformSettings, foundation: Foundation) -> None:
    facts = INITIATIVES[initiative]
    assignment = PolicyAssignment(
        f"policy-{initiative}",
        PolicyAssignmentArgs(
            scope=foundation.common.subscription,
            location=foundation.common.location,
            assignment_name=foundation.common.names.regional("policy", initiative),
            initiative=facts.definition,
            version=facts.version,
            title=facts.title,
            parameters=facts.parameters,
            assigned_by=platform.owner,
        ),
    )
    for key, entry in policy_exemptions().items():
        if entry.initiative == initiative:
            with name_entry(Entry(POLICY_EXEMPTIONS, key)):
                assignment.exempt(
                    PolicyExemption(
                        exemption_name=key,
                        references=entry.references,
                        category=entry.category,
                        reason=f"{entry.reason} Instead: {entry.control} Reviewed {entry.reviewed}.",
                        expires=entry.expires,
                    )
                )
