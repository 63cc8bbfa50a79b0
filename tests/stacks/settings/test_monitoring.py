"""Monitoring settings: mistakes are told with what is allowed; overrides name alerts that exist and can fire."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.catalogues.alerts import MetricEntry, QueryEntry, alert_catalogue
from stacks.settings.monitoring import MonitoringSettings
from tests.stacks.settings.sections import read, refused


def document(**changes: Any) -> dict[str, Any]:
    channels = ("critical", "warning", "security")
    return {
        "receivers": {channel: {"emails": ["ops@medspasyncpro.com"]} for channel in channels},
        "budget": {"amount": 100, "startDate": "2026-01-01"},
        **changes,
    }


def receivers(**changes: Any) -> dict[str, Any]:
    return {**document()["receivers"], **changes}


WINDOW = {"name": "patches", "days": ["Sunday"], "start": "03:00", "end": "05:00", "reason": "the database restarts"}


def test_the_smallest_section_is_complete_and_safe() -> None:
    assert refused(MonitoringSettings, document()) == set()
    settings = read(MonitoringSettings, document())
    assert settings.workspace.audit_retention_days >= 6 * 366
    assert settings.tenant_logs is False


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"workspace": {"auditRetentionDays": 2190}}, "workspace.auditRetentionDays"),
        ({"workspace": {"auditRetentionDays": 3}}, "workspace.auditRetentionDays"),
        ({"workspace": {"auditRetentionDays": 90, "retentionDays": 365}}, "workspace.auditRetentionDays"),
        ({"workspace": {"retentionDays": 29}}, "workspace.retentionDays"),
        ({"workspace": {"retentionDays": 731}}, "workspace.retentionDays"),
        ({"appInsights": {"samplingPercent": 0}}, "appInsights.samplingPercent"),
        ({"receivers": receivers(security={"emails": []})}, "receivers.security.emails"),
        ({"receivers": receivers(security={"emails": ["not an address"]})}, "receivers.security.emails.0"),
        ({"receivers": receivers(security={"emails": ["a@b.org", "a@b.org"]})}, "receivers.security.emails"),
        ({"receivers": receivers(critical={"webhook": True})}, "webhookSecret"),
        ({"webhookSecret": "MONITORING-WEBHOOK-URL"}, "webhookSecret"),
        (
            {"receivers": receivers(critical={"webhook": True}), "webhookSecret": "MONITORING-WEBHOOK-URI"},
            "webhookSecret",
        ),
        ({"receivers": receivers(critical={"webhook": True}), "webhookSecret": "JWT-SECRET"}, "webhookSecret"),
        ({"availabilityTests": {"api": {"url": "http://api.medspasyncpro.com"}}}, "availabilityTests.api.url"),
        ({"budget": {"amount": 100, "startDate": "2026-01-15"}}, "budget.startDate"),
        ({"maintenance": [{**WINDOW, "end": "02:00"}]}, "maintenance[0].end"),
        ({"maintenance": [{**WINDOW, "end": "07:01"}]}, "maintenance[0].end"),
        ({"maintenance": [{**WINDOW, "start": "3:00"}]}, "maintenance.0.start"),
        ({"maintenance": [{**WINDOW, "days": []}]}, "maintenance.0.days"),
        ({"maintenance": [WINDOW, WINDOW]}, "maintenance"),
        ({"budget": {"amount": 0, "startDate": "2026-01-01"}}, "budget.amount"),
        ({"alerts": {"postgres-dwn": {"threshold": 1}}}, "alerts.postgres-dwn"),
        ({"alerts": {"postgres-down": {"enabled": False}}}, "alerts.postgres-down.reason"),
        ({"alerts": {"postgres-cpu": {"threshold": 100}}}, "alerts.postgres-cpu.threshold"),
        ({"alerts": {"postgres-cpu": {"threshold": -1}}}, "alerts.postgres-cpu.threshold"),
        ({"alerts": {"lock-deleted": {"threshold": 1}}}, "alerts.lock-deleted.threshold"),
        ({"alerts": {"availability": {"threshold": 1}}}, "alerts.availability.threshold"),
        ({"alerts": {"waf-blocks": {"threshold": 2.5}}}, "alerts.waf-blocks.threshold"),
        (
            {"alerts": {"postgres-transaction-ids": {"threshold": 10737418240}}},
            "alerts.postgres-transaction-ids.threshold",
        ),
        ({"alerts": {"postgres-cpu": {"treshold": 80}}}, "alerts.postgres-cpu.treshold"),
    ],
)
def test_a_mistake_is_told_with_its_key(changes: dict[str, Any], key: str) -> None:
    assert refused(MonitoringSettings, document(**changes)) == {key}


def test_a_misspelt_alert_gets_a_suggestion() -> None:
    settings = read(MonitoringSettings, document(alerts={"postgres-dwn": {"threshold": 1}}))
    (problem,) = settings.problems()
    assert "postgres-down" in problem.allowed


def test_a_misspelt_secret_gets_a_suggestion() -> None:
    changes = {"receivers": receivers(critical={"webhook": True}), "webhookSecret": "MONITORING-WEBHOOK-URI"}
    (problem,) = read(MonitoringSettings, document(**changes)).problems()
    assert "MONITORING-WEBHOOK-URL" in problem.allowed


def test_every_alert_threshold_can_be_overridden() -> None:
    """Every alert can be overridden with its own threshold."""
    own = {
        alert_id: {"threshold": entry.threshold}
        for alert_id, entry in alert_catalogue().items()
        if isinstance(entry, (MetricEntry, QueryEntry))
    }
    assert len(own) > 30
    assert refused(MonitoringSettings, document(alerts=own)) == set()
