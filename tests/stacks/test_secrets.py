"""Secrets on a whole stack: who reads what under which name, what a rotation makes and keeps, and what they hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.record import Mode, Record, Resource
from stacks.catalogues.alerts import alert_catalogue
from stacks.catalogues.secrets import catalogue
from stacks.catalogues.vault_events import vault_events
from stacks.secrets import RETIRED, consumer_keys_text, keyring_text
from tests.harness import MODES, ROOT, entry_of
from tests.projects import Config
from tests.stacks.catalogues.test_secrets import ROW
from tests.stacks.whole_stack import FRONTEND, Values, supply, two_apps, use_catalogue, vault_values, whole_stack

BEFORE, AFTER = "2026-11-01", "2027-02-01"
PAGE = (ROOT / "docs" / "secrets.md").read_text(encoding="utf-8")


def rotated(config: Config) -> None:
    two_apps(config)
    config["medspasync:vaults"]["rotations"] = {
        "JWT-SECRET": [BEFORE, AFTER],
        "INTERNAL-API-KEY": ["2026-08-01", BEFORE, AFTER],
    }
    config["medspasync:vaults"]["keyrings"] = {"ENCRYPTION-KEY": {"k1": BEFORE, "k2": AFTER}}


def written(record: Record, app: str) -> dict[str, Resource]:
    return {r.inputs["secretName"]: r for r in record.of_type("keyvault:Secret") if r.name.startswith(f"{app}-")}


def environment(record: Record, app: str) -> dict[str, Any]:
    (settings,) = [r for r in record.of_type("web:WebAppApplicationSettings") if f"app-{app}" in r.name]
    return dict(settings.inputs["properties"])


def passwords(record: Record) -> dict[str, Resource]:
    made = record.of_type("random:index/randomPassword:RandomPassword", "random:index/randomBytes:RandomBytes")
    return {r.name: r for r in made if r.name.startswith("generated-")}


def values(change: Callable[[Config], Any] = rotated) -> Values:
    """What a stack writes into vaults, by app and secret; the record itself never shows it."""
    seen, text = vault_values(change)
    assert not any(value in text for value in seen.values() if len(value) > 40 and "://" not in value)
    return seen


@pytest.mark.parametrize("mode", MODES)
def test_app_gets_secrets_it_lists_and_no_other(mode: Mode) -> None:
    record = whole_stack(two_apps, mode)
    assert set(written(record, "frontend")) == {"INTERNAL-API-KEY"}
    assert set(written(record, "backend")) == {
        "DATABASE-URL",
        "JWT-SECRET",
        "NODE-ENV",
        "ENCRYPTION-KEY",
        "STRIPE-SECRET-KEY",
        "INTERNAL-API-KEY",
        "INTERNAL-API-KEYS",
    }


def test_every_secret_has_versionless_references_under_its_variables() -> None:
    record = whole_stack(rotated)
    for app in ("backend", "frontend"):
        settings = environment(record, app)
        for name, secret in written(record, app).items():
            entry = catalogue()[name.removesuffix("-PREVIOUS")]
            suffix = "_PREVIOUS" if name.endswith("-PREVIOUS") else ""
            for variable in entry.environment:
                uri = f"https://{secret.inputs['vaultName']}.vault.azure.net/secrets/{name}"
                # Nothing follows the name: no version, so that a rotation needs no deployment.
                assert re.fullmatch(
                    re.escape(f"@Microsoft.KeyVault(SecretUri={uri}") + r"/?\)", settings[variable + suffix]
                )


@pytest.mark.parametrize("mode", MODES)
def test_before_the_first_rotation_nothing_previous_is_published(mode: Mode) -> None:
    record = whole_stack(two_apps, mode)
    assert not [secret.name for secret in record.of_type("keyvault:Secret") if "previous" in secret.name]
    assert not [variable for variable in environment(record, "backend") if variable.endswith("_PREVIOUS")]


@pytest.mark.parametrize("mode", MODES)
def test_after_rotation_current_and_previous_are_both_published(mode: Mode) -> None:
    record = whole_stack(rotated, mode)
    for app, name in (("backend", "JWT-SECRET"), ("backend", "INTERNAL-API-KEY"), ("frontend", "INTERNAL-API-KEY")):
        secrets = written(record, app)
        assert secrets[name].inputs["tags"]["rotated-on"] == AFTER
        assert secrets[f"{name}-PREVIOUS"].inputs["tags"]["rotated-on"] == BEFORE
        variable = catalogue()[name].environment[0]
        assert {variable, f"{variable}_PREVIOUS"} <= environment(record, app).keys()
    # What only replaces or is a ring has one value.
    assert "ENCRYPTION-KEY-PREVIOUS" not in written(record, "backend")
    assert "STRIPE-SECRET-KEY-PREVIOUS" not in written(record, "backend")


def test_current_value_becomes_previous_without_new_one() -> None:
    def first(config: Config) -> None:
        rotated(config)
        config["medspasync:vaults"]["rotations"] = {"JWT-SECRET": [BEFORE], "INTERNAL-API-KEY": [BEFORE]}

    before, after = values(first), values()
    for app, name in (("backend", "JWT-SECRET"), ("frontend", "INTERNAL-API-KEY")):
        assert after[app, f"{name}-PREVIOUS"] == before[app, name]
        assert after[app, name] != before[app, name]


def test_each_consumer_has_own_key_backend_knows_all() -> None:
    """A key for each consumer; the backend reads all of them."""
    seen = values()
    known = json.loads(seen["backend", "INTERNAL-API-KEYS"])
    assert known == {
        app: [seen[app, "INTERNAL-API-KEY"], seen[app, "INTERNAL-API-KEY-PREVIOUS"]] for app in ("backend", "frontend")
    }
    assert len({key for keys in known.values() for key in keys}) == 4


def test_keyring_holds_every_key_and_says_which_encrypts() -> None:
    def one_key(config: Config) -> None:
        rotated(config)
        config["medspasync:vaults"]["keyrings"]["ENCRYPTION-KEY"] = {"k1": BEFORE}

    one, two = (json.loads(values(change)["backend", "ENCRYPTION-KEY"]) for change in (one_key, rotated))
    assert (one["current"], two["current"]) == ("k1", "k2")
    assert two["keys"]["k1"] == one["keys"]["k1"] != two["keys"]["k2"]


def test_ring_keys_are_neither_dropped_nor_replaced() -> None:
    """What they encrypted must stay readable."""

    def other_date(config: Config) -> None:
        rotated(config)
        config["medspasync:vaults"]["keyrings"]["ENCRYPTION-KEY"] = {"k1": "2026-12-24", "k2": AFTER}

    assert values(other_date)["backend", "ENCRYPTION-KEY"] == values()["backend", "ENCRYPTION-KEY"]
    for name, password in passwords(whole_stack(rotated)).items():
        # Settings refuse a gap in the ids; the engine refuses to drop the last one.
        assert password.options["protect"] is name.startswith("generated-encryption-key"), name


def test_stack_that_may_be_destroyed_holds_nothing_back() -> None:
    def unprotected(config: Config) -> None:
        rotated(config)
        config["medspasync:protection"] = {"protect": False, "lock": False}

    assert [resource.name for resource in whole_stack(unprotected) if resource.options["protect"]] == []


def test_values_come_from_where_the_catalogue_says() -> None:
    seen = values()
    assert seen["backend", "STRIPE-SECRET-KEY"] == supply("STRIPE-SECRET-KEY")
    assert seen["backend", "NODE-ENV"] == "production"
    assert re.fullmatch(r"postgresql://medspasync_backend@[^:@/]+:6432/medspasync\?.*", seen["backend", "DATABASE-URL"])


@pytest.mark.parametrize("authentication", ["entra", "entra-and-password"])
def test_connection_strings_hold_no_credential(authentication: str) -> None:
    # No runner sets passwords of roles yet: apps sign in by Entra in both modes.
    def change(config: Config) -> None:
        rotated(config)
        config["medspasync:apps"]["backend"]["secrets"].append("REDIS-URL")
        config["medspasync:cache"] = {"sku": "Balanced_B1"}
        config["medspasync:database"]["authentication"] = authentication
        if authentication == "entra-and-password":
            config["medspasync:database"]["administratorLogin"] = "emergency"

    seen = values(change)
    for name in ("DATABASE-URL", "REDIS-URL"):
        user = seen["backend", name].partition("://")[2].partition("@")[0]
        assert user
        assert ":" not in user, name


@pytest.mark.parametrize("mode", MODES)
def test_optional_secret_that_nobody_supplied_is_left_out(mode: Mode) -> None:
    def change(config: Config) -> None:
        config["medspasync:apps"]["backend"]["secrets"].append("LOGIN")

    assert "LOGIN" in written(whole_stack(change, mode), "backend")
    record = whole_stack(change, mode, supplied=["STRIPE-SECRET-KEY"])
    assert "LOGIN" not in written(record, "backend")
    assert "LOGIN" not in environment(record, "backend")


@pytest.mark.parametrize("mode", MODES)
def test_every_secret_names_its_owner_and_rotation(mode: Mode) -> None:
    for secret in whole_stack(rotated, mode).of_type("keyvault:Secret"):
        entry = catalogue()[secret.inputs["secretName"].removesuffix("-PREVIOUS")]
        tags = secret.inputs["tags"]
        assert (tags["owner"], tags["origin"], tags["rotation"]) == (entry.owner, entry.origin, entry.rotation.kind)
        assert secret.inputs["properties"]["attributes"]["enabled"] is True
        assert entry_of(secret)[0] == "stacks/catalogues/secrets.yaml"


@pytest.mark.parametrize("mode", MODES)
def test_retired_secret_is_disabled_and_gone_from_app(mode: Mode, tmp_path: Path) -> None:
    """It stays in its vault, disabled."""
    supplied = {**ROW, "origin": "supplied", "environment": ["OLD_API"], "rotation": {"kind": "replace", "days": 90}}
    plain = {**ROW, "origin": "setting", "environment": ["OLD_HOST"], "rotation": {"kind": "external", "days": 90}}
    rows = {"OLD-KEY": ROW, "OLD-API": supplied, "OLD-HOST": plain}

    def change(config: Config) -> None:
        config["medspasync:apps"]["backend"]["secrets"] = list(rows)
        config["medspasync:vaults"] = {"rotatedOn": BEFORE, "rotations": {"OLD-KEY": [BEFORE, AFTER]}}

    def in_use(config: Config) -> None:
        change(config)
        config["medspasync:vaults"]["settings"] = {"OLD-HOST": "smtp.old-mail.net"}
        config["medspasync:platform"]["external"] = ["old-mail.net"]

    with use_catalogue(tmp_path, rows):
        used = whole_stack(in_use, mode)
    with use_catalogue(tmp_path, {name: {**row, "retired": True} for name, row in rows.items()}):
        retired = whole_stack(change, mode)
    # The same secrets, the previous one too: none is dropped, which would leave it readable.
    assert written(retired, "backend").keys() == written(used, "backend").keys() == {*rows, "OLD-KEY-PREVIOUS"}
    for name, secret in written(retired, "backend").items():
        assert secret.inputs["properties"]["attributes"]["enabled"] is False, name
        assert secret.name == written(used, "backend")[name].name
    assert {"A_KEY", "A_KEY_PREVIOUS", "OLD_API", "OLD_HOST"} <= environment(used, "backend").keys()
    assert not {"A_KEY", "A_KEY_PREVIOUS", "OLD_API", "OLD_HOST"} & environment(retired, "backend").keys()
    assert passwords(retired) == {}


def test_value_of_retired_secret_is_gone_too(tmp_path: Path) -> None:
    def change(config: Config) -> None:
        config["medspasync:apps"]["backend"]["secrets"] = ["OLD-KEY"]
        del config["medspasync:vaults"]["settings"]

    with use_catalogue(tmp_path, {"OLD-KEY": {**ROW, "retired": True}}):
        assert values(change) == {("backend", "OLD-KEY"): RETIRED}


KEYS = st.dictionaries(st.text("abcdef-", min_size=1), st.text(min_size=1), min_size=1)


@given(KEYS)
def test_the_text_of_a_keyring_is_the_keyring(keys: dict[str, str]) -> None:
    assert json.loads(keyring_text(keys)) == {"current": list(keys)[-1], "keys": keys}
    assert list(json.loads(keyring_text(keys))["keys"]) == list(keys)


@given(st.dictionaries(st.text(min_size=1), st.lists(st.text(min_size=1), min_size=1, max_size=2)))
def test_text_of_consumer_keys_ignores_their_order(keys: dict[str, list[str]]) -> None:
    assert json.loads(consumer_keys_text(keys)) == keys
    assert consumer_keys_text(keys) == consumer_keys_text(dict(reversed(keys.items())))


def test_tenth_key_of_ring_comes_after_ninth() -> None:
    ring = {f"k{number}": "x" for number in range(1, 12)}
    assert json.loads(keyring_text(ring))["current"] == "k11"


# docs/secrets.md


def test_the_page_says_how_each_kind_is_rotated() -> None:
    for kind in {entry.rotation.kind for entry in catalogue().values()}:
        assert re.search(rf"(?m)^### .*`{kind}`", PAGE), kind


def test_the_page_names_alerts_that_exist() -> None:
    table = PAGE.partition("## Which alert tells")[2].partition("\n## ")[0]
    named = set(re.findall(r"(?m)^\| `([a-z-]+)`", table))
    assert len(named) >= 8
    assert named <= alert_catalogue().keys() | vault_events().keys()
    assert vault_events().keys() <= named
    assert {name for name, entry in alert_catalogue().items() if entry.runbook == "secrets-unavailable"} <= named


def test_links_of_the_pages_lead_somewhere() -> None:
    for name in ("secrets.md", "what-a-destroy-leaves.md"):
        page = ROOT / "docs" / name
        links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        assert links
        for link in links:
            assert (page.parent / link).exists(), f"{name}: {link}"


@pytest.mark.parametrize("mode", MODES)
def test_app_and_slot_read_by_the_apps_identity(mode: Mode) -> None:
    """A swap never changes who may read."""
    record = whole_stack(lambda config: config["medspasync:apps"].update(frontend=dict(FRONTEND)), mode)
    sites = {r.name: r for r in record.of_type("web:WebApp", "web:WebAppSlot")}
    assert len(sites) == 4
    by_app: dict[str, set[str]] = {}
    for site in sites.values():
        assert list(site.inputs["identity"]["userAssignedIdentities"])
        by_app.setdefault(site.inputs["name"], set()).add(str(site.inputs["keyVaultReferenceIdentity"]))
        if mode == "deployed":
            assert site.inputs["keyVaultReferenceIdentity"] in site.inputs["identity"]["userAssignedIdentities"]
    assert all(len(identities) == 1 for identities in by_app.values())
