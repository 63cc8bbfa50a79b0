"""What is missing before `up`: a ready subscription holds; each thing taken away is named, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from deployment.preflight import CHECKS
from tests.deployment.ready import SUBSCRIPTION, Preflight


def test_ready_subscription_holds(preflight: Preflight) -> None:
    assert preflight() == 0, {check: preflight.missing(check) for check in preflight.results}
    assert set(preflight.results) == set(CHECKS)
    assert {status for rows in preflight.results.values() for status, *_ in rows} <= {"holds", "skipped"}


Break = Callable[[Preflight], object]


def put(value: Any, *path: str | int) -> Break:
    """What the subscription says at ``path`` becomes ``value``."""

    def break_it(p: Preflight) -> None:
        of: Any = vars(p.fake)
        for step in path[:-1]:
            of = of[step]
        of[path[-1]] = value

    return break_it


def offered(value: Any, *path: str | int) -> Break:
    """The database's only size says ``value`` at ``path``."""
    return put(value, "capabilities", "supportedServerEditions", 0, "supportedServerSkus", 0, *path)


def _region(p: Preflight) -> None:
    types = p.fake.namespaces["Microsoft.Cache"]["resourceTypes"]
    next(one for one in types if one["resourceType"] == "redisEnterprise")["locations"] = ["West US"]


def _retired(p: Preflight) -> None:
    for one in p.data["resources"]:
        if one["type"] == "azure-native:keyvault:Vault":
            one["apiVersion"] = "2015-06-01"


def _storage(p: Preflight) -> None:
    p.fake.storage_skus = [{**sku, "restrictions": [{"type": "location"}]} for sku in p.fake.storage_skus]


def _share_subnet(p: Preflight) -> str:
    """Every site joins the subnet of the first, with two plans; the subnet's id."""
    sites = [one["inputs"] for one in p.data["resources"] if one["type"] == "azure-native:web:WebApp"]
    assert len({site["serverFarmId"] for site in sites}) == 2
    for site in sites:
        site["virtualNetworkSubnetId"] = sites[0]["virtualNetworkSubnetId"]
    return str(sites[0]["virtualNetworkSubnetId"])


def _small_subnet(p: Preflight) -> None:
    subnet = _share_subnet(p)
    next(one for one in p.data["resources"] if one["id"] == subnet)["inputs"]["addressPrefix"] = "10.0.0.0/27"


def _full_subnet(p: Preflight) -> None:
    _share_subnet(p)
    for one in p.data["resources"]:
        if one["type"] == "azure-native:monitor:AutoscaleSetting":
            one["inputs"]["profiles"][0]["capacity"]["maximum"] = "100"


def _lock(p: Preflight) -> None:
    p.fake.lock(f"{SUBSCRIPTION}/resourceGroups/rg-mss-prod-data", "frozen", "ReadOnly")


def _later(p: Preflight) -> None:
    p.now = datetime(2027, 1, 1, tzinfo=UTC)


def _old_engine(p: Preflight) -> None:
    p.programs["pulumi"] = "v3.234.0"


OWNER_WITHOUT_LOCKS = [
    {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]}
]
READER = [{"actions": ["*/read"], "notActions": []}]


@pytest.mark.parametrize(
    ("check", "break_it", "told"),
    [
        (
            "providers",
            put("NotRegistered", "namespaces", "Microsoft.Cdn", "registrationState"),
            "NotRegistered (Microsoft.Cdn/",
        ),
        (
            "providers",
            lambda p: p.fake.namespaces.pop("Microsoft.RecoveryServices"),
            "az provider register --wait -n Microsoft.RecoveryServices",
        ),
        ("regions", _region, "Microsoft.Cache/redisEnterprise is not offered in"),
        ("regions", _retired, "API version 2015-06-01 is not there any more"),
        (
            "names",
            put("AlreadyExists", "taken", "medspasync-backend"),
            "medspasync-backend: the name is not free (AlreadyExists",
        ),
        (
            "names",
            put(["MEDSPASYNC-backend"], "kept", "Microsoft.KeyVault"),
            "az keyvault recover --name medspasync-backend",
        ),
        ("database", offered("Standard_D4ds_v4", "name"), "is not offered (offered: Standard_D4ds_v4)"),
        ("database", put("Enabled", "capabilities", "restricted"), "closed to this subscription"),
        (
            "database",
            put("Disabled", "capabilities", "zoneRedundantHaSupported"),
            "no zone-redundant high availability for new servers",
        ),
        (
            "database",
            offered(["SameZone"], "supportedHaMode"),
            "has no ZoneRedundant high availability (offered: SameZone)",
        ),
        ("database", offered(["3"], "supportedZones"), "is not offered in zone 1 (offered: 3)"),
        ("database", put("Disabled", "capabilities", "geoBackupSupported"), "no geo-redundant backup"),
        ("database", put([{"name": "12"}], "capabilities", "supportedServerVersions"), "is not offered (offered: 12)"),
        (
            "database",
            put((95, 100), "usages", "Microsoft.DBforPostgreSQL", "standardDDSv5Family"),
            "8 cores are needed, 5 are left of standardDDSv5Family",
        ),
        ("app-service", put(["West US"], "worker_regions"), "no Linux workers in"),
        ("storage", _storage, "is not offered in"),
        (
            "quotas",
            put((95, 100), "usages", "Microsoft.Network", "PrivateEndpoints"),
            "PrivateEndpoints: 19 are needed, 5 are left",
        ),
        (
            "network-watcher",
            lambda p: p.fake.watchers.clear(),
            "az network watcher configure --enabled true -g NetworkWatcherRG",
        ),
        ("shared-subnets", _small_subnet, "2 plans join it, 10.0.0.0/27 is smaller than /26"),
        ("shared-subnets", _full_subnet, "addresses, "),
        ("existing", lambda p: p.fake.made.clear(), "registries/medspasyncpro is not there"),
        ("locks", _lock, "ReadOnly on"),
        ("rights", put(OWNER_WITHOUT_LOCKS, "rights"), "Microsoft.Authorization/locks/delete"),
        ("rights", put(READER, "rights"), "private-links: not allowed to the signed-in identity: "),
        ("budget", _later, "it starts on 2026-12-01; Azure makes none that starts before 2027-01-01"),
        ("engine", _old_engine, "3.272.0 or newer is needed"),
    ],
)
def test_missing_thing_is_named(preflight: Preflight, check: str, break_it: Break, told: str) -> None:
    break_it(preflight)
    assert preflight() == 1
    assert told in preflight.missing(check)
    assert {name for name in preflight.results if preflight.missing(name)} == {check}
