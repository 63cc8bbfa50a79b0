"""Availability tests: a request from outside Azure's network, and the alert when it fails."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import applicationinsights

from components.alerts import AlertArgs
from components.component import Placed
from components.metric_alerts import web_test_alert

LOCATIONS = ("us-il-ch1-azr", "us-fl-mia-edge", "us-va-ash-azr", "us-ca-sjc-azr", "us-tx-sn1-azr")
"""Test locations in the United States: a geo rule of the WAF may keep others out
(learn.microsoft.com/azure/azure-monitor/app/availability, location population tags)."""

FAILED_LOCATIONS = 2
"""One location alone is more often that location's trouble than ours (Microsoft: locations minus 2, at least)."""

OK = 200
"""The HTTP status that counts as available."""


@dataclass(frozen=True, kw_only=True)
class WebTestArgs(Placed):
    """Arguments of `web_test`.

    test_name: unique in the resource group; url: https, answers 200 without sign-in and holds no PHI.
    """

    test_name: str
    url: str
    app_insights_id: pulumi.Input[str]


def web_test(name: str, args: WebTestArgs, alert: AlertArgs) -> applicationinsights.WebTest:
    """A request every five minutes from five places, and an alert when two of them fail at once.

    It also fails when the certificate has less than two weeks to live.
    """
    # Azure shows the test under its Application Insights by a tag whose key is the component's id.
    link = pulumi.Output.from_input(args.app_insights_id).apply(
        lambda known: {**(args.tags or {}), f"hidden-link:{known}": "Resource"}
    )
    test = applicationinsights.WebTest(
        name,
        resource_group_name=args.resource_group_name,
        location=args.location,
        web_test_name=args.test_name,
        synthetic_monitor_id=args.test_name,
        kind=applicationinsights.WebTestKind.STANDARD,
        web_test_kind=applicationinsights.WebTestKind.STANDARD,
        enabled=True,
        frequency=300,
        timeout=30,
        retry_enabled=True,
        locations=[applicationinsights.WebTestGeolocationArgs(location=place) for place in LOCATIONS],
        request=applicationinsights.WebTestPropertiesRequestArgs(
            request_url=args.url, http_verb="GET", follow_redirects=False, parse_dependent_requests=False
        ),
        validation_rules=applicationinsights.WebTestPropertiesValidationRulesArgs(
            expected_http_status_code=OK,
            ignore_http_status_code=False,
            s_sl_check=True,
            s_sl_cert_remaining_lifetime_check=14,
        ),
        tags=link,
    )
    web_test_alert(
        f"{name}-alert",
        alert,
        web_test_id=test.id,
        app_insights_id=args.app_insights_id,
        failed_locations=FAILED_LOCATIONS,
    )
    return test
