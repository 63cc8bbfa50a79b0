"""Whether the log tables that an alert's query reads are fed: without data an alert is silent.

The tables are read from the KQL of the record itself, and what feeds each from the log-tables catalogue.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assurance.check.findings import Finding, Status
from assurance.record import UNKNOWN, Record, Resource, get, short_type
from facts.log_categories import log_categories
from facts.log_tables import fed_tables
from facts.types import Logs, log_kinds, resource_types
from policies.rule import RuleInfo
from policies.rules.monitoring import QUERY, WORKSPACE

FED = RuleInfo(
    "LOG-FEED",
    "Every table that an alert's query reads is fed by everything that writes to it",
    "critical",
    ("164.312(b)", "164.308(a)(1)(ii)(D)"),
    "Give the resource a diagnostic setting to the workspace with the category: without data the alert is silent.",
    "learn.microsoft.com/azure/azure-monitor/reference/logs-index; facts/log_tables.yaml",
)
SENTINEL = "securityinsights:ScheduledAlertRule"


SETTING = "monitor:DiagnosticSetting"
SUBSCRIPTION_SETTING = "monitor:SubscriptionDiagnosticSetting"
ALL_LOGS = "allLogs"
OUTSIDE = "whether Entra sends it: the tenant's diagnostic setting is made outside this program (tenantLogs)"
_COMMENT, _TEXT, _NAME = re.compile(r"//[^\n]*"), re.compile(r"\"[^\"\n]*\"|'[^'\n]*'"), re.compile(r"\b[A-Z]\w+")


def settings_of(record: Record, resource: Resource, logs: Logs) -> list[Resource]:
    """The diagnostic settings for a resource."""
    return record.holders(resource, "resourceUri", SETTING, child=logs.child)


def sends(setting: Resource, category: str) -> bool:
    """Whether a diagnostic setting turns on a log category, by its name or with all logs."""
    return any(
        log.get("enabled") is True and (log.get("category") == category or log.get("categoryGroup") == ALL_LOGS)
        for log in setting.inputs.get("logs") or ()
    )


def to_workspace(record: Record, setting: Resource) -> bool:
    """Whether a diagnostic setting sends to a workspace of the record."""
    return bool(record.targets(setting, "workspaceId", WORKSPACE))


def has_category(type_: str, category: str) -> bool:
    """Whether a type may write a log category: a slot, for one, has no log of sign-ins. Yes where nobody knows."""
    row = log_categories().get(type_.lower())
    return row is None or not row.categories or category in row.categories


@dataclass(frozen=True)
class Sender:
    """What writes logs. type: of the resource; logs_of: the ARM type that its setting is on; settings: all of them."""

    name: str
    type: str
    logs_of: str
    settings: list[Resource]


def senders(record: Record, kind: str) -> list[Sender]:
    """What writes logs of ``kind``: resources, or the subscription itself."""
    if kind == "subscription":
        return [Sender(kind, kind, "", record.of_type(SUBSCRIPTION_SETTING))]
    return [
        Sender(each.name, short_type(each), _logging_type(type_, logs), settings_of(record, each, logs))
        for type_, logs in log_kinds().get(kind, {}).items()
        for each in record.of_type(type_)
    ]


def _logging_type(type_: str, logs: Logs) -> str:
    """The ARM type that a diagnostic setting is on: the resource's own, or the child's that writes its logs."""
    child = logs.child.strip("/").partition("/")[0]
    return f"{resource_types()[type_].arm}/{child}" if child else str(resource_types()[type_].arm)


def feed_findings(record: Record) -> Iterator[Finding]:
    """A finding for each table that each query of the record reads."""
    feeds = _Feeds(record)
    for rule in record.of_type(QUERY, SENTINEL):
        for query in _queries(rule):
            bare = _TEXT.sub("", _COMMENT.sub("", query))
            for table in sorted(set(_NAME.findall(bare)) & fed_tables().keys()):
                status, message = feeds.judge(query, table, fed_tables()[table])
                yield Finding.of(FED, status, message, rule, stack=record.stack)


def _queries(rule: Resource) -> list[str]:
    criteria = get(rule, "criteria.allOf", ())
    texts = [each.get("query") for each in criteria] if isinstance(criteria, list) else []
    return [text for text in [*texts, get(rule, "query")] if isinstance(text, str) and text != UNKNOWN]


class _Feeds:
    """What of a record sends which logs to its workspace."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._known: dict[str, dict[str, tuple[str, list[Resource]]]] = {}

    def judge(self, query: str, table: str, fed_by: dict[str, list[str]]) -> tuple[Status, str]:
        """Whether what feeds ``table`` sends it; of a table that many share, what the query names by category."""
        named = {kind: [c for c in own if f'"{c}"' in query] for kind, own in fed_by.items()}
        needed = {kind: own for kind, own in named.items() if own} or fed_by
        if set(needed) == {"tenant"}:
            return "unchecked", f"{table}: {OUTSIDE}"
        there = {kind: own for kind, own in needed.items() if self._senders(kind)}
        if not there:
            return "fail", f"nothing of this stack feeds {table}: there is no {' or '.join(needed)}"
        unsent = [
            f"{name} does not send {category}, which {table} is read for"
            for kind, own in there.items()
            for name, (type_, settings) in self._senders(kind).items()
            for category in own
            if has_category(type_, category) and not any(sends(setting, category) for setting in settings)
        ]
        fed = ", ".join(f"{len(self._senders(kind))} {kind}" for kind in there)
        return ("fail", "; ".join(unsent)) if unsent else ("pass", f"{table} is fed by {fed}")

    def _senders(self, kind: str) -> dict[str, tuple[str, list[Resource]]]:
        """What writes logs of ``kind``: its ARM type and the diagnostic settings that send them to the workspace."""
        if kind not in self._known:
            self._known[kind] = {
                each.name: (each.logs_of, [one for one in each.settings if to_workspace(self._record, one)])
                for each in senders(self._record, kind)
                if each.settings or kind != "subscription"
            }
        return self._known[kind]
