"""Who hears when state, keys or logs are not available, or a key ends."""

from dataclasses import dataclass
from typing import Literal

import pulumi

from bootstrap.settings import PlatformSettings
from components.action_group import ActionGroup, ActionGroupArgs
from components.alerts import AlertArgs
from components.key_vault_events import ExpiryAlert, ExpiryEvents
from components.metric_alerts import MetricCondition, metric_alert


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What is watched, by its metric. what: what has happened when somebody is told."""

    namespace: str
    metric: str
    what: str
    runbook: str
    aggregation: Literal["Average", "Total"] = "Average"
    operator: Literal["LessThan", "GreaterThan"] = "LessThan"
    threshold: float = 99
    """Percent of requests that are answered: the services promise 99.9 and more, and one slow minute is none."""


STATE = Watched(
    namespace="Microsoft.Storage/storageAccounts",
    metric="Availability",
    what="The state's storage answers fewer than 99 % of requests: no deployment can begin or end.",
    runbook="lost-state",
)
KEYS = Watched(
    namespace="Microsoft.KeyVault/vaults",
    metric="Availability",
    what="The vault of the state's keys answers fewer than 99 % of requests: no secret of a state can be read.",
    runbook="lost-key",
)
EVENTS = Watched(
    namespace="Microsoft.EventGrid/systemTopics",
    metric="PublishFailCount",
    what="Event Grid could not take events of the vault: that a key ends may not have been told.",
    runbook="lost-key",
    aggregation="Total",
    operator="GreaterThan",
    threshold=0,
)
LOGS = Watched(
    namespace="Microsoft.OperationalInsights/workspaces",
    metric="AvailabilityRate_Query",
    what="The logs of sign-ins and deployments answer fewer than 99 % of queries.",
    runbook="audit-trail",
)


class Alarms:
    """The alerts of the bootstrap: one channel, few rules."""

    def __init__(
        self, platform: PlatformSettings, group: pulumi.Output[str], emails: list[str], tags: dict[str, str]
    ) -> None:
        self._platform, self._group, self._tags = platform, group, tags
        self._receivers = ActionGroup(
            "alarms",
            ActionGroupArgs(
                resource_group_name=group,
                group_name=f"ag-{platform.short}-shared-security",
                short_name=f"{platform.short}-shared",
                emails=emails,
                tags=tags,
            ),
        ).outputs.id

    def watch(self, name: str, watched: Watched, resource_id: pulumi.Output[str]) -> None:
        """Tell when the resource is not available."""
        metric_alert(
            f"{name}-not-available",
            AlertArgs(
                id=f"{name}-not-available",
                rule_name=f"{self._platform.short}-shared-{name}-not-available",
                severity=1,
                description=watched.what,
                runbook=f"docs/runbooks/{watched.runbook}.md",
                controls=["164.308(a)(7)(ii)(C)"],
                action_group_ids=[self._receivers],
                resource_group_name=self._group,
                tags=self._tags,
            ),
            MetricCondition(
                namespace=watched.namespace,
                metric=watched.metric,
                aggregation=watched.aggregation,
                operator=watched.operator,
                threshold=watched.threshold,
                window="PT15M",
                frequency="PT5M",
            ),
            resource_id=resource_id,
        )

    def of_keys(self) -> ExpiryEvents:
        """Tell when a key ends, 90 days before and then."""
        return ExpiryEvents(
            topic_name=f"evgt-{self._platform.short}-shared-state-keys",
            alerts=[
                ExpiryAlert(
                    name="state-key-near-expiry",
                    event="Microsoft.KeyVault.KeyNearExpiry",
                    severity=2,
                    description="A secrets provider's key ends in 90 days (docs/runbooks/lost-key.md, change a key).",
                    action_group_id=self._receivers,
                ),
                ExpiryAlert(
                    name="state-key-expired",
                    event="Microsoft.KeyVault.KeyExpired",
                    severity=1,
                    description="A secrets provider's key has ended (docs/runbooks/lost-key.md, change a key).",
                    action_group_id=self._receivers,
                ),
            ],
        )
