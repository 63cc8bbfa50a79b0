"""Who hears when state, keys or logs are not available, or a key ends."""

from dataclasses import dataclass

import pulumi

from bootstrap.settings import PlatformSettings
from components.action_group import ActionGroup, ActionGroupArgs
from components.alerts import AlertArgs
from components.key_vault_events import ExpiryAlert, ExpiryEvents
from components.metric_alerts import MetricCondition, metric_alert


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What is watched. what: what has happened when somebody is told."""

    what: str
    runbook: str
    condition: MetricCondition


def _availability(namespace: str, metric: str) -> MetricCondition:
    """Fewer than 99 percent of requests are answered: the services promise 99.9 and more, one slow minute is none."""
    return MetricCondition(
        namespace=namespace,
        metric=metric,
        aggregation="Average",
        operator="LessThan",
        threshold=99,
        window="PT15M",
        frequency="PT5M",
    )


STATE = Watched(
    what="The state's storage answers fewer than 99 % of requests: no deployment can begin or end.",
    runbook="lost-state",
    condition=_availability("Microsoft.Storage/storageAccounts", "Availability"),
)
KEYS = Watched(
    what="The vault of the state's keys answers fewer than 99 % of requests: no secret of a state can be read.",
    runbook="lost-key",
    condition=_availability("Microsoft.KeyVault/vaults", "Availability"),
)
EVENTS = Watched(
    what="Event Grid could not take events of the vault: that a key ends may not have been told.",
    runbook="lost-key",
    condition=MetricCondition(
        namespace="Microsoft.EventGrid/systemTopics",
        metric="PublishFailCount",
        aggregation="Total",
        operator="GreaterThan",
        threshold=0,
        window="PT15M",
        frequency="PT5M",
    ),
)
LOGS = Watched(
    what="The logs of sign-ins and deployments answer fewer than 99 % of queries.",
    runbook="audit-trail",
    condition=_availability("Microsoft.OperationalInsights/workspaces", "AvailabilityRate_Query"),
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
            watched.condition,
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
