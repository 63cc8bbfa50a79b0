"""Whose hosts a stack file names: its own domains', or others that it names external (N-03)."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from documents.yaml_text import load_yaml
from stacks.settings.pages.replaced import README, replaced_keys, replaced_list
from stacks.settings.reading.parse import SettingsError, parse
from tests.harness import ROOT
from tests.projects import minimal_config

TEXT = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")
PROD: dict[str, Any] = load_yaml(TEXT)["config"]


def told(config: dict[str, Any]) -> dict[str, str]:
    """What is allowed, by the key that is wrong."""
    try:
        parse({key: json.dumps(value) for key, value in config.items() if key != "medspasync:secrets"}, "P.yaml")
    except SettingsError as error:
        found: dict[str, str] = {}
        for each in error.problems:
            key = each.key.removeprefix("medspasync:")
            found[key] = f"{found.get(key, '')} {each.allowed}"
        return found
    return {}


def test_complete_rename_is_accepted() -> None:
    assert told(load_yaml(TEXT.replace("medspasyncpro.com", "acme.example.org"))["config"]) == {}


def test_rename_of_hosts_names_the_rest() -> None:
    """As README's list was followed before: host names only."""
    config = copy.deepcopy(PROD)
    config["medspasync:platform"]["domains"] = ["acme.example.org"]
    for app in config["medspasync:apps"].values():
        app["hostNames"] = [host.replace("medspasyncpro.com", "acme.example.org") for host in app["hostNames"]]
    found = told(config)
    for key in (
        "apps.backend.cors.origins[0]",
        "apps.frontend.settings.PUBLIC_API_URL",
        "apps.pro-next.settings.NEXT_PUBLIC_API_URL",
        "monitoring.availabilityTests.api.url",
        "monitoring.receivers.security.emails[0]",
        "monitoring.budget.contacts[0]",
        "vaults.settings.EMAIL-FROM",
    ):
        assert "platform.external" in found.pop(key), key
    assert all("medspasyncpro.com" in allowed for allowed in found.values())


def test_host_of_a_removed_app_is_told() -> None:
    config = copy.deepcopy(PROD)
    del config["medspasync:apps"]["frontend"], config["medspasync:slo"]
    config["medspasync:eventBus"] = {"tier": "none"}
    found = told(config)
    assert "a host name of an app" in found["apps.backend.cors.origins[0]"]
    assert "a host name of an app" in found["monitoring.availabilityTests.web.url"]


CASES: dict[str, tuple[list[Any], Any, str, str]] = {
    "an app's host elsewhere": (
        ["apps", "backend", "hostNames"],
        ["api.example.org"],
        "apps.backend.hostNames[0]",
        "a name in platform.domains",
    ),
    "a misspelt host": (
        ["apps", "backend", "cors", "origins"],
        ["https://ap.medspasyncpro.com"],
        "apps.backend.cors.origins[0]",
        "did you mean app.medspasyncpro.com?",
    ),
    "a mailbox elsewhere": (
        ["monitoring", "budget", "contacts"],
        ["f@example.org"],
        "monitoring.budget.contacts[0]",
        "example.org in platform.external",
    ),
    "a host without address": (
        ["vaults", "settings", "SMTP-HOST"],
        "smtp.example.org",
        "vaults.settings.SMTP-HOST",
        "smtp.example.org in",
    ),
    "an address with credentials": (
        ["apps", "backend", "settings", "LOG_TARGET"],
        "see https://u@logs.example.org:8443/x",
        "apps.backend.settings.LOG_TARGET",
        "logs.example.org in platform.external",
    ),
    "an external of our own": (
        ["platform", "external"],
        ["sendgrid.net", "x.medspasyncpro.com"],
        "platform.external[1]",
        "outside platform.domains",
    ),
    "an external that is not named": (
        ["platform", "external"],
        ["sendgrid.net", "example.net"],
        "platform.external[1]",
        "nothing names it any more",
    ),
    "a domain in capitals": (
        ["platform", "domains"],
        ["Medspasyncpro.com"],
        "platform.domains[0]",
        "did you mean medspasyncpro.com?",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_stranger_is_told_with_its_key(case: str) -> None:
    path, value, key, expected = CASES[case]
    config = copy.deepcopy(PROD)
    inner: Any = config[f"medspasync:{path[0]}"]
    for step in path[1:-1]:
        inner = inner.setdefault(step, {})
    inner[path[-1]] = value
    assert expected in told(config)[key]


def test_domains_come_from_hosts_otherwise() -> None:
    config = minimal_config()
    assert told(config) == {}
    config["medspasync:monitoring"]["receivers"]["critical"]["emails"] = ["ops@example.com"]
    assert "platform.domains (example.org)" in told(config)["monitoring.receivers.critical.emails[0]"]


def test_hosts_of_entra_need_no_entry() -> None:
    config = copy.deepcopy(PROD)
    config["medspasync:apps"]["backend"]["settings"]["ISSUER"] = "https://login.microsoftonline.com/x/v2.0"
    assert told(config) == {}


def test_readme_lists_what_to_replace() -> None:
    assert replaced_list() in README.read_text(encoding="utf-8"), "run `make docs`"


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_list_names_what_names_company(stack: str) -> None:
    """A key that another company would leave behind is in the list, in whatever section it comes to stand."""
    config = load_yaml((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    listed = {key for keys in replaced_keys(PROD).values() for key in keys}
    here = {key for keys in replaced_keys(config).values() for key in keys}
    assert here - listed == set()
    marked = copy.deepcopy(config)
    marked["medspasync:security"]["note"] = "x"
    with pytest.raises(StopIteration):
        replaced_keys(marked)
