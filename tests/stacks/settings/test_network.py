"""The network section: what may stand in it, and what is told when it is wrong."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stacks.settings.between.addresses import app_instance_problems, private_endpoint_problems, usable
from stacks.settings.network import SUBNETS, NetworkSettings, SubnetSettings
from tests.stacks.network_stack import HUB, SMALL


def settings(**changes: Any) -> NetworkSettings:
    """The good section with changes; ``subnets__apps`` changes a subnet."""
    section = copy.deepcopy(SMALL)
    for key, value in changes.items():
        head, _, tail = key.partition("__")
        if tail:
            section[head][tail] = value
        else:
            section[head] = value
    return NetworkSettings.model_validate(section)


def keys(section: NetworkSettings) -> list[str]:
    return [problem.key for problem in section.problems()]


def peer(name: str = "hub", *spaces: str, gateways: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "networkId": HUB,
        "addressSpaces": list(spaces) or ["10.0.0.0/16"],
        "useRemoteGateways": gateways,
    }


def test_good_section_has_safe_defaults() -> None:
    """A good section has no problem and safe defaults."""
    section = settings()
    assert keys(section) == []
    assert section.encryption is True
    assert section.nat_gateway is section.ddos_plan_id is section.flow_logs is None
    assert section.peers == []


def test_subnet_kinds_have_ranges() -> None:
    """Every subnet kind has a range in the settings."""
    assert {purpose.replace("-", "_") for purpose in SUBNETS} == set(SubnetSettings.model_fields)
    whole = settings(subnets__gateway="10.40.5.0/27", subnets__frontends="10.40.5.64/26")
    assert list(whole.subnets.by_purpose) == list(SUBNETS)
    assert set(SUBNETS) - set(settings().subnets.by_purpose) == {"gateway", "frontends"}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"subnets__apps": "10.41.0.0/24"}, "subnets.apps"),
        ({"subnets__apps": "10.40.0.0/27"}, "subnets.apps"),
        ({"subnets__postgres": "10.40.1.0/29"}, "subnets.postgres"),
        ({"subnets__jobs": "10.40.3.0/28"}, "subnets.jobs"),
        ({"subnets__runner": "10.40.4.0/30"}, "subnets.runner"),
        ({"subnets__privateEndpoints": "10.40.2.0/29"}, "subnets.privateEndpoints"),
        ({"subnets__postgres": "10.40.0.32/27"}, "subnets.postgres"),
        ({"subnets__runner": "10.40.3.0/28"}, "subnets.jobs"),
        ({"subnets__gateway": "10.40.5.0/28"}, "subnets.gateway"),
        ({"mailPorts": [587, 25]}, "mailPorts[1]"),
        ({"peers": [peer("hub", "10.40.8.0/24")]}, "peers[0].addressSpaces[0]"),
        ({"peers": [peer("hub-a"), peer("hub-b", "10.1.0.0/16", "10.0.4.0/24")]}, "peers[1].addressSpaces[1]"),
        ({"peers": [peer("hub-a"), peer("hub-a", "10.1.0.0/16")]}, "peers[1].name"),
        (
            {"peers": [peer("hub-a", gateways=True), peer("hub-b", "10.1.0.0/16", gateways=True)]},
            "peers[1].useRemoteGateways",
        ),
    ],
)
def test_mistake_between_fields_names_its_key(changes: dict[str, Any], key: str) -> None:
    """A mistake between fields is named by its key."""
    assert keys(settings(**changes)) == [key]


def test_all_mistakes_are_told_at_once() -> None:
    section = settings(subnets__apps="10.41.0.0/28", subnets__jobs="10.40.2.0/26", mailPorts=[25])
    assert sorted(keys(section)) == sorted(["subnets.apps", "subnets.apps", "subnets.privateEndpoints", "mailPorts[0]"])


@pytest.mark.parametrize(
    "changes",
    [
        {"addressSpace": "10.40.0.0/33"},
        {"addressSpace": "10.40.0.1/20"},
        {"addressSpace": "20.40.0.0/20"},
        {"addressSpace": None},
        {"subnets__apps": 24},
        {"subnets__extra": "10.40.5.0/24"},
        {"encryption": "yes"},
        {"mailPorts": []},
        {"mailPorts": [0]},
        {"natGateway": {"zone": "4"}},
        {"natGateway": {"zone": 1}},
        {"ddosPlanId": HUB},
        {"peers": [peer("Hub")]},
        {"peers": [{**peer(), "networkId": "vnet-hub"}]},
        {"peers": [{**peer(), "addressSpaces": []}]},
        {"flowLogs": {"retentionDays": 366}},
        {"flowLogs": {"analyticsMinutes": 5}},
    ],
)
def test_a_wrong_value_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


@given(st.integers(0, 400), st.sampled_from(["10.40.2.0/24", "10.40.2.0/26", "10.40.2.0/28"]))
def test_private_endpoints_need_an_address_each(count: int, text: str) -> None:
    problems = list(private_endpoint_problems(settings(subnets__privateEndpoints=text), count))
    assert bool(problems) == (count > usable(text))
    assert all(problem.key == "network.subnets.privateEndpoints" for problem in problems)


@given(st.integers(0, 200), st.sampled_from(["10.40.0.0/24", "10.40.0.0/26"]))
def test_apps_need_two_addresses_for_each_instance(instances: int, text: str) -> None:
    problems = list(app_instance_problems(settings(subnets__apps=text), instances))
    assert bool(problems) == (2 * instances > usable(text))
    assert all(problem.key == "network.subnets.apps" for problem in problems)


def test_small_subnet_is_told_needed_size() -> None:
    """A subnet that is too small is told the size it needs."""
    (problem,) = private_endpoint_problems(settings(subnets__privateEndpoints="10.40.2.0/28"), 12)
    assert problem.allowed.startswith("/27 or larger: it has 11 usable addresses")
