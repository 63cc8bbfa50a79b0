"""A host of Front Door without a whole firewall, or that leads nowhere, is found."""

from __future__ import annotations

import copy

import pytest

from assurance.reach.report import reach
from tests.assurance.altered import lean_record, named, without
from tests.assurance.reach.changes import (
    Change,
    expect_failure,
    inputs,
    opens,
)


def test_a_host_without_a_firewall_is_found() -> None:
    record = lean_record()
    without(record, "waf-api", "cdn:SecurityPolicy")
    (found,) = expect_failure(record, "REACH-EDGE", "front-door-api-medspasyncpro-com")
    assert "api.medspasyncpro.com" in found.message


@pytest.mark.parametrize(
    "change",
    [
        opens("waf-api", "frontdoor:Policy", policySettings__enabledState="Disabled"),
        lambda record: inputs(record, "waf-api", "cdn:SecurityPolicy")["parameters"]["associations"][0].update(
            patternsToMatch=["/api/*"]
        ),
    ],
)
def test_firewall_off_or_partial_counts_as_none(change: Change) -> None:
    """A firewall that is off, or covers some paths only."""
    record = lean_record()
    change(record)
    expect_failure(record, "REACH-EDGE", "front-door-api-medspasyncpro-com")


def test_endpoints_own_name_that_answers_needs_firewall_too() -> None:
    record = lean_record()
    named(record, "edge-backend", "cdn:Route").inputs["linkToDefaultDomain"] = "Enabled"
    found = reach(copy.deepcopy(record))
    assert any(host.name.endswith(".azurefd.net") for host in found.hosts)
    assert found.report.with_status("fail") == []
    associations = named(record, "waf-api", "cdn:SecurityPolicy").inputs["parameters"]["associations"]
    associations[0]["domains"] = [each for each in associations[0]["domains"] if "customDomains" in each["id"]]
    (finding,) = reach(record).report.with_status("fail")
    assert finding.name == "front-door-api"


def test_a_host_that_leads_nowhere_is_found() -> None:
    record = lean_record()
    without(record, "edge-backend", "cdn:AFDOrigin")
    expect_failure(record, "REACH-EDGE", "front-door-api-medspasyncpro-com")
