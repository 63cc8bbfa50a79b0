"""A stack's network as tests build it: settings, what the stack itself gives, and the record of both."""

from __future__ import annotations

from typing import Any

import pulumi

from assurance.record import Mode, Record
from components.diagnostics import LogDestination
from components.protection import Protection
from stacks.naming import Names
from stacks.network import build_network
from stacks.outputs import Common
from stacks.settings.network import NetworkSettings
from tests.harness import record

_SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups"
WORKSPACE = f"{_SUBSCRIPTION}/rg/providers/Microsoft.OperationalInsights/workspaces/log"
HUB = f"{_SUBSCRIPTION}/hub/providers/Microsoft.Network/virtualNetworks/vnet-hub"
DDOS_PLAN = f"{_SUBSCRIPTION}/hub/providers/Microsoft.Network/ddosProtectionPlans/plan"

SMALL: dict[str, Any] = {
    "addressSpace": "10.40.0.0/20",
    "subnets": {
        "apps": "10.40.0.0/24",
        "postgres": "10.40.1.0/27",
        "privateEndpoints": "10.40.2.0/24",
        "jobs": "10.40.3.0/26",
        "runner": "10.40.4.0/28",
    },
}
WITH_GATEWAY = {**SMALL["subnets"], "gateway": "10.40.5.0/27"}
FULL: dict[str, Any] = {
    **SMALL,
    "subnets": {**WITH_GATEWAY, "frontends": "10.40.6.0/24"},
    "mailPorts": [587, 465],
    "natGateway": {"zone": "1"},
    "ddosPlanId": DDOS_PLAN,
    "peers": [
        {
            "name": "hub",
            "networkId": HUB,
            "addressSpaces": ["10.0.0.0/16", "172.16.0.0/24"],
            "useRemoteGateways": True,
        }
    ],
    "flowLogs": {},
}


def network_settings(section: dict[str, Any]) -> NetworkSettings:
    return NetworkSettings.model_validate(section)


def common(location: str = "eastus2") -> Common:
    """What the stack itself gives. Call it inside a program."""
    known = pulumi.Output.from_input
    return Common(
        names=Names("mss", "test", "x7k2"),
        location=location,
        paired_location=None,
        tags={"workload": "mss"},
        tenant_id=known("00000000-0000-4000-8000-000000000002"),
        subscription_id=known("00000000-0000-4000-8000-000000000001"),
        groups={"platform": known("rg-mss-test-platform")},
        logs=LogDestination(workspace_id=WORKSPACE),
        protection=Protection(protect=True, lock=True),
    )


def recorded(section: dict[str, Any], mode: Mode = "deployed", location: str = "eastus2") -> Record:
    """The record of the network that ``section`` asks for, with origins."""

    def build() -> None:
        network = build_network(network_settings(section), common(location))
        pulumi.export("subnets", dict(network.subnets))
        pulumi.export("zones", dict(network.dns_zones))
        if network.egress_address is not None:
            pulumi.export("egress", network.egress_address)

    return record(build, mode)
