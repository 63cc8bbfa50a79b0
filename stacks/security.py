"""Threat detection and compliance: Sentinel, Defender plans, policy initiatives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import pulumi

from components.alerts import AlertArgs, QueryCondition, log_alert
from components.defender import Defender, DefenderArgs
from components.policy_assignment import PolicyAssignment, PolicyAssignmentArgs, PolicyExemption
from components.sentinel import AnalyticsRule, Sentinel, SentinelArgs, Watchlist
from stacks.dashboards import kinds_present
from stacks.entries import Entry, name_entry, stack_entry
from stacks.outputs import Data, Edge, Foundation
from stacks.response import build_response
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.platform import PlatformSettings
from stacks.settings.security import DefenderSettings, SecuritySettings
from stacks.settings.security_catalogues import (
    APPROVED,
    INITIATIVES,
    PLANS,
    POLICY_EXEMPTIONS,
    SENTINEL,
    Initiative,
    SentinelEntry,
    policy_exemptions,
    sentinel_catalogue,
    sentinel_events,
    sentinel_query,
    sentinel_title,
)
from stacks.settings.subscription import SubscriptionSettings

SUB_PLANS = {"StorageAccounts": "DefenderForStorageV2", "Arm": "PerSubscription", "KeyVaults": "PerKeyVault"}
"""Variants by today's prices; the older ones bill by transaction."""


class SecurityLayerSettings(Protocol):
    """The sections of the stack config that this layer reads."""

    @property
    def security(self) -> SecuritySettings: ...
    @property
    def subscription(self) -> SubscriptionSettings: ...
    @property
    def monitoring(self) -> MonitoringSettings: ...
    @property
    def platform(self) -> PlatformSettings: ...


def build_security(settings: SecurityLayerSettings, foundation: Foundation, data: Data, edge: Edge) -> None:
    """What looks for attackers, and what the subscription has once, as far as this stack asks for it."""
    security = settings.security
    if security.sentinel.enabled:
        with name_entry(stack_entry("security.sentinel")):
            _sentinel(security, kinds_present(settings.subscription, settings.monitoring, data), foundation)
            build_response(security, foundation, edge)
    if security.defender is not None:
        with name_entry(stack_entry("security.defender")):
            _defender(security.defender, settings.monitoring, foundation)
    wanted: dict[Initiative, bool] = {"hipaa": security.policies.hipaa, "hitrust-csf": security.policies.hitrust_csf}
    for initiative, assigned in wanted.items():
        if assigned:
            with name_entry(stack_entry("security.policies")):
                _policies(initiative, settings.platform, foundation)


def _sentinel(security: SecuritySettings, present: Collection[str], foundation: Foundation) -> None:
    sentinel = security.sentinel
    rules = rules_of(security, present)
    blocking = [event for event in rules if sentinel_catalogue()[event].respond == "block"]
    automatic = sentinel.response.block_addresses and not sentinel.response.approval and blocking
    common = foundation.common
    made = Sentinel(
        "sentinel",
        SentinelArgs(
            resource_group_name=common.groups["monitoring"],
            workspace_name=foundation.monitoring.workspace_id.apply(lambda known: known.rsplit("/", 1)[-1]),
            tenant_id=common.tenant_id,
            rules=list(rules.values()),
            watchlists=[_break_glass(security.break_glass)] if security.break_glass else [],
            label_rules={APPROVED["block"]: blocking} if automatic else {},
            behavior_analytics=sentinel.behavior_analytics,
            threat_intelligence=sentinel.threat_intelligence,
            entra_protection=sentinel.entra_protection,
            defender_subscription=common.subscription_id if sentinel.defender_incidents else None,
        ),
    )
    with name_entry(Entry(SENTINEL, next(iter(rules)))):
        log_alert(
            "alert-sentinel-incident",
            AlertArgs(
                id="sentinel-incident",
                rule_name=common.names.regional("alert", "sentinel-incident"),
                severity=1,
                description="Microsoft Sentinel opened an incident.",
                runbook="docs/runbooks/incident-response.md",
                controls=["164.308(a)(6)(ii)"],
                action_group_ids=[foundation.monitoring.action_groups["security"]],
                resource_group_name=common.groups["monitoring"],
                tags=dict(common.tags),
            ),
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


def rules_of(security: SecuritySettings, present: Collection[str]) -> dict[str, AnalyticsRule]:
    """Sentinel's rules that this stack has the logs and features for, by event."""
    events = sentinel_events(
        present, break_glass=bool(security.break_glass), threat_intelligence=security.sentinel.threat_intelligence
    )
    return {event: _rule(event, entry) for event, entry in events.items()}


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
    Defender(
        "defender",
        DefenderArgs(
            subscription_id=_subscription(foundation),
            plans={plan: bool(getattr(settings, field)) for plan, field in PLANS.items()},
            sub_plans=SUB_PLANS,
            contacts=monitoring.receivers.security.emails,
        ),
    )


def _policies(initiative: Initiative, platform: PlatformSettings, foundation: Foundation) -> None:
    definition, version, title = INITIATIVES[initiative]
    assignment = PolicyAssignment(
        f"policy-{initiative}",
        PolicyAssignmentArgs(
            scope=_subscription(foundation),
            location=foundation.common.location,
            assignment_name=foundation.common.names.regional("policy", initiative),
            initiative=definition,
            version=version,
            title=title,
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


def _subscription(foundation: Foundation) -> pulumi.Output[str]:
    return pulumi.Output.concat("/subscriptions/", foundation.common.subscription_id)
