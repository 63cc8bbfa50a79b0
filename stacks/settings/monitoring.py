"""Logs, alerts and their receivers, budget."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem, did_you_mean
from documents.sections import Section
from documents.words import Text
from stacks.catalogues.alerts import (
    ALERTS,
    ActivityEntry,
    AlertEntry,
    AlertId,
    BuiltinEntry,
    MetricEntry,
    Number,
    QueryEntry,
    all_alerts,
)
from stacks.catalogues.log_tables import RETENTION_STEPS, retention_is_allowed
from stacks.catalogues.secrets import CATALOGUE, SecretName, catalogue

Email = Annotated[
    str,
    Text(
        r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}$",
        "the mailbox of a role, like ops@example.com",
    ),
]
"""An address of a role or a list, not of a person: receivers change without a deployment."""


class WorkspaceSettings(Section):
    """The Log Analytics workspace. About $2.50 to $3 a month for each GB it takes in."""

    retention_days: Annotated[int, Field(ge=30, le=730)] = 365
    """Days that logs can be queried at full speed. Free to 31 days, then about $0.10 a GB and month."""
    audit_retention_days: int = 2556
    """Days that audit tables (stacks/catalogues/log_tables.yaml) are kept at all: 4 to 730, or one of Azure's steps.
    2556 is seven years: six years of 45 CFR 164.316(b)(2)(i) can be 2192 days, one more than the step of 2191. That
    rule is about documentation; keeping logs as long is a policy choice. About $0.02 a GB and month."""

    def problems(self) -> Iterator[Problem]:
        """The retention must be one that Azure takes, and no shorter than what can be queried."""
        if not retention_is_allowed(self.audit_retention_days):
            steps = ", ".join(str(step) for step in RETENTION_STEPS)
            yield Problem("auditRetentionDays", self.audit_retention_days, f"4 to 730, or one of {steps}")
        elif self.audit_retention_days < self.retention_days:
            yield Problem(
                "auditRetentionDays", self.audit_retention_days, f"at least retentionDays ({self.retention_days})"
            )


class AppInsightsSettings(Section):
    """Application Insights, inside the workspace."""

    sampling_percent: Annotated[float, Field(gt=0, le=100)] = 100.0
    """Share of telemetry that is kept, in percent. Audit logs are never sampled."""


class ReceiverSettings(Section):
    """Who hears of one channel."""

    emails: list[Email] = []
    """Addresses of roles."""
    webhook: bool = False
    """Also call the webhook named by `webhookSecret`, with the common alert schema."""

    def problems(self) -> Iterator[Problem]:
        """A channel without a receiver tells nobody."""
        if not (self.emails or self.webhook):
            yield Problem("emails", self.emails, "at least one address, or webhook: true")
        if len(set(self.emails)) != len(self.emails):
            yield Problem("emails", self.emails, "each once")


class ReceiversSettings(Section):
    """Receivers by channel."""

    critical: ReceiverSettings
    """Something is down or about to be: day and night."""
    warning: ReceiverSettings
    """Something needs attention in working hours."""
    security: ReceiverSettings
    """Something that may be an incident: the security officer."""


Day = Literal["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
Clock = Annotated[str, Text(r"^([01]\d|2[0-3]):[0-5]\d$", "a time of day in quotes, like 03:30")]
LONGEST_WINDOW = 240
"""Minutes: the recovery time that the platform aims at (policy choice)."""


class AvailabilityTest(Section):
    """A request from outside, every five minutes from five places. About $10 a month each."""

    url: Annotated[
        str, Text(r"^https://[^\s/?#]+(/[^\s]*)?$", "an https address, like https://api.example.com/healthz")
    ]
    """What to ask for: https, without sign-in and without PHI in the answer. Status 200 counts as available."""


class BudgetSettings(Section):
    """A monthly budget over the stack's resource groups; a notification at 80 and 100 %, and at a forecast of 100 %."""

    amount: Annotated[float, Field(gt=0)]
    """For a month, in the billing currency of the subscription."""
    start_date: date
    """First of a month. Azure refuses a new budget that starts before the current month."""
    contacts: list[Email] = []
    """Addresses beside the warning channel."""

    def problems(self) -> Iterator[Problem]:
        """Azure counts budgets in calendar months."""
        if self.start_date.day != 1:
            yield Problem("startDate", str(self.start_date), "the first day of a month")


class MaintenanceWindow(Section):
    """A time every week in which metric alerts are told to nobody. They still fire, and are kept.

    Alerts on logs and on the activity log, which the security channel hears, are told as ever.
    """

    name: Annotated[str, Text(r"^[a-z][a-z0-9-]{0,30}$", "a short name in lower case, like patches")]
    """Short name, part of the rule's name."""
    days: Annotated[list[Day], Field(min_length=1)]
    """Days of the week, in UTC."""
    start: Clock
    """When it begins, HH:MM in UTC."""
    end: Clock
    """When it ends, HH:MM in UTC, on the same day and at most four hours later."""
    reason: Annotated[str, Field(min_length=10)]
    """What is done then."""

    def problems(self) -> Iterator[Problem]:
        """It ends after it begins, and soon: what breaks in it is heard of only afterwards."""
        length = _minutes(self.end) - _minutes(self.start)
        if not 0 < length <= LONGEST_WINDOW:
            yield Problem("end", self.end, f"after start ({self.start}), at most {LONGEST_WINDOW // 60} hours later")


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


TestName = Annotated[str, Text(r"^[a-z][a-z0-9-]{0,40}$", "a short name in lower case, like api")]


class AlertOverride(Section):
    """What a stack changes of one alert."""

    threshold: Number | None = None
    """Replaces the catalogue's threshold; must be a value at which the alert can fire."""
    enabled: bool = True
    """false keeps the rule but stops it; needs a reason."""
    reason: Annotated[str, Field(min_length=10)] | None = None
    """Why the stack differs."""


class MonitoringSettings(Section):
    """Logs, alerts, receivers and budget."""

    workspace: WorkspaceSettings = WorkspaceSettings()
    """How long logs are kept, and how they come in."""
    app_insights: AppInsightsSettings = AppInsightsSettings()
    """Telemetry of the apps."""
    receivers: ReceiversSettings
    """Who hears of alerts, by channel."""
    webhook_secret: SecretName | None = None
    """Name in the secret catalogue of the webhook's address, for example MONITORING-WEBHOOK-URL."""
    alerts: dict[AlertId, AlertOverride] = {}
    """What the stack changes of stacks/catalogues/alerts.yaml, by alert id. Each rule costs $0.10 to $1.50 a month."""
    availability_tests: dict[TestName, AvailabilityTest] = {}
    """Requests from outside, by name; none: no test and no cost."""
    maintenance: list[MaintenanceWindow] = []
    """Times in which metric alerts are told to nobody; none: they are told at all times."""
    budget: BudgetSettings
    """When to hear of costs."""
    tenant_logs: bool = False
    """The tenant sends Entra sign-in and audit logs to this workspace: set up once, outside this program, by somebody
    with tenant rights (docs/runbooks/credential-leak.md). Turns on the alerts that need them."""

    def problems(self) -> Iterator[Problem]:
        """Webhook and secret go together; overrides name alerts that exist, with values at which they can fire."""
        yield from self._webhook_problems()
        names = [window.name for window in self.maintenance]
        if len(set(names)) != len(names):
            yield Problem("maintenance", names, "each name once")
        for alert_id, override in self.alerts.items():
            key = f"alerts.{alert_id}"
            entry = all_alerts().get(alert_id)
            if entry is None:
                hint = did_you_mean(alert_id, all_alerts())
                yield Problem(key, override.model_dump(exclude_unset=True), f"an alert of {ALERTS}{hint}")
            else:
                yield from _override_problems(key, override, entry)

    def _webhook_problems(self) -> Iterator[Problem]:
        channels = [name for name in ReceiversSettings.model_fields if getattr(self.receivers, name).webhook]
        if channels and self.webhook_secret is None:
            yield Problem("webhookSecret", None, f"required by receivers.{channels[0]}.webhook")
        if self.webhook_secret is not None and self.webhook_secret not in catalogue():
            hint = did_you_mean(self.webhook_secret, catalogue())
            yield Problem("webhookSecret", self.webhook_secret, f"a secret of {CATALOGUE}{hint}")
        elif self.webhook_secret is not None and catalogue()[self.webhook_secret].origin != "supplied":
            yield Problem("webhookSecret", self.webhook_secret, "a supplied secret: the address comes from outside")
        if self.webhook_secret is not None and not channels:
            yield Problem("webhookSecret", self.webhook_secret, "nothing, or webhook: true in a channel of receivers")


def _override_problems(key: str, override: AlertOverride, entry: AlertEntry) -> Iterator[Problem]:
    if not override.enabled and override.reason is None:
        yield Problem(f"{key}.reason", None, "why the alert is off")
    if override.threshold is None:
        return
    if isinstance(entry, ActivityEntry):
        yield Problem(f"{key}.threshold", override.threshold, "nothing: an activity-log alert has no threshold")
    elif isinstance(entry, BuiltinEntry):
        yield Problem(f"{key}.threshold", override.threshold, "nothing: the program knows when it must fire")
    elif isinstance(entry, MetricEntry) and not entry.reachable(override.threshold):
        low, high = entry.range
        limits = f"{low} to {'any' if high is None else high}"
        yield Problem(
            f"{key}.threshold", override.threshold, f"a value the metric can be {entry.operator} of ({limits})"
        )
    elif isinstance(entry, QueryEntry) and not entry.reachable(override.threshold):
        yield Problem(f"{key}.threshold", override.threshold, "a whole number of rows that a query can return")
