"""Vaults on a whole stack: the same access in both authorization models, keys that are only added, alerts on expiry."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest

from assurance.access.matrix import matrix
from assurance.check.order import earlier_resources
from assurance.record import Mode, Record, Resource
from stacks.catalogues.vault_events import VAULT_EVENTS, vault_events
from tests.harness import MODES, ROOT
from tests.projects import Config
from tests.stacks.whole_stack import as_is, two_apps, whole_stack

TWO_GENERATIONS = {"k1": {"size": 3072}, "k2": {"createdOn": "2028-08-01", "size": 4096, "expiresAfter": "P1Y"}}
VAULT_DATES = {"k1": date(2028, 10, 31), "k2": date(2029, 8, 1)}
CACHE = {"sku": "Balanced_B1", "customerManagedKey": True}


@cache
def built(kind: str = "least", mode: Mode = "deployed") -> Record:
    changes: dict[str, Any] = {
        "least": as_is,
        "policies": two_apps,
        "rbac": lambda config: (two_apps(config), config["medspasync:vaults"].update(authorization="rbac")),
        "generations": lambda config: config["medspasync:vaults"].update(keys=TWO_GENERATIONS),
        "cache": lambda config: config.update({"medspasync:cache": CACHE}),
        "cache, next generation": lambda config: (
            config.update({"medspasync:cache": CACHE}),
            config["medspasync:vaults"].update(keys=TWO_GENERATIONS),
        ),
        "no geo": lambda config: config["medspasync:database"].update(geoRedundantBackup=False),
        "software": software,
    }
    return whole_stack(changes[kind], mode)


def software(config: Config) -> None:
    config["medspasync:vaults"].update(sku="standard", keys={"k1": {"hardware": False}})
    config["medspasync:protection"] = {"protect": False, "lock": False}


def named(record: Record, name: str) -> Resource:
    (found,) = [resource for resource in record if resource.name == name and resource.custom]
    return found


def of_vault(record: Record, vault: Resource, type_: str, path: str = "vaultName") -> list[Resource]:
    by = "id" if path == "source" else "vaultName"
    return [r for r in record.of_type(type_) if vault in record.targets(r, path, "keyvault:Vault", by=by)]


def test_both_authorization_models_give_the_same_access() -> None:
    one, other = matrix(built("policies")), matrix(built("rbac"))
    vaults = {vault.name for vault in built("policies").of_type("keyvault:Vault")}
    given = {right for right in one.rights() if right[1] in vaults}
    assert {right[1] for right in given} == vaults
    assert given == {right for right in other.rights() if right[1] in vaults}
    assert {(s.vault.name, s.name, tuple(p.name for p in s.readers)) for s in one.secrets} == {
        (s.vault.name, s.name, tuple(p.name for p in s.readers)) for s in other.secrets
    }


@pytest.mark.parametrize("mode", MODES)
def test_a_vault_grants_by_one_model_only(mode: Mode) -> None:
    record = built("rbac", mode)
    for vault in built("policies", mode).of_type("keyvault:Vault"):
        same = named(built("rbac", mode), vault.name)
        assert len(vault.inputs["properties"]["accessPolicies"]) == 1
        assert same.inputs["properties"]["accessPolicies"] == []
        assert len(record.holders(same, "scope", "authorization:RoleAssignment")) == 1
    assert not built("policies", mode).holders(
        named(built("policies", mode), "vault-keys"), "scope", "authorization:RoleAssignment"
    )


@pytest.mark.parametrize("kind", ["policies", "rbac"])
def test_each_secret_is_read_by_its_app_alone(kind: str) -> None:
    for secret in matrix(built(kind)).secrets:
        app = secret.vault.name.removeprefix("vault-")
        assert [reader.name for reader in secret.readers] == [app], secret.name


@pytest.mark.parametrize("mode", MODES)
def test_secrets_and_keys_are_in_different_vaults(mode: Mode) -> None:
    record = built("policies", mode)
    vaults = record.of_type("keyvault:Vault")
    assert {v.name for v in vaults} == {"vault-backend", "vault-frontend", "vault-keys", "vault-keys-geo"}
    for vault in vaults:
        assert not (of_vault(record, vault, "keyvault:Key") and of_vault(record, vault, "keyvault:Secret"))


def test_geo_key_has_paired_region_and_own_identity() -> None:
    record = built()
    home, geo = (named(record, f"vault-{name}") for name in ("keys", "keys-geo"))
    assert (home.inputs["location"], geo.inputs["location"]) == ("centralus", "eastus2")
    readers = [vault.inputs["properties"]["accessPolicies"][0]["objectId"] for vault in (home, geo)]
    identities = {r.outputs["principalId"]: r.name for r in record.of_type("managedidentity:UserAssignedIdentity")}
    assert [identities[reader] for reader in readers] == ["identity-encryption", "identity-geo-encryption"]
    assert [key.name for key in of_vault(record, geo, "keyvault:Key")] == ["key-postgres-geo-k1"]


def test_no_geo_redundancy_means_no_vault_for_it() -> None:
    record = built("no geo")
    assert {v.name for v in record.of_type("keyvault:Vault")} == {"vault-backend", "vault-keys"}
    assert "geoBackupKeyURI" not in record.of_type("dbforpostgresql:Server")[0].inputs["dataEncryption"]


@pytest.mark.parametrize("mode", MODES)
def test_new_generation_comes_beside_old_and_takes_over(mode: Mode) -> None:
    keys = {key.name: key for key in built("generations", mode).of_type("keyvault:Key")}
    uses = {"archive", "postgres", "postgres-geo"}
    assert keys.keys() == {f"key-{use}-{generation}" for use in uses for generation in ("k1", "k2")}
    for use in uses:
        first, second = (keys[f"key-{use}-{generation}"] for generation in ("k1", "k2"))
        assert [key.inputs["keyName"] for key in (first, second)] == [f"{use}-k1", f"{use}-k2"]
        assert [key.inputs["properties"]["keySize"] for key in (first, second)] == [3072, 4096]
        # The old one is as it was before, so that the engine has nothing to change, and it cannot be dropped.
        assert first.options["protect"] is second.options["protect"] is True
    assert all(key.origin and key.origin["key"].endswith(key.name[-2:]) for key in keys.values())


def test_services_encrypt_with_the_newest_generation() -> None:
    record = built("generations")
    encryption = record.of_type("dbforpostgresql:Server")[0].inputs["dataEncryption"]
    assert encryption["primaryKeyURI"].endswith("/keys/postgres-k2")
    assert encryption["geoBackupKeyURI"].endswith("/keys/postgres-geo-k2")


def test_generation_that_exists_is_not_touched_by_next() -> None:
    one = whole_stack(lambda config: config["medspasync:vaults"].update(keys={"k1": TWO_GENERATIONS["k1"]}))
    for key in one.of_type("keyvault:Key"):
        assert named(built("generations"), key.name).inputs == key.inputs


def test_keys_are_in_hardware_unless_config_says_otherwise() -> None:
    assert {key.inputs["properties"]["kty"] for key in built().of_type("keyvault:Key")} == {"RSA-HSM"}
    relaxed = built("software").of_type("keyvault:Key")
    assert {key.inputs["properties"]["kty"] for key in relaxed} == {"RSA"}
    assert {key.options["protect"] for key in relaxed} == {False}


@pytest.mark.parametrize("mode", MODES)
def test_every_vault_sends_expiries_to_catalogues_channel(mode: Mode) -> None:
    record = built("policies", mode)
    groups = {group.id: group.name for group in record.of_type("monitor:ActionGroup")}
    for vault in record.of_type("keyvault:Vault"):
        holds = "keys" if vault.name.startswith("vault-keys") else "secrets"
        (topic,) = of_vault(record, vault, "eventgrid:SystemTopic", "source")
        assert topic.inputs["location"] == vault.inputs["location"]
        # Without a cache no key is versioned.
        wanted = {n: entry for n, entry in vault_events().items() if entry.about == holds and entry.keys != "versioned"}
        assert len(wanted) == 2
        found = [s for s in record.of_type("eventgrid:SystemTopicEventSubscription") if s.parent == vault.parent]
        assert [s.inputs["eventSubscriptionName"] for s in found] == sorted(wanted, key=lambda n: f"{vault.name}-{n}")
        for subscription in found:
            entry = wanted[subscription.inputs["eventSubscriptionName"]]
            destination = subscription.inputs["destination"]
            assert subscription.inputs["filter"]["includedEventTypes"] == [entry.event]
            assert destination["severity"] == f"Sev{entry.severity}"
            assert f"docs/runbooks/{entry.runbook}.md" in destination["description"]
            if mode == "deployed":
                assert entry.channel in groups[destination["actionGroups"][0]]


@pytest.mark.parametrize("mode", MODES)
def test_whatever_ends_is_written_after_its_vaults_subscriptions(mode: Mode) -> None:
    record = built("policies", mode)
    subscriptions, before = record.of_type("eventgrid:SystemTopicEventSubscription"), earlier_resources(record)
    for written in record.of_type("keyvault:Key", "keyvault:Secret"):
        heard = {s.urn for s in subscriptions if s.parent == written.parent}
        assert len(heard) == 2
        assert heard <= before[written.urn], written.name


@pytest.mark.parametrize("mode", MODES)
def test_key_ends_by_config_and_rotates_unless_versioned(mode: Mode) -> None:
    """A key whose user names a version is not rotated by Azure: the user would keep the old one."""
    record = built("cache, next generation", mode)
    keys = {key.inputs["keyName"]: key.inputs["properties"] for key in record.of_type("keyvault:Key")}
    uses = ("postgres", "archive", "redis", "postgres-geo")
    assert keys.keys() == {f"{use}-{generation}" for use in uses for generation in ("k1", "k2")}
    # Azure rotates, and tells, only what has an expiry; and gives one only to versions that it makes itself.
    for name, properties in keys.items():
        ends = {"k1": VAULT_DATES["k1"], "k2": VAULT_DATES["k2"]}[name[-2:]]
        assert datetime.fromtimestamp(properties["attributes"]["expires"], tz=UTC).date() == ends
        kinds = [action["action"]["type"] for action in properties["rotationPolicy"]["lifetimeActions"]]
        assert kinds == (["notify"] if name.startswith("redis-") else ["rotate", "notify"]), name


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("kind", "names"), [("cache", ["redis-k1"]), ("cache, next generation", ["redis-k1", "redis-k2"])]
)
def test_alert_on_cache_key_watches_the_used_version(kind: str, names: list[str], mode: Mode) -> None:
    record = built(kind, mode)
    vault = named(record, "vault-keys")
    subscriptions = {
        one.inputs["eventSubscriptionName"]: [
            (f["operatorType"], f["values"]) for f in one.inputs["filter"].get("advancedFilters") or []
        ]
        for one in record.of_type("eventgrid:SystemTopicEventSubscription")
        if one.parent == vault.parent
    }
    assert subscriptions["cache-key-near-expiry"] == [("StringIn", names[-1:])]
    assert subscriptions["key-near-expiry"] == [("StringNotIn", names)]
    # Nobody is woken for a key that the cache has left.
    assert subscriptions["key-expired"] == ([("StringNotIn", names[:-1])] if names[:-1] else [])
    (cache,) = record.of_type("redisenterprise:RedisEnterprise")
    url = cache.inputs["encryption"]["customerManagedKeyEncryption"]["keyEncryptionKeyUrl"]
    if mode == "deployed":
        assert url.split("/keys/")[1].split("/")[0] == names[-1]
    # The other vaults hold no such key, and say nothing of one.
    others = [
        one.inputs for one in record.of_type("eventgrid:SystemTopicEventSubscription") if one.parent != vault.parent
    ]
    assert not any(one["filter"].get("advancedFilters") for one in others)
    assert "cache-key-near-expiry" not in {one["eventSubscriptionName"] for one in others}


def test_the_catalogue_of_events_is_whole() -> None:
    assert (ROOT / VAULT_EVENTS).is_file()
    assert {entry.event.rpartition(".")[2] for entry in vault_events().values()} == {
        "SecretNearExpiry",
        "SecretExpired",
        "KeyNearExpiry",
        "KeyExpired",
    }
    for name, entry in vault_events().items():
        assert (ROOT / "docs" / "runbooks" / f"{entry.runbook}.md").is_file(), name
        # Event Grid's rule for the name of a subscription.
        assert 3 <= len(name) <= 64
    assert vault_events()["key-expired"].severity == 0
