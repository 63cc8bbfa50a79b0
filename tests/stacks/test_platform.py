"""The platform of every stack, in both modes: properties that hold for all resources."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from assurance.project import read_project
from assurance.record import UNKNOWN, Mode, Record, Resource
from assurance.recorder.program import record_program, run_main
from documents.yaml_text import load_yaml
from stacks.catalogues.secrets import catalogue
from stacks.naming import RULES
from tests.harness import MODES, ROOT, STACKS, project_record, shared_record, stack_record
from tests.projects import minimal_config

EVERY = [(stack, mode) for stack in STACKS for mode in MODES]

# learn.microsoft.com/azure/azure-monitor/platform/resource-logs-categories: types of this platform with diagnostics.
DIAGNOSABLE = (
    "keyvault:Vault",
    "dbforpostgresql:Server",
    "web:WebApp",
    "web:WebAppSlot",
    "web:AppServicePlan",
    "cdn:Profile",
    "network:VirtualNetwork",
    "network:NetworkSecurityGroup",
    "network:PublicIPAddress",
    "operationalinsights:Workspace",
    "redisenterprise:RedisEnterprise",
    "servicebus:Namespace",
    "dataprotection:BackupVault",
)


@pytest.fixture(params=EVERY, ids="-".join)
def record(request: pytest.FixtureRequest) -> Record:
    stack, mode = request.param
    return shared_record(stack, mode)


@pytest.fixture(params=STACKS)
def deployed(request: pytest.FixtureRequest) -> Record:
    return shared_record(request.param, "deployed")


def test_the_three_environments_are_there() -> None:
    assert STACKS[:3] == ["dev", "staging", "prod"]


def test_nothing_a_real_engine_or_azure_would_refuse(record: Record) -> None:
    assert record.problems == []


def test_both_modes_declare_the_same_resources() -> None:
    for stack in STACKS:
        one, other = shared_record(stack, "preview"), shared_record(stack, "deployed")
        assert [r.urn for r in one] == [r.urn for r in other]
        assert [r.options for r in one] == [r.options for r in other]


def test_a_record_is_the_same_in_every_run() -> None:
    from assurance.recorder.stack import record_stack

    again = record_stack(read_project(ROOT), "dev", "deployed")
    again.seconds = 0
    before = stack_record("dev")
    before.seconds = 0
    assert again.to_json() == before.to_json()


def test_deployed_inputs_are_all_known(deployed: Record) -> None:
    for resource in deployed:
        assert UNKNOWN not in json.dumps(resource.inputs), resource.name


def test_every_resource_names_its_line_and_entry(record: Record) -> None:
    for resource in record:
        assert resource.source, resource.urn
        assert (ROOT / resource.source["file"]).is_file()
        assert resource.trace[-1]["file"] == "__main__.py"
        if resource.origin is not None:
            line = (ROOT / resource.origin["file"]).read_text().splitlines()[resource.origin["line"] - 1]
            # An entry that keeps its default is named by the nearest section that the file has.
            key = resource.origin["key"]
            item = key.endswith("]") and line.lstrip().startswith("- ")
            assert item or any(part in line for part in re.split(r"[.:]", key)[1:] or [line]), line


@pytest.mark.parametrize("type_", ["keyvault:Secret", "monitor:MetricAlert", "web:WebApp", "frontdoor:Policy"])
def test_what_comes_from_catalogue_or_config_says_so(record: Record, type_: str) -> None:
    found = record.of_type(type_)
    assert found
    assert all(resource.origin for resource in found)


@pytest.mark.parametrize("type_", DIAGNOSABLE)
def test_everything_that_can_have_diagnostic_setting_has_one(deployed: Record, type_: str) -> None:
    watched = {r.inputs["resourceUri"].lower() for r in deployed.of_type("monitor:DiagnosticSetting")}
    for resource in deployed.of_type(type_):
        assert resource.id.lower() in watched, resource.name


def test_every_private_endpoint_resolves_by_linked_zone(deployed: Record) -> None:
    linked = {link.inputs["privateZoneName"] for link in deployed.of_type("privatedns:VirtualNetworkLink")}
    groups = {group.inputs["privateEndpointName"]: group for group in deployed.of_type("network:PrivateDnsZoneGroup")}
    for endpoint in deployed.of_type("network:PrivateEndpoint"):
        group = groups[endpoint.inputs["privateEndpointName"]]
        zones = [config["privateDnsZoneId"].rsplit("/", 1)[-1] for config in group.inputs["privateDnsZoneConfigs"]]
        assert zones
        assert set(zones) <= linked


def test_each_app_has_one_identity_for_its_vault(deployed: Record) -> None:
    readers = Counter(
        policy["objectId"]
        for vault in deployed.of_type("keyvault:Vault")
        for policy in vault.inputs["properties"]["accessPolicies"]
    )
    identities = {r.outputs["principalId"]: r for r in deployed.of_type("managedidentity:UserAssignedIdentity")}
    assert set(readers) <= set(identities)
    assert all(count == 1 for count in readers.values())


def test_app_identities_have_exactly_get_and_list(record: Record) -> None:
    for vault in record.of_type("keyvault:Vault"):
        for policy in vault.inputs["properties"]["accessPolicies"]:
            granted = policy["permissions"]
            assert (granted["keys"], granted["secrets"]) in (
                ([], ["get", "list"]),
                (["get", "list", "wrapKey", "unwrapKey"], []),
            )
            assert granted["certificates"] == granted["storage"] == []


def test_secrets_are_secret_expire_and_are_retained(record: Record) -> None:
    for secret in record.of_type("keyvault:Secret"):
        assert secret.secrets == ["properties.value"]
        assert secret.options["retainOnDelete"] is True
        assert secret.origin is not None
        name = secret.origin["key"]
        entry = catalogue()[name]
        assert secret.inputs["secretName"].removesuffix("-PREVIOUS").endswith(name)
        expires = secret.inputs["properties"]["attributes"].get("expires")
        assert (expires is not None) == (entry.rotation.days is not None), name
        assert secret.inputs["properties"]["contentType"] == entry.content_type


def test_every_secret_of_app_is_in_its_vault(deployed: Record) -> None:
    # The database job's vault has copies: tests/stacks/test_database_credentials.py.
    written = {
        secret.outputs["properties"]["secretUri"]
        for secret in deployed.of_type("keyvault:Secret")
        if not secret.name.startswith("database-")
    }
    read = set()
    for settings in deployed.of_type("web:WebAppApplicationSettings", "web:WebAppApplicationSettingsSlot"):
        for value in settings.inputs["properties"].values():
            if match := re.fullmatch(r"@Microsoft\.KeyVault\(SecretUri=(.+?)/?\)", str(value)):
                read.add(match[1])
    assert read
    assert read == written


def test_no_secret_stands_in_a_stack_file() -> None:
    for stack in STACKS:
        text = (ROOT / f"Pulumi.{stack}.yaml").read_text()
        assert not re.search(r"sk_(live|test)_|whsec_|-----BEGIN|AccountKey=", text)
        config = load_yaml(text)["config"]
        assert "medspasync:secrets" not in config or all(
            set(value) == {"secure"} for value in config["medspasync:secrets"].values()
        )


def test_global_names_keep_azures_rules(deployed: Record) -> None:
    kinds = {
        "keyvault:Vault": ("vault", "vaultName"),
        "storage:StorageAccount": ("storage", "accountName"),
        "web:WebApp": ("site", "name"),
        "dbforpostgresql:Server": ("postgres", "serverName"),
        "redisenterprise:RedisEnterprise": ("redis", "clusterName"),
        "servicebus:Namespace": ("servicebus", "namespaceName"),
        "frontdoor:Policy": ("waf", "policyName"),
    }
    for type_, (kind, key) in kinds.items():
        for resource in deployed.of_type(type_):
            name = resource.inputs[key]
            assert len(name) <= RULES[kind].longest, name
            assert re.match(RULES[kind].pattern, name), name


def test_stateful_resources_are_protected_and_locked_by_config() -> None:
    stateful = ("keyvault:Vault", "dbforpostgresql:Server", "storage:StorageAccount", "operationalinsights:Workspace")
    for stack, asked in (("prod", True), ("dev", False)):
        record = stack_record(stack)
        locked = {lock.inputs["scope"].lower() for lock in record.of_type("authorization:ManagementLockByScope")}
        for resource in record.of_type(*stateful):
            assert resource.options["protect"] is asked, resource.name
            assert (resource.id.lower() in locked) is asked, resource.name


def test_everything_that_takes_tags_has_the_stacks() -> None:
    record = stack_record("prod")
    for resource in record.of_type("keyvault:Vault", "web:WebApp", "dbforpostgresql:Server", "cdn:Profile"):
        assert resource.inputs["tags"]["environment"] == "prod"
        assert resource.inputs["tags"]["data-classification"] == "phi"


def _network(stack: str) -> str:
    config = load_yaml((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return str(config["medspasync:network"]["addressSpace"])


def test_address_spaces_of_the_stacks_do_not_overlap() -> None:
    from ipaddress import ip_network

    spaces = [ip_network(_network(stack)) for stack in STACKS]
    for index, space in enumerate(spaces):
        assert not any(space.overlaps(other) for other in spaces[:index])


def test_real_run_names_missing_secrets_before_first_resource() -> None:
    """It stops before the first resource and names all of them."""
    from stacks.settings.reading.parse import SettingsError
    from stacks.settings.reading.stack_file import read_stack_file

    config = read_stack_file(ROOT / "Pulumi.prod.yaml").engine_config()
    made: list[Resource] = []
    with pytest.raises(SettingsError) as stopped:
        record_program(
            run_main(read_project(ROOT)),
            stack="prod",
            mode="preview",
            root=ROOT,
            config=config,
            on_resource=lambda: made.append(None),  # type: ignore[arg-type]
        )
    assert made == []
    missing = {problem.key.rpartition(".")[2] for problem in stopped.value.problems}
    assert {"STRIPE-SECRET-KEY", "EMAIL-PASS", "MONITORING-WEBHOOK-URL"} <= missing
    assert "MONGO-URI" not in missing


@pytest.mark.parametrize("mode", MODES)
def test_the_least_config_is_a_stack(mode: Mode) -> None:
    record = project_record(minimal_config(), mode, "least")
    assert record.problems == []
    # Safe defaults: geo-redundant backup is on, with its own vault in the paired region.
    assert len(record.of_type("keyvault:Vault")) == 3
    assert len(record.of_type("random:index/randomString:RandomString")) == 1
