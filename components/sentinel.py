"""Microsoft Sentinel on a Log Analytics workspace: rules, watchlists, labels, and what it learns from."""

import csv
import io
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import securityinsights as insights

from components.component import Component

_NAMESPACE = uuid.UUID("0c8d0c3c-9d8a-4b0e-8d55-8d2a5f6b7e31")


RULE_TITLES = "displayName"
WATCHLIST_TEXT = "rawContent"
"""Where a rule holds its title, and a watchlist its rows."""


@dataclass(frozen=True, kw_only=True)
class AnalyticsRule:
    """One scheduled analytics rule, which opens an incident for its rows.

    severity: High, Medium, Low or Informational; tactics: of MITRE ATT&CK; period and frequency: ISO 8601.
    entities: entity type, identifier and column, by which incidents are grouped.
    """

    id: str
    title: str
    description: str
    query: str
    severity: str
    tactics: Sequence[str]
    period: str
    frequency: str
    entities: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, kw_only=True)
class Watchlist:
    """Rows that queries read by ``_GetWatchlist(alias)``. key: the column that identifies a row."""

    alias: str
    description: str
    key: str
    rows: Sequence[Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class SentinelArgs:
    """Arguments of `Sentinel`.

    workspace_name: of the workspace, which must have no daily cap.
    label_rules: label to ids of rules whose incidents get it at once.
    behavior_analytics: entities and their behaviour are learnt (UEBA); needs Entra's Security Administrator.
    threat_intelligence: Microsoft's feed of indicators; tenant_id is required with it.
    entra_protection: alerts of Entra ID Protection, of the tenant; needs Entra ID P2 and Security Administrator.
    defender_subscription: id of the subscription whose Defender alerts become incidents.
    """

    resource_group_name: pulumi.Input[str]
    workspace_name: pulumi.Input[str]
    tenant_id: pulumi.Input[str]
    rules: Sequence[AnalyticsRule]
    watchlists: Sequence[Watchlist] = ()
    label_rules: Mapping[str, Sequence[str]] | None = None
    behavior_analytics: bool = False
    threat_intelligence: bool = False
    entra_protection: bool = False
    defender_subscription: pulumi.Input[str] | None = None


class Sentinel(Component[SentinelArgs, None]):
    """Sentinel on one workspace. Everything in it waits for the onboarding, which a workspace has once."""

    def _declare(self, name: str, args: SentinelArgs) -> None:
        self._name, self._args = name, args
        self._workspace = {"resource_group_name": args.resource_group_name, "workspace_name": args.workspace_name}
        onboarding = insights.SentinelOnboardingState(
            name,
            **self._workspace,
            sentinel_onboarding_state_name="default",
            customer_managed_key=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._onboarding = onboarding
        lists = [self._watchlist(watchlist) for watchlist in args.watchlists]
        # A rule that reads a watchlist is refused until the list is there.
        after = pulumi.ResourceOptions(parent=self, depends_on=[onboarding, *lists])
        rules = {rule.id: self._rule(rule, after).id for rule in args.rules}
        for order, (label, ids) in enumerate((args.label_rules or {}).items(), start=1):
            self._label(order, label, [rules[rule] for rule in ids])
        self._learn()

    def _rule(self, rule: AnalyticsRule, opts: pulumi.ResourceOptions) -> insights.ScheduledAlertRule:
        return insights.ScheduledAlertRule(
            f"{self._name}-{rule.id}",
            **self._workspace,
            rule_id=_guid("rule", rule.id),
            kind="Scheduled",
            display_name=rule.title,
            description=rule.description,
            enabled=True,
            severity=insights.AlertSeverity(rule.severity),
            tactics=[insights.AttackTactic(tactic) for tactic in rule.tactics],
            query=rule.query,
            query_period=rule.period,
            query_frequency=rule.frequency,
            trigger_operator=insights.TriggerOperator.GREATER_THAN,
            trigger_threshold=0,
            suppression_enabled=False,
            suppression_duration="PT5H",
            event_grouping_settings=insights.EventGroupingSettingsArgs(
                aggregation_kind=insights.EventGroupingAggregationKind.SINGLE_ALERT
            ),
            entity_mappings=[
                insights.EntityMappingArgs(
                    entity_type=insights.EntityMappingType(type_),
                    field_mappings=[insights.FieldMappingArgs(identifier=identifier, column_name=column)],
                )
                for type_, identifier, column in rule.entities
            ],
            incident_configuration=insights.IncidentConfigurationArgs(
                create_incident=True,
                # The same attacker again within a day is the same incident.
                grouping_configuration=insights.GroupingConfigurationArgs(
                    enabled=True,
                    reopen_closed_incident=False,
                    lookback_duration="P1D",
                    matching_method=insights.MatchingMethod.ALL_ENTITIES,
                ),
            ),
            opts=opts,
        )

    def _watchlist(self, watchlist: Watchlist) -> insights.Watchlist:
        return insights.Watchlist(
            f"{self._name}-{watchlist.alias}",
            **self._workspace,
            watchlist_alias=watchlist.alias,
            display_name=watchlist.alias,
            description=watchlist.description,
            provider="Microsoft",
            source_type=insights.SourceType.LOCAL,
            source=f"{watchlist.alias}.csv",
            content_type="text/csv",
            number_of_lines_to_skip=0,
            items_search_key=watchlist.key,
            raw_content=_csv(watchlist.rows),
            # Azure turns the content into items, which a later write would add to: a changed list is made anew.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[self._onboarding],
                replace_on_changes=["rawContent"],
                delete_before_replace=True,
            ),
        )

    def _wait_for_onboarding(self, *others: pulumi.Resource) -> pulumi.ResourceOptions:
        """A child that waits for the onboarding, and for ``others``."""
        return pulumi.ResourceOptions(parent=self, depends_on=[self._onboarding, *others])

    def _label(self, order: int, label: str, rule_ids: Sequence[pulumi.Output[str]]) -> None:
        insights.AutomationRule(
            f"{self._name}-{label}",
            **self._workspace,
            automation_rule_id=_guid("automation", label),
            display_name=f"Label incidents: {label}",
            order=order,
            triggering_logic=insights.AutomationRuleTriggeringLogicArgs(
                is_enabled=True,
                triggers_on=insights.TriggersOn.INCIDENTS,
                triggers_when=insights.TriggersWhen.CREATED,
                conditions=[
                    insights.PropertyConditionPropertiesArgs(
                        condition_type="Property",
                        condition_properties=insights.AutomationRulePropertyValuesConditionArgs(
                            property_name=insights.AutomationRulePropertyConditionSupportedProperty.INCIDENT_RELATED_ANALYTIC_RULE_IDS,
                            operator=insights.AutomationRulePropertyConditionSupportedOperator.CONTAINS,
                            property_values=list(rule_ids),
                        ),
                    )
                ],
            ),
            actions=[
                insights.AutomationRuleModifyPropertiesActionArgs(
                    order=1,
                    action_type="ModifyProperties",
                    action_configuration=insights.IncidentPropertiesActionArgs(
                        labels=[insights.IncidentLabelArgs(label_name=label)]
                    ),
                )
            ],
            opts=self._wait_for_onboarding(),
        )

    def _learn(self) -> None:
        args = self._args
        on = insights.DataTypeState.ENABLED
        alerts = insights.AlertsDataTypeOfDataConnectorArgs(alerts=insights.DataConnectorDataTypeCommonArgs(state=on))
        if args.behavior_analytics:
            entities = insights.EntityAnalytics(
                f"{self._name}-entities",
                kind="EntityAnalytics",
                settings_name="EntityAnalytics",
                entity_providers=[insights.EntityProviders.AZURE_ACTIVE_DIRECTORY],
                opts=self._wait_for_onboarding(),
                **self._workspace,
            )
            insights.Ueba(
                f"{self._name}-behavior",
                kind="Ueba",
                settings_name="Ueba",
                data_sources=[
                    insights.UebaDataSources.AUDIT_LOGS,
                    insights.UebaDataSources.AZURE_ACTIVITY,
                    insights.UebaDataSources.SIGNIN_LOGS,
                ],
                # Azure refuses behaviour without entities.
                opts=self._wait_for_onboarding(entities),
                **self._workspace,
            )
        if args.threat_intelligence:
            insights.MSTIDataConnector(
                f"{self._name}-threat-intelligence",
                data_connector_id=_guid("connector", "threat-intelligence"),
                kind="MicrosoftThreatIntelligence",
                tenant_id=args.tenant_id,
                data_types=insights.MSTIDataConnectorDataTypesArgs(
                    microsoft_emerging_threat_feed=insights.MSTIDataConnectorDataTypesMicrosoftEmergingThreatFeedArgs(
                        state=on,
                        # The start of what is kept: everything that the feed still has.
                        lookback_period="1970-01-01T00:00:00.000Z",
                    )
                ),
                opts=self._wait_for_onboarding(),
                **self._workspace,
            )
        if args.entra_protection:
            insights.AADDataConnector(
                f"{self._name}-entra-protection",
                data_connector_id=_guid("connector", "entra-protection"),
                kind="AzureActiveDirectory",
                tenant_id=args.tenant_id,
                data_types=alerts,
                opts=self._wait_for_onboarding(),
                **self._workspace,
            )
        if args.defender_subscription is not None:
            connector = insights.ASCDataConnector(
                f"{self._name}-defender",
                data_connector_id=_guid("connector", "defender"),
                kind="AzureSecurityCenter",
                subscription_id=args.defender_subscription,
                data_types=alerts,
                opts=self._wait_for_onboarding(),
                **self._workspace,
            )
            insights.MicrosoftSecurityIncidentCreationAlertRule(
                f"{self._name}-defender-incidents",
                rule_id=_guid("rule", "defender-incidents"),
                kind="MicrosoftSecurityIncidentCreation",
                display_name="Alerts of Defender for Cloud",
                enabled=True,
                product_filter=insights.MicrosoftSecurityProductName.AZURE_SECURITY_CENTER,
                opts=self._wait_for_onboarding(connector),
                **self._workspace,
            )


def _guid(kind: str, key: str) -> str:
    """Sentinel names its parts by GUIDs; a random one would make a second rule at every run."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{key}"))


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
