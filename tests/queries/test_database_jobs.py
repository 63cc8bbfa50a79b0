"""The alerts on the database jobs read what the jobs really write; the settings keep schedules that they can tell."""

from __future__ import annotations

from typing import Any

import pytest

from database.reports import write_report
from stacks.apps import SITE
from stacks.naming import Names
from stacks.settings.jobs import DatabaseJobSettings
from tests.queries.engine import fires
from tests.stacks.settings.sections import refused

HEAD = {"log": "phi", "seq": 7, "hash": "ab" * 32}


def report(**changes: Any) -> dict[str, Any]:
    """A report of the maintenance, as database/maintain.py returns it."""
    return {
        "partitions": [],
        "privilege_changes": 0,
        "seals": [],
        "heads": [HEAD],
        "unsealed_minutes": 0,
        "broken": [],
        **changes,
    }


@pytest.mark.parametrize(("heads", "missing"), [([HEAD], False), ([HEAD, HEAD], False), ([], True)])
def test_seal_is_found_in_what_maintenance_prints(
    heads: list[Any], missing: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Container Apps makes a record of each line."""
    write_report(report(heads=heads), "-")
    lines = [{"JobName": "job-mss-prod-maintain", "Log": line} for line in capsys.readouterr().out.splitlines()]
    assert lines
    assert fires("audit-seal-missing", {"rows": {"ContainerAppConsoleLogs": lines}}) is missing


def test_silent_app_is_known_by_its_sites_name() -> None:
    site = Names("mss", "prod", "x7k2").global_name(SITE, "pro-next")
    answered = {"CsUriStem": "/", "ScStatus": 200, "_ResourceId": f"/x/Microsoft.Web/sites/{site}", "repeat": 300}
    rows: dict[str, Any] = {"AppServiceHTTPLogs": [answered]}
    assert fires("telemetry-missing", {"rows": rows})
    assert not fires("telemetry-missing", {"rows": {**rows, "AppRequests": [{"AppRoleName": "pro-next"}]}})


@pytest.mark.parametrize(("cron", "fine"), [("*/10 * * * *", True), ("0 * * * *", True), ("0 6 * * *", False)])
def test_schedule_slower_than_its_alert_is_refused(cron: str, fine: bool) -> None:
    """A schedule with longer pauses than the alert on silence allows raises it by itself."""
    assert refused(DatabaseJobSettings, {"maintenance": {"cron": cron}}) == (set() if fine else {"maintenance.cron"})
