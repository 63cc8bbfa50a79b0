"""What is missing before `up`: a ready subscription holds; each thing taken away is named, and nothing is written."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deployment.actions import ACTIONS
from deployment.arm import Arm
from deployment.cli import main
from deployment.drill_checks import at
from deployment.preflight import CHECKS
from deployment.preflight.capacity import quotas
from deployment.preflight.network import watchers
from deployment.preflight.providers import needed_namespaces
from deployment.record import Declared, Record, load_record
from deployment.steps import STEPS
from deployment.tools import Tools
from tests.deployment.conftest import Clock, Token
from tests.deployment.fake import FakeArm, Fault
from tests.harness import ROOT, stack_record

SUBSCRIPTION = "/subscriptions/11111111-2222-4333-8444-555555555555"
DATABASE = "azure-native:dbforpostgresql:Server"
FLOW_LOG = "azure-native:network:FlowLog"


@cache
def prod() -> str:
    return stack_record("prod").to_json()


@dataclass
class Preflight:
    """The command, with the record of prod, against a subscription that is ready for it."""

    fake: FakeArm
    folder: Path
    data: dict[str, Any]
    programs: dict[str, str] = field(default_factory=lambda: {"pulumi": "v3.272.0"})
    results: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    github: dict[str, tuple[int, str]] = field(default_factory=dict)
    now: datetime = datetime(2026, 11, 29, tzinfo=UTC)

    @property
    def record(self) -> Record:
        self.file.write_text(json.dumps(self.data))
        return load_record("prod", str(self.file))

    @property
    def file(self) -> Path:
        return self.folder / "record.json"

    def inputs(self, type_: str) -> dict[str, Any]:
        """Inputs, to be altered, of the first resource of a type."""
        found: dict[str, Any] = next(one["inputs"] for one in self.data["resources"] if one["type"] == type_)
        return found

    def __call__(self, *arguments: str) -> int:
        self.file.write_text(json.dumps(self.data))
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        clock = Clock()
        tools = Tools(
            connect=lambda: Arm(endpoint=self.fake.url, authentication=Token(), sleep=clock.sleep, now=clock.now),
            ask=lambda program: self.programs.get(program[0]),
            github=lambda path: self.github.get(path, (404, "{}")),
            environment={"GITHUB_REPOSITORY": "o/r"},
            clock=lambda: self.now,
        )
        code = main(["preflight", "prod", "--record", str(self.file), "--json", str(report), *arguments], tools)
        self.results = {}
        for one in json.loads(report.read_text())["results"] if report.exists() else ():
            self.results.setdefault(one["step"], []).append((one["status"], one["target"], one["detail"]))
        return code

    def missing(self, check: str) -> str:
        """What a check found missing."""
        return "; ".join(f"{target}: {detail}" for status, target, detail in self.results[check] if status == "missing")


def real(one: Declared | str, record: Record) -> str:
    text = one if isinstance(one, str) else one.id
    return SUBSCRIPTION + text[len(record.subscription) :]


def ready(fake: FakeArm, record: Record) -> None:
    """A subscription in which prod can be made."""
    fake.subscriptions = [SUBSCRIPTION.rsplit("/", 1)[-1]]
    types: dict[str, dict[str, tuple[list[str], list[str]]]] = {name: {} for name in needed_namespaces(record)}
    for one in record.resources:
        namespace, _, kind = one.arm.partition("/")
        rows = next(rows for name, rows in types.items() if name.lower() == namespace.lower())
        regions, versions = rows.setdefault(kind, ([], []))
        regions += ["East US 2", "Central US"] if one.location else []
        versions.append(one.api_version or "2024-01-01")
    for name, rows in types.items():
        fake.namespace(name, **rows)
    fake.namespace("Microsoft.ContainerRegistry", registries=(["East US 2"], ["2025-04-01", "2024-11-01-preview"]))
    fake.made.add(
        f"{SUBSCRIPTION}/resourceGroups/rg-mss-shared/providers/Microsoft.ContainerRegistry/registries/medspasyncpro"
    )
    server = record.of(DATABASE)[0]
    fake.capabilities = {
        "restricted": "Disabled",
        "zoneRedundantHaSupported": "Enabled",
        "geoBackupSupported": "Enabled",
        "supportedServerVersions": [{"name": server.inputs["version"]}],
        "supportedServerEditions": [
            {
                "name": at(server.inputs, "sku.tier"),
                "supportedServerSkus": [
                    {
                        "name": at(server.inputs, "sku.name"),
                        "supportedZones": ["1", "2", "3"],
                        "supportedHaMode": ["SameZone", "ZoneRedundant"],
                    }
                ],
            }
        ],
    }
    fake.usages = {
        "Microsoft.DBforPostgreSQL": {"cores": (0, 100), "standardDDSv5Family": (0, 100)},
        **{row.path.split("/")[0]: {} for row in quotas().values()},
    }
    for row in quotas().values():
        fake.usages[row.path.split("/")[0]][row.name] = (1, 100)
    skus = {(one.inputs["sku"]["name"], one.location) for one in record.of("azure-native:storage:StorageAccount")}
    fake.storage_skus = [{"name": name, "locations": [region]} for name, region in skus]
    fake.worker_regions = ["East US 2", "Central US"]
    fake.watchers = {real(watcher, record) for watcher in watchers(record)}


@pytest.fixture
def preflight(fake: FakeArm, tmp_path: Path) -> Iterator[Preflight]:
    made = Preflight(fake, tmp_path, json.loads(prod()))
    ready(fake, made.record)
    yield made
    assert fake.changes == [], "a preflight writes nothing"


def test_ready_subscription_holds(preflight: Preflight) -> None:
    assert preflight() == 0, {check: preflight.missing(check) for check in preflight.results}
    assert set(preflight.results) == {check.name for check in CHECKS}
    assert {status for rows in preflight.results.values() for status, *_ in rows} <= {"holds", "skipped"}


def _unregister(p: Preflight) -> None:
    p.fake.namespaces["Microsoft.Cdn"]["registrationState"] = "NotRegistered"


def _no_recovery_services(p: Preflight) -> None:
    del p.fake.namespaces["Microsoft.RecoveryServices"]


def _region(p: Preflight) -> None:
    types = p.fake.namespaces["Microsoft.Cache"]["resourceTypes"]
    next(one for one in types if one["resourceType"] == "redisEnterprise")["locations"] = ["West US"]


def _retired(p: Preflight) -> None:
    for one in p.data["resources"]:
        if one["type"] == "azure-native:keyvault:Vault":
            one["apiVersion"] = "2015-06-01"


def _vault_name(p: Preflight) -> None:
    p.fake.taken["medspasync-backend"] = "AlreadyExists"


def _deleted_vault(p: Preflight) -> None:
    p.fake.kept["Microsoft.KeyVault"] = ["MEDSPASYNC-backend"]


def _sku(p: Preflight) -> None:
    p.fake.capabilities["supportedServerEditions"][0]["supportedServerSkus"][0]["name"] = "Standard_D4ds_v4"


def _restricted_region(p: Preflight) -> None:
    p.fake.capabilities["restricted"] = "Enabled"


def _no_zone_redundancy(p: Preflight) -> None:
    p.fake.capabilities["zoneRedundantHaSupported"] = "Disabled"


def _no_standby(p: Preflight) -> None:
    p.fake.capabilities["supportedServerEditions"][0]["supportedServerSkus"][0]["supportedHaMode"] = ["SameZone"]


def _zone(p: Preflight) -> None:
    p.fake.capabilities["supportedServerEditions"][0]["supportedServerSkus"][0]["supportedZones"] = ["3"]


def _no_geo_backup(p: Preflight) -> None:
    p.fake.capabilities["geoBackupSupported"] = "Disabled"


def _version(p: Preflight) -> None:
    p.fake.capabilities["supportedServerVersions"] = [{"name": "12"}]


def _cores(p: Preflight) -> None:
    p.fake.usages["Microsoft.DBforPostgreSQL"]["standardDDSv5Family"] = (95, 100)


def _workers(p: Preflight) -> None:
    p.fake.worker_regions = ["West US"]


def _storage(p: Preflight) -> None:
    p.fake.storage_skus = [{**sku, "restrictions": [{"type": "location"}]} for sku in p.fake.storage_skus]


def _endpoints(p: Preflight) -> None:
    p.fake.usages["Microsoft.Network"]["PrivateEndpoints"] = (95, 100)


def _watcher(p: Preflight) -> None:
    p.fake.watchers.clear()


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


def _registry(p: Preflight) -> None:
    p.fake.made.clear()


def _lock(p: Preflight) -> None:
    p.fake.lock(f"{SUBSCRIPTION}/resourceGroups/rg-mss-prod-data", "frozen", "ReadOnly")


def _rights(p: Preflight) -> None:
    p.fake.rights = [
        {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]}
    ]


def _reader(p: Preflight) -> None:
    p.fake.rights = [{"actions": ["*/read"], "notActions": []}]


def _later(p: Preflight) -> None:
    p.now = datetime(2027, 1, 1, tzinfo=UTC)


def _old_engine(p: Preflight) -> None:
    p.programs["pulumi"] = "v3.234.0"


@pytest.mark.parametrize(
    ("check", "break_it", "told"),
    [
        ("providers", _unregister, "NotRegistered (Microsoft.Cdn/"),
        ("providers", _no_recovery_services, "az provider register --wait -n Microsoft.RecoveryServices"),
        ("regions", _region, "Microsoft.Cache/redisEnterprise is not offered in"),
        ("regions", _retired, "API version 2015-06-01 is not there any more"),
        ("names", _vault_name, "medspasync-backend: the name is not free (AlreadyExists"),
        ("names", _deleted_vault, "az keyvault recover --name medspasync-backend"),
        ("database", _sku, "is not offered (offered: Standard_D4ds_v4)"),
        ("database", _restricted_region, "closed to this subscription"),
        ("database", _no_zone_redundancy, "no zone-redundant high availability for new servers"),
        ("database", _no_standby, "has no ZoneRedundant high availability (offered: SameZone)"),
        ("database", _zone, "is not offered in zone 1 (offered: 3)"),
        ("database", _no_geo_backup, "no geo-redundant backup"),
        ("database", _version, "is not offered (offered: 12)"),
        ("database", _cores, "8 cores are needed, 5 are left of standardDDSv5Family"),
        ("app-service", _workers, "no Linux workers in"),
        ("storage", _storage, "is not offered in"),
        ("quotas", _endpoints, "PrivateEndpoints: 19 are needed, 5 are left"),
        ("network-watcher", _watcher, "az network watcher configure --enabled true -g NetworkWatcherRG"),
        ("shared-subnets", _small_subnet, "2 plans join it, 10.0.0.0/27 is smaller than /26"),
        ("shared-subnets", _full_subnet, "addresses, "),
        ("existing", _registry, "registries/medspasyncpro is not there"),
        ("locks", _lock, "ReadOnly on"),
        ("rights", _rights, "Microsoft.Authorization/locks/delete"),
        ("rights", _reader, "private-links: not allowed to the signed-in identity: "),
        ("budget", _later, "it starts on 2026-12-01; Azure makes none that starts before 2027-01-01"),
        ("engine", _old_engine, "3.272.0 or newer is needed"),
    ],
)
def test_missing_thing_is_named(
    preflight: Preflight, check: str, break_it: Callable[[Preflight], None], told: str
) -> None:
    break_it(preflight)
    assert preflight() == 1
    assert told in preflight.missing(check)
    assert {name for name in preflight.results if preflight.missing(name)} == {check}


def test_own_resources_of_an_earlier_up_hold(preflight: Preflight) -> None:
    """Their names are taken, by us; their quota is used, by us."""
    record = preflight.record
    preflight.fake.made |= {real(one, record) for one in record.resources}
    preflight.fake.taken = {one.last_name: "AlreadyExists" for one in record.resources}
    preflight.fake.usages["Microsoft.Network"] = {row.name: (100, 100) for row in quotas().values()}
    preflight.fake.capabilities = {}
    assert preflight() == 0


def test_generated_name_is_not_looked_for(preflight: Preflight) -> None:
    vault = next(one for one in preflight.data["resources"] if one["id"].endswith("/medspasync-backend"))
    vault["propertyDependencies"] = {
        "vaultName": ["urn:pulumi:prod::p::medspasync:components:Names$random:index/randomString:RandomString::suffix"]
    }
    preflight.fake.taken["medspasync-backend"] = "AlreadyExists"
    assert preflight() == 0
    assert ("skipped", "backend", "its name is generated at the first `up`") in [
        (status, target.removeprefix("vault-"), detail) for status, target, detail in preflight.results["names"]
    ]


def test_quota_that_azure_does_not_list_is_told(preflight: Preflight) -> None:
    del preflight.fake.usages["Microsoft.App"]
    assert preflight() == 0
    assert any("ManagedEnvironmentCount" in detail for _, _, detail in preflight.results["quotas"])


def test_rights_that_azure_does_not_list_are_told(preflight: Preflight) -> None:
    preflight.fake.faults.append(Fault("GET", "/permissions$", 404, "InvalidResourceType"))
    assert preflight() == 0
    assert preflight.results["rights"][0][0] == "skipped"


def test_refused_read_fails_and_others_go_on(preflight: Preflight) -> None:
    preflight.fake.faults.append(Fault("GET", "/capabilities$", 403, "AuthorizationFailed"))
    assert preflight() == 1
    assert preflight.results["database"][0][0] == "failed"
    assert preflight.results["existing"]


def test_throttled_read_is_tried_again(preflight: Preflight) -> None:
    preflight.fake.faults.append(Fault("GET", "/providers$", 429, "TooManyRequests", {"Retry-After": "3"}, times=2))
    assert preflight() == 0


def test_unprotected_target_of_deleted_with_is_named(preflight: Preflight) -> None:
    resources = preflight.data["resources"]
    target = next(one for one in resources if one["type"] == "azure-native:network:VirtualNetwork")
    child = next(one for one in resources if one["type"] == "azure-native:network:Subnet")
    child.setdefault("options", {})["deletedWith"] = target["urn"]
    assert preflight() == 0
    assert any("pulumi#19924" in detail for _, _, detail in preflight.results["engine"])


def test_one_of_several_subscriptions_must_be_chosen(preflight: Preflight, capsys: pytest.CaptureFixture[str]) -> None:
    preflight.fake.subscriptions.append("22222222-2222-4333-8444-555555555555")
    assert preflight() == 2
    assert "--subscription is needed: 2 can be seen" in capsys.readouterr().err
    assert preflight("--subscription", SUBSCRIPTION.rsplit("/", 1)[-1]) == 0


@pytest.mark.parametrize(
    ("alter", "told"),
    [
        (lambda data: data.update(stack="dev"), "this is a record of stack dev, not of prod"),
        (lambda data: data.update(mode="preview"), "mode = preview: deployed"),
        (lambda data: data.pop("resources"), "no record of a stack (KeyError"),
    ],
)
def test_record_that_cannot_be_used_is_told(
    preflight: Preflight, capsys: pytest.CaptureFixture[str], alter: Callable[[dict[str, Any]], object], told: str
) -> None:
    alter(preflight.data)
    assert preflight() == 2
    assert told in capsys.readouterr().err


def _environment(**policy: Any) -> tuple[int, str]:
    rule = {"type": "required_reviewers", "reviewers": [{"type": "Team"}], "prevent_self_review": True}
    return 200, json.dumps(
        {"protection_rules": [rule], "deployment_branch_policy": {"protected_branches": True}, **policy}
    )


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (_environment(), 0, "a deployment waits for one of 1 reviewers"),
        (_environment(protection_rules=[]), 1, "start the deploy workflow by hand"),
        (_environment(deployment_branch_policy=None), 1, "every branch may deploy"),
        ((404, "{}"), 1, "there is none"),
        ((401, "{}"), 1, "GITHUB_TOKEN"),
    ],
)
def test_github_says_whether_a_deployment_waits(
    preflight: Preflight, answer: tuple[int, str], code: int, told: str
) -> None:
    preflight.github["/repos/o/r/environments/prod"] = answer
    assert preflight("--github") == code
    assert any(told in detail for _, _, detail in preflight.results["github"])


def test_list_asks_nobody(preflight: Preflight, capsys: pytest.CaptureFixture[str]) -> None:
    assert preflight("--list") == 0
    assert "NetworkWatcherRG" in capsys.readouterr().out
    assert preflight.fake.requests == []
    fewer = copy.deepcopy(preflight.data)
    fewer["resources"] = [one for one in fewer["resources"] if one["type"] != FLOW_LOG]
    preflight.data = fewer
    assert preflight("--list") == 0
    assert "NetworkWatcherRG" not in capsys.readouterr().out


def actions_table() -> str:
    """A Markdown table: a row for each step or command; consecutive rows with the same actions are one."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for name, actions in ACTIONS.items():
        rows.setdefault(actions, []).append(f"`{name}`")
    lines = [f"| {', '.join(names)} | {', '.join(f'`{one}`' for one in actions)} |" for actions, names in rows.items()]
    return "\n".join(["| step or command | actions |", "|---|---|", *lines])


def test_actions_of_steps_are_in_the_docs() -> None:
    assert actions_table() in (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    assert {step.name for step in STEPS} - set(ACTIONS) == {"slot-swap-back", "smoke"}
