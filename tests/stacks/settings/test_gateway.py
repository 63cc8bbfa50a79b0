"""Wrong settings of the gateway are told before anything is built, with the reason."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pydantic import ValidationError

from documents.problems import Problem
from stacks.settings.gateway import REFUSED_TIERS, ApiManagementSettings
from stacks.settings.reading.parse import SettingsError, parse
from tests.gateway import SECTION, gateway_config
from tests.projects import Config


def section(**changes: Any) -> ApiManagementSettings:
    return ApiManagementSettings.model_validate_json(json.dumps({**SECTION, **changes}))


def api(**changes: Any) -> dict[str, Any]:
    return {"backend": {**copy.deepcopy(SECTION["apis"]["backend"]), **changes}}


def problems(config: Config) -> list[Problem]:
    """What is wrong with a whole stack file."""
    try:
        parse({key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}, "P.yaml")
    except SettingsError as error:
        return error.problems
    return []


def the_problem(found: list[Problem], key: str, *words: str) -> None:
    assert [p.key.removeprefix("medspasync:") for p in found] == [key], found
    for word in words:
        assert word in found[0].allowed, found[0].allowed


def test_gateway_is_off_and_full_section_accepted() -> None:
    """Off by default and the whole section is accepted."""
    assert not ApiManagementSettings().on
    assert list(ApiManagementSettings().problems()) == []
    assert list(section().problems()) == []
    assert problems(gateway_config()) == []
    assert section().open_for_creation is False


@pytest.mark.parametrize("tier", REFUSED_TIERS)
def test_tiers_not_private_are_refused_with_reason(tier: str) -> None:
    """Tiers that are not private at both ends are refused with the reason."""
    the_problem(list(section(tier=tier).problems()), "tier", REFUSED_TIERS[tier])


@pytest.mark.parametrize(
    "changes",
    [
        {"tier": "Consumption"},
        {"units": 0},
        {"units": 11},
        {"publisherEmail": "nobody"},
        {"apis": api(limits=[])},
        {"apis": api(limits=[{"counter": "address", "calls": 1, "seconds": 1}])},
        {"apis": api(limits=[{"counter": "user", "calls": 0, "seconds": 60}])},
        {"apis": api(limits=[{"counter": "user", "calls": 1, "seconds": 301}])},
        {"apis": api(openPaths={"webhooks": {"methods": ["POST"], "calls": 1, "seconds": 1}})},
        {"apis": api(openPaths={"/webhooks": {"methods": ["TRACE"], "calls": 1, "seconds": 1}})},
        {"apis": api(openPaths={"/webhooks": {"methods": [], "calls": 1, "seconds": 1}})},
        {"apis": api(token={"openIdConfiguration": "http://login.microsoftonline.com/t/.well-known/openid-configuration",
                            "issuers": ["https://x.example"], "audiences": ["a"]})},
        {"apis": api(token={"openIdConfiguration": "https://evil.example/t/.well-known/openid-configuration",
                            "issuers": ["https://x.example"], "audiences": ["a"]})},
        {"products": {"partners": {"description": "short", "apis": ["backend"]}}},
    ],
)  # fmt: skip
def test_gateway_values_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    """Values that azure does not take or nobody should give are refused."""
    with pytest.raises(ValidationError):
        section(**changes)


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"subscriptionRequired": False, "token": None}, "subscriptionRequired", "somebody must be known"),
        ({"token": None}, "limits", "a token that nobody checked names nobody"),
        ({"subscriptionRequired": False}, "limits", "subscriptionRequired: true"),
        ({"limits": [{"counter": "user", "calls": 1, "seconds": 1}] * 2}, "limits", "each counter once"),
    ],
)
def test_callers_are_counted_by_what_is_known(changes: dict[str, Any], key: str, words: str) -> None:
    """Callers are known and counted by what is known."""
    found = list(section(apis=api(**changes)).apis["backend"].problems())
    assert any(p.key == key and words in p.allowed for p in found), found


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"tier": "none"}, "tier", "since there are APIs"),
        ({"publisherName": None}, "publisherName", "required"),
        ({"publisherEmail": None}, "publisherEmail", "required"),
        ({"apis": {}, "products": {}}, "apis", "costs as much"),
        ({"products": {}}, "apis.backend.subscriptionRequired", "nobody could call"),
    ],
)
def test_a_gateway_is_complete(changes: dict[str, Any], key: str, words: str) -> None:
    the_problem(list(section(**changes).problems()), key, words)


def test_products_have_unique_subscriptions_and_keyed_apis() -> None:
    """A subscription is in one product and products have apis that ask for keys."""
    partners = SECTION["products"]["partners"]
    twice = section(products={"partners": partners, "others": partners})
    assert {p.value for p in twice.problems()} == {"crm", "lab-connector"}
    unknown = section(products={"partners": {**partners, "apis": ["backend", "frontend"]}})
    the_problem(list(unknown.problems()), "products.partners.apis", "subscriptionRequired")


def test_what_other_sections_must_say() -> None:
    config = gateway_config()
    del config["medspasync:network"]["subnets"]["gateway"]
    the_problem(problems(config), "network.subnets.gateway", "/27")
    config = gateway_config()
    del config["medspasync:apiManagement"]
    the_problem(problems(config), "network.subnets.gateway", "no apiManagement")
    config = gateway_config()
    config["medspasync:frontDoor"]["sku"] = "standard"
    assert "apiManagement.tier" in {p.key.removeprefix("medspasync:") for p in problems(config)}


def test_gateway_apps_are_private_apis() -> None:
    """The apps behind it are apis with a private endpoint."""
    config = gateway_config()
    config["medspasync:apps"]["backend"]["ingress"] = "serviceTag"
    the_problem(problems(config), "apps.backend.ingress", "the gateway calls the app's private endpoint")
    config = gateway_config()
    config["medspasync:apiManagement"]["apis"]["frontend"] = {
        **SECTION["apis"]["backend"], "subscriptionRequired": False,
        "limits": [{"counter": "user", "calls": 1, "seconds": 1}],
    }  # fmt: skip
    the_problem(problems(config), "apiManagement.apis.frontend", "exposure api")
    config = gateway_config()
    config["medspasync:apiManagement"]["apis"]["backendd"] = config["medspasync:apiManagement"]["apis"].pop("backend")
    config["medspasync:apiManagement"]["products"]["partners"]["apis"] = ["backendd"]
    the_problem(problems(config), "apiManagement.apis.backendd", "did you mean backend?")


@pytest.mark.parametrize("path", ["/healthz", "/webhooks-stripe"])
def test_open_paths_have_names_of_their_own(path: str) -> None:
    config = gateway_config()
    opened = config["medspasync:apiManagement"]["apis"]["backend"]["openPaths"]
    opened[path] = opened["/webhooks/stripe"]
    the_problem(problems(config), "apiManagement.apis.backend.openPaths", "more than its slashes")
