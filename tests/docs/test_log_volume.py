"""The estimate of log volume is arithmetic on its data; the table in the docs is that of the shipped stacks."""

from __future__ import annotations

import re

import pytest

from documents.yaml_text import load_yaml
from stacks.catalogues.log_tables import log_tables
from tests.docs.log_volume import DOLLARS_PER_GB, ingestion_estimate, sources
from tests.harness import ROOT, STACKS

TELEMETRY = {"AppRequests", "AppDependencies", "AppTraces", "AzureMetrics"}
"""Tables that no diagnostic log category feeds."""


def test_volume_grows_with_traffic_and_shrinks_with_sampling() -> None:
    quiet = ingestion_estimate({"backend": 1000}, apps=1, sampling_percent=100)
    busy = ingestion_estimate({"backend": 2000}, apps=1, sampling_percent=100)
    sampled = ingestion_estimate({"backend": 2000}, apps=1, sampling_percent=10)
    assert busy.requests == 2 * quiet.requests
    assert busy.gigabytes["AppRequests"] == pytest.approx(2 * quiet.gigabytes["AppRequests"])
    assert sampled.gigabytes["AppRequests"] == pytest.approx(busy.gigabytes["AppRequests"] / 10)
    # Audit records are never sampled.
    for table in ("AzureDiagnostics", "PGSQLServerLogs", "AZKVAuditLogs"):
        assert sampled.gigabytes[table] == busy.gigabytes[table]


def test_one_source_by_hand() -> None:
    """A million requests a month, 900 bytes each."""
    estimate = ingestion_estimate({"backend": 32895}, apps=1, sampling_percent=100)
    assert estimate.gigabytes["AppRequests"] == pytest.approx(0.9, rel=1e-3)
    assert estimate.dollars == pytest.approx(estimate.total * DOLLARS_PER_GB)
    assert list(estimate.gigabytes.values()) == sorted(estimate.gigabytes.values(), reverse=True)


def test_without_users_there_is_still_platform_to_watch() -> None:
    estimate = ingestion_estimate({}, apps=4, sampling_percent=100)
    assert estimate.requests == 0
    assert estimate.gigabytes["AppRequests"] == 0
    assert estimate.total > 0


def test_sources_name_tables_that_the_platform_feeds() -> None:
    assert {source.table for source in sources().values()} <= set(log_tables()) | TELEMETRY


@pytest.mark.parametrize("stack", STACKS)
def test_the_table_in_the_docs_is_this_estimate(stack: str) -> None:
    config = load_yaml((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    sampling = config["medspasync:monitoring"].get("appInsights", {}).get("samplingPercent", 100)
    traffic = config["medspasync:slo"]["traffic"]
    estimate = ingestion_estimate(traffic, apps=len(config["medspasync:apps"]), sampling_percent=sampling)
    row = re.search(rf"^\| {stack} \|(.*)\|$", (ROOT / "docs/slo.md").read_text(), re.M)
    assert row, stack
    cells = [cell.strip() for cell in row[1].split("|")]
    assert cells == [
        f"{sum(traffic.values()):,}",
        f"{estimate.total:.1f}",
        f"{estimate.dollars:.0f}",
        ", ".join(list(estimate.gigabytes)[:3]),
    ]
