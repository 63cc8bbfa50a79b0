"""Whatever answers on the Internet is found: sites, services and their own firewalls."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.reach.report import Reach, reach
from tests.assurance.altered import added, lean_record, named
from tests.assurance.reach.changes import (
    ANY_FRONT_DOOR,
    APPS,
    AZURE,
    ENDPOINT,
    EVERYONE,
    HEADER_ALONE,
    OTHER_PROFILE,
    RANGE,
    RULE,
    SITE,
    SLOT,
    VAULT,
    Change,
    both,
    expect_failure,
    firewall,
    lost,
    opens,
    site_opened,
    without_input,
)

VAULT_OPEN = {"properties__publicNetworkAccess": "Enabled"}
OPENINGS: dict[str, tuple[Change, str]] = {
    **{f"site-{app}": (site_opened(f"app-{app}", SITE, rule=EVERYONE), f"app-{app}") for app in APPS},
    **{f"scm-{app}": (site_opened(f"app-{app}", SITE, True, rule=EVERYONE), f"app-{app}") for app in APPS},
    **{f"slot-{app}": (site_opened(f"app-{app}-slot", SLOT, rule=EVERYONE), f"app-{app}-slot") for app in APPS},
    **{
        f"slot-scm-{app}": (site_opened(f"app-{app}-slot", SLOT, True, rule=EVERYONE), f"app-{app}-slot")
        for app in APPS
    },
    "site-default": (site_opened("app-backend", SITE, default="Allow"), "app-backend"),
    "site-range": (site_opened("app-backend", SITE, rule=RANGE), "app-backend"),
    "site-any-front-door": (site_opened("app-backend", SITE, rule=ANY_FRONT_DOOR), "app-backend"),
    "site-other-profile": (site_opened("app-backend", SITE, rule=OTHER_PROFILE), "app-backend"),
    "site-header-anyone-can-send": (site_opened("app-backend", SITE, rule=HEADER_ALONE), "app-backend"),
    "site-all-of-azure": (site_opened("app-backend", SITE, rule=AZURE), "app-backend"),
    "scm-default": (site_opened("app-backend", SITE, True, default="Allow"), "app-backend"),
    "scm-as-main": (
        both(
            site_opened("app-backend", SITE, rule=EVERYONE),
            opens("app-backend", SITE, siteConfig__scmIpSecurityRestrictionsUseMain=True),
        ),
        "app-backend",
    ),
    "database-everyone": (firewall("0.0.0.0", "255.255.255.255"), "wide"),
    "database-range": (firewall("198.51.100.0", "198.51.100.9"), "wide"),
    "database-azure": (firewall("0.0.0.0", "0.0.0.0"), "wide"),
    **{
        f"vault-{name}": (opens(f"vault-{name}", VAULT, **VAULT_OPEN, properties__networkAcls={}), f"vault-{name}")
        for name in (*APPS, "keys", "keys-geo")
    },
    "vault-range": (
        opens(
            "vault-backend",
            VAULT,
            **VAULT_OPEN,
            properties__networkAcls__ipRules=[{"value": "198.51.100.0/24"}],
        ),
        "vault-backend",
    ),
    "vault-unset": (
        both(
            without_input("vault-backend", VAULT, "properties", "publicNetworkAccess"),
            without_input("vault-backend", VAULT, "properties", "networkAcls"),
        ),
        "vault-backend",
    ),
    "cache": (opens("redis", "redisenterprise:RedisEnterprise", publicNetworkAccess="Enabled"), "redis"),
    "archive": (
        opens(
            "archive", "storage:StorageAccount", publicNetworkAccess="Enabled", networkRuleSet__defaultAction="Allow"
        ),
        "archive",
    ),
    "archive-range": (
        opens(
            "archive",
            "storage:StorageAccount",
            publicNetworkAccess="Enabled",
            networkRuleSet__ipRules=[{"iPAddressOrRange": "198.51.100.7"}],
        ),
        "archive",
    ),
    "bus": (opens("event-bus", "servicebus:Namespace", publicNetworkAccess="Enabled"), "event-bus"),
    "jobs": (
        opens(
            "database-jobs",
            "app:ManagedEnvironment",
            publicNetworkAccess="Enabled",
            vnetConfiguration__internal=False,
        ),
        "database-jobs",
    ),
    "workspace-with-keys": (
        opens("observability", "operationalinsights:Workspace", features__disableLocalAuth=False),
        "observability",
    ),
    "insights-with-keys": (
        opens("observability-app-insights", "applicationinsights:Component", disableLocalAuth=False),
        "observability-app-insights",
    ),
}


@pytest.mark.parametrize("opening", OPENINGS)
def test_whatever_answers_on_the_internet_is_found(opening: str) -> None:
    change, name = OPENINGS[opening]
    record = lean_record()
    change(record)
    found = expect_failure(record, "REACH-INTERNET", name)
    assert "answers on the Internet" in found[0].message


def warnings(found: Reach) -> set[str]:
    return {finding.name for finding in found.report.with_status("warn")}


def test_unjudged_resource_is_named_and_detection_shown() -> None:
    record = lean_record()
    added(record, "grafana", "dashboard:Grafana", {"properties": {"publicNetworkAccess": "Enabled"}})
    added(record, "stray", "network:PublicIPAddress", {"publicIpAddressName": "stray"})
    named(record, "waf-web", "frontdoor:Policy").inputs["policySettings"]["mode"] = "Detection"
    before = warnings(reach(lean_record()))
    assert warnings(reach(record)) - before == {"grafana", "stray", "waf-web"}


def test_public_bus_warns_and_with_keys_fails() -> None:
    """A bus below Premium has no private endpoint."""
    record = lean_record("staging")
    bus = named(record, "event-bus", "servicebus:Namespace")
    assert "event-bus" in warnings(reach(record))
    bus.inputs["disableLocalAuth"] = False
    assert {finding.name for finding in reach(record).report.with_status("fail")} == {"event-bus"}


@pytest.mark.parametrize(
    ("rules", "answers"),
    [
        ({"defaultAction": "Deny"}, False),
        ({"publicNetworkAccess": "Disabled"}, False),
        ({"defaultAction": "Deny", "ipRules": [{"ipMask": "198.51.100.0/24"}]}, True),
        ({"defaultAction": "Allow"}, True),
    ],
)
def test_a_bus_has_network_rules_of_its_own(rules: dict[str, Any], answers: bool) -> None:
    record = lean_record("staging")
    bus = named(record, "event-bus", "servicebus:Namespace").inputs
    added(record, "rules", "servicebus:NamespaceNetworkRuleSet", {"namespaceName": bus["namespaceName"], **rules})
    assert reach(record).flows["internet", "event-bus"].verdict.open is answers


@pytest.mark.parametrize(
    ("change", "answers"),
    [
        (without_input("app-backend", SITE, "publicNetworkAccess"), False),
        (
            both(
                without_input("app-backend", SITE, "publicNetworkAccess"),
                lost("app-backend-private-endpoint", ENDPOINT),
                without_input("app-backend", SITE, "siteConfig", "ipSecurityRestrictionsDefaultAction"),
            ),
            True,
        ),
        (site_opened("app-backend", SITE, rule={**RULE, "vnetSubnetResourceId": "/subnets/x"}), False),
        (site_opened("app-backend", SITE, rule={**EVERYONE, "action": "Deny"}, default="Allow"), False),
        (site_opened("app-backend", SITE, rule={**RANGE, "action": "Deny"}, default="Allow"), True),
    ],
)
def test_site_restrictions_apply_in_azures_order(change: Change, answers: bool) -> None:
    record = lean_record()
    change(record)
    assert reach(record).flows["internet", "app-backend"].verdict.open is answers


def test_public_server_without_firewall_rules_is_closed() -> None:
    record = lean_record()
    server = named(record, "postgres", "dbforpostgresql:Server").inputs
    server["network"] = {"publicNetworkAccess": "Enabled"}
    assert not reach(record).flows["internet", "postgres"].verdict.open
    server["network"] = {"publicNetworkAccess": "Disabled"}
    assert "Disabled" in reach(record).flows["internet", "postgres"].verdict.why
