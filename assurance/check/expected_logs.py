"""Which receivers, retention rules and sources of logs a stack must have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from assurance.check.demand import Demand, compare
from assurance.check.kinds import SUBSCRIPTION_SETTING, feeders, sends, settings_of
from assurance.check.places import Places
from assurance.record import Resource
from assurance.references import References
from policies.rule import RuleInfo
from policies.rules.monitoring import GROUP, WORKSPACE
from stacks.catalogues.alerts import ALERTS, QueryEntry, alert_catalogue
from stacks.catalogues.log_tables import LOG_TABLES, audit_tables, log_tables
from stacks.catalogues.sentinel import SENTINEL, sentinel_catalogue
from stacks.settings.model import Settings
from stacks.settings.monitoring import ReceiversSettings

RECEIVER = partial(RuleInfo, source="the stack's file")(
    "EXPECT-RECEIVER",
    "Every receiver of every channel is told",
    "critical",
    ("164.308(a)(6)(ii)",),
    "Give the channel's action group the receiver that the stack file names, or take it out there.",
)
RETENTION = partial(RuleInfo, source="the stack's file")(
    "EXPECT-RETENTION",
    "Every audit table is kept as long as the stack file says",
    "high",
    ("164.312(b)", "164.316(b)(2)(i)"),
    "Give the table its total retention (medspasync:monitoring.workspace.auditRetentionDays).",
)
FED = partial(RuleInfo, source="the stack's file")(
    "EXPECT-LOG-FEED",
    "Every table that an alert's query reads is fed by everything the alert is about",
    "critical",
    ("164.312(b)", "164.308(a)(1)(ii)(D)"),
    "Give the resource a diagnostic setting to the workspace with the category: without data the alert is silent.",
)
PLAN = partial(RuleInfo, source="the stack's file")(
    "EXPECT-LOG-PLAN",
    "Every table that an alert, Sentinel or the archive uses is on the Analytics plan",
    "high",
    ("164.312(b)", "164.308(a)(1)(ii)(D)"),
    "Set the table's plan to Analytics: alert rules cannot read another, and what is kept as evidence must be found.",
)
OUTSIDE = "whether Entra sends it: the tenant's diagnostic setting is made outside this program (tenantLogs)"
TABLE = "operationalinsights:Table"


@dataclass
class Logs:
    """What ``settings`` and the log-tables catalogue ask for, sought in one record."""

    references: References
    settings: Settings
    places: Places
    _sent: dict[str, dict[str, list[Resource]]] = field(default_factory=dict)

    @property
    def _file(self) -> str:
        return f"Pulumi.{self.references.record.stack}.yaml"

    def receivers(self) -> Iterator[Demand]:
        """Every address and webhook of every channel."""
        groups = {(group.origin or {}).get("key", ""): group for group in self.references.by_type(GROUP)}
        for channel in ReceiversSettings.model_fields:
            settings = getattr(self.settings.monitoring.receivers, channel)
            key = f"medspasync:monitoring.receivers.{channel}"
            group = groups.get(key)
            told = _told(group) if group else set()
            wanted = [("e-mail", email) for email in settings.emails]
            wanted += [("webhook", "")] if settings.webhook else []
            for receiver in wanted:
                name = f"receiver {' '.join(filter(None, receiver))} of channel {channel}"
                problems = (
                    [] if receiver in told else [f"{group.name if group else 'no action group'} does not tell it"]
                )
                yield Demand(
                    rule=RECEIVER, name=name, origin=self.places.of(self._file, key), resource=group, problems=problems
                )

    def retention(self) -> Iterator[Demand]:
        """The retention of the workspace and of every audit table."""
        days = self.settings.monitoring.workspace
        key = "medspasync:monitoring.workspace"
        for workspace in self.references.by_type(WORKSPACE):
            result = compare(workspace.inputs, {"retentionInDays": days.retention_days})
            yield Demand(
                rule=RETENTION, name=f"retention of {workspace.name}", origin=self.places.of(self._file, key),
                resource=workspace, problems=result.different, unknown=result.unknown,
            )  # fmt: skip
        for name in audit_tables():
            table = self._table(name)
            origin = self.places.of(LOG_TABLES, name)
            if table is None:
                problems, unknown = [f"nothing says how long it is kept; must be {days.audit_retention_days} days"], []
            else:
                result = compare(table.inputs, {"totalRetentionInDays": days.audit_retention_days})
                problems, unknown = result.different, result.unknown
            yield Demand(
                rule=RETENTION, name=f"retention of table {name}", origin=origin, resource=table, problems=problems,
                unknown=unknown,
            )  # fmt: skip

    def _table(self, name: str) -> Resource | None:
        return next((table for table in self.references.by_type(TABLE) if table.inputs.get("tableName") == name), None)

    def queries(self, concerned: set[str]) -> Iterator[Demand]:
        """Feed and plan of every table that a query alert of the kinds ``concerned`` reads."""
        for alert_id, entry in alert_catalogue().items():
            if isinstance(entry, QueryEntry) and entry.kind in concerned:
                origin = self.places.of(ALERTS, alert_id)
                for name in entry.tables:
                    label = f"table {name} of alert {alert_id}"
                    yield self._plan(name, label, origin)
                    outside = [OUTSIDE] if entry.kind == "tenant" else []
                    problems = [] if outside else self._unfed(name, [entry.kind, *entry.needs])
                    yield Demand(rule=FED, name=label, origin=origin, problems=problems, unknown=outside)

    def plans(self) -> Iterator[Demand]:
        """Plan of every table that Sentinel reads or the archive exports."""
        if self.settings.security.sentinel.enabled:
            for event, entry in sentinel_catalogue().items():
                for name in entry.tables:
                    yield self._plan(name, f"table {name} of Sentinel rule {event}", self.places.of(SENTINEL, event))
        for index, name in enumerate(self.settings.archive.tables):
            origin = self.places.of(self._file, f"medspasync:archive.tables[{index}]")
            yield self._plan(name, f"table {name} of the archive", origin)

    def _plan(self, name: str, label: str, origin: dict[str, Any]) -> Demand:
        """A table that the stack says nothing of is on the Analytics plan."""
        table = self._table(name)
        plan = table.inputs.get("plan") if table else None
        problems = [] if plan in (None, "Analytics") else [f"its plan is {plan}"]
        return Demand(rule=PLAN, name=label, origin=origin, resource=table, problems=problems)

    def _unfed(self, table: str, kinds: Sequence[str]) -> list[str]:
        """What keeps the logs of those of ``kinds`` that feed ``table`` from reaching it."""
        fed_by = {str(feeder): own for feeder, own in log_tables()[table].fed_by.items() if feeder in kinds}
        if not fed_by:
            return [f"{table} is not fed by any {kinds[0]}"]
        return [problem for kind, categories in fed_by.items() for problem in self._unsent(kind, categories)]

    def _unsent(self, kind: str, categories: Sequence[str]) -> list[str]:
        """What of ``kind`` does not send ``categories``; that there is none at all."""
        senders = self._senders(kind)
        problems = [] if senders else [f"this stack has no {kind}"]
        for name, settings in senders.items():
            problems += [f"{name} does not send {c}" for c in categories if not any(sends(s, c) for s in settings)]
        return problems

    def _senders(self, kind: str) -> dict[str, list[Resource]]:
        """What writes logs of ``kind``, and the diagnostic settings that send them to the workspace."""
        if kind not in self._sent:
            if kind == "subscription":
                found = {kind: self.references.by_type(SUBSCRIPTION_SETTING)}
            else:
                pairs = feeders(self.references, kind)
                found = {resource.name: settings_of(self.references, resource, feeder) for resource, feeder in pairs}
            self._sent[kind] = {
                name: [s for s in settings if self.references.targets(s, "workspaceId", WORKSPACE)]
                for name, settings in found.items()
            }
        return self._sent[kind]


def _told(group: Resource) -> set[tuple[str, str]]:
    """Whom an action group tells."""
    told = {("e-mail", r.get("emailAddress", "")) for r in group.inputs.get("emailReceivers") or ()}
    if group.inputs.get("webhookReceivers"):
        told.add(("webhook", ""))
    return told
