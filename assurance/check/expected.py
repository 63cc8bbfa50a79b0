"""What must be in a record although nothing in the record says so: alerts, receivers, retention, dashboards, plans.

A rule on resources cannot see that one is missing. The stack's own file and the catalogues know: they are read here,
and every part of them that the record does not answer is a failure that names its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from assurance.check.demand import Demand
from assurance.check.expected_alerts import Alerts
from assurance.check.expected_archive import archive_demands, flow_demands
from assurance.check.expected_compliance import compliance_demands
from assurance.check.expected_dashboards import dashboard_demands
from assurance.check.expected_gateway import gateway_demands
from assurance.check.expected_logs import Logs
from assurance.check.expected_owner import owner
from assurance.check.expected_sentinel import sentinel_demands
from assurance.check.expected_vault_events import vault_event_demands
from assurance.check.expected_waf import waf_demands
from assurance.check.findings import Finding
from assurance.check.places import Places
from assurance.errors import UsageError
from assurance.record import Record
from assurance.references import References
from documents.problems import DocumentError
from policies.rule import RuleInfo
from stacks.catalogues.alerts import alert_catalogue
from stacks.settings.model import Settings
from stacks.settings.parse import parse
from stacks.settings.stack_file import read_stack_file

FILE = partial(RuleInfo, source="the stack's file")(
    "EXPECT-STACK-FILE",
    "What must be in the stack is known",
    "high",
    ("164.308(a)(8)",),
    "Run the check where the stack's file is, so that missing alerts, receivers and retention rules are seen.",
)


def stack_settings(root: Path, stack: str) -> Settings | None:
    """The settings in the stack's file, None when there is no such file. Raises UsageError when it is wrong."""
    path = root / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        return None
    try:
        return parse(read_stack_file(path).engine_config(), path.name)
    except DocumentError as error:
        raise UsageError(*(str(problem) for problem in error.problems)) from error


def expected_findings(record: Record, root: Path) -> Iterator[Finding]:
    """A finding for everything that the stack's file and the catalogues ask for.

    root: the project's folder. A record of a stack whose file is not there is said to be unchecked.
    """
    file = f"Pulumi.{record.stack}.yaml"
    origin = {"file": file, "line": 1, "key": ""}
    settings = stack_settings(root, record.stack)
    if settings is None:
        missing = f"there is no {file} here, so nothing says which alerts, receivers and retention rules must exist"
        yield Demand(rule=FILE, name="", origin=origin, unknown=[missing]).finding(record.stack)
        return
    places = Places(root)
    for demand in (*demands(record, settings, places), *owner(record.stack, settings, root, places)):
        yield demand.finding(record.stack)


def demands(record: Record, settings: Settings, places: Places) -> Iterator[Demand]:
    """Everything that must be in the record."""
    references = References(record)
    alerts, logs = Alerts(references, settings, places), Logs(references, settings, places)
    yield from alerts.demands()
    yield from logs.receivers()
    yield from logs.retention()
    yield from logs.queries({entry.kind for entry in alert_catalogue().values() if alerts.concerned(entry.kind)})
    yield from logs.plans()
    yield from archive_demands(references, settings, places)
    yield from flow_demands(references, settings, places)
    yield from vault_event_demands(references, places)
    yield from gateway_demands(references, settings, places)
    yield from waf_demands(references, settings, places)
    yield from dashboard_demands(alerts)
    yield from compliance_demands(references, settings, places)
    yield from sentinel_demands(alerts)
