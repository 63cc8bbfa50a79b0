"""No log that an alert reads can stop without a failure that names who does not send it."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from assurance.check.log_feeds import SETTING, SUBSCRIPTION_SETTING, feed_findings
from assurance.record import Record
from tests.policies.records import records

MODES = ("preview", "deployed")


def failures(record: Record) -> list[str]:
    return [finding.message for finding in feed_findings(record) if finding.status == "fail"]


@pytest.mark.parametrize("stack", ["prod", "staging", "dev"])
@pytest.mark.parametrize("mode", MODES)
def test_every_query_of_a_stack_is_fed(stack: str, mode: str) -> None:
    findings = list(feed_findings(records(mode)[stack]))  # type: ignore[arg-type]
    assert len(findings) > 30
    assert [finding.message for finding in findings if finding.status != "pass"] == []


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("vault-backend-diagnostics", "AZKVAuditLogs"),
        ("postgres-diagnostics", "PGSQLServerLogs"),
        ("front-door-diagnostics", "AzureDiagnostics"),
        ("app-backend-diagnostics", "AppServiceHTTPLogs"),
    ],
)
def test_removed_diagnostic_setting_is_named_by_table(name: str, table: str) -> None:
    record = records("deployed")["prod"]
    kept = [each for each in record if each.name != name]
    assert len(kept) == len(record.resources) - 1, [each.name for each in record.of_type(SETTING)]
    assert any(table in message for message in failures(replace(record, resources=kept)))


def test_category_turned_off_is_named() -> None:
    record = copy.deepcopy(records("deployed")["prod"])
    for setting in record.of_type(SETTING):
        for log in setting.inputs.get("logs") or ():
            log["enabled"] = log.get("category") != "PostgreSQLLogs" and log.get("categoryGroup") != "allLogs"
    assert any("does not send" in message for message in failures(record))


def test_setting_to_another_workspace_does_not_count() -> None:
    record = copy.deepcopy(records("deployed")["prod"])
    for setting in record.of_type(SUBSCRIPTION_SETTING):
        setting.inputs["workspaceId"] = "/subscriptions/other/workspaces/other"
    assert any("AzureActivity" in message for message in failures(record))


def test_table_that_nothing_feeds_is_named() -> None:
    """An alert on a cache, in a stack without one."""
    record = records("deployed")["prod"]
    kept = [each for each in record if ":redisenterprise:" not in each.type]
    assert any(
        "nothing of this stack feeds REDConnectionEvents" in message
        for message in failures(replace(record, resources=kept))
    )
