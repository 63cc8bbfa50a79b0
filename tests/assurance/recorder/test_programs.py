"""Any Pulumi Python program of azure-native resources is recorded as a real run would have it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assurance.check.audit import audit
from assurance.cli import app
from assurance.errors import ProgramError, UsageError
from assurance.record import UNKNOWN, Mode
from assurance.recorder.processes import Job, record_stacks
from assurance.recorder.stack_reference import Mark
from policies.exceptions import Register
from tests.harness import MODES, only
from tests.policies.records import TODAY
from tests.programs import NAMES, PROGRAMS, program_record, write_program

RUN = CliRunner()
VERDICTS: dict[str, set[tuple[str, str]]] = {
    "containers": {("site", "TYPE-CLOSED"), ("registry", "TYPE-CLOSED"), ("logs", "MON-LOCAL-AUTH")},
    "documents_and_flows": {("flow", "TYPE-CLOSED"), ("index", "TYPE-CLOSED")},
    "lists_and_lookups": {("generic", "KV-PURGE-PROTECTION"), ("index", "TYPE-CLOSED"), ("spoke", "NET-SUBNET-NSG")},
    "machine_on_the_internet": {("server", "SEC-MARKED"), ("net", "NET-SUBNET-NSG")},
    "other_providers": {("deployer", "ID-LEAST-PRIVILEGE")},
    "site_with_sql": {("server", "SEC-MARKED"), ("app", "APP-SECRETS-REFERENCED"), ("app", "APP-HTTPS-ONLY")},
    "stands_on_another": {("cluster-owner", "ID-LEAST-PRIVILEGE"), ("cluster-owner", "ID-SCOPE")},
    "tags_for_all": {("store-westeurope-pictures", "ST-CONTAINER-PRIVATE"), ("storenortheurope", "ST-NO-SHARED-KEY")},
    "vault_and_site": {("vault", "KV-PURGE-PROTECTION"), ("site", "ST-NO-SHARED-KEY")},
    "versions_and_providers": {("old", "KV-PRIVATE"), ("new", "KV-PRIVATE"), ("usual", "OPT-OWN-PROVIDER")},
}
"""What is wrong in each program, whatever its shape: (resource, rule)."""
UNDECIDED = {
    "documents_and_flows": {"documents", "connection"},
    "machine_on_the_internet": {"server", "card", "suffix"},
    "site_with_sql": {"server", "everybody", "data"},
    "stands_on_another": {"machine", "card", "key"},
}
"""Resources of types of which nobody decided anything: named, never passed over."""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_foreign_programs_record_without_problems(name: str, mode: Mode) -> None:
    record = program_record(name, mode)
    assert record.problems == []
    assert record.resources
    assert record.basis["project"] == record.project == name.replace("_", "-")
    assert not record.own


def test_unknown_outputs_in_lists_stay_unknown() -> None:
    """``network.subnets[0].id``: the provider's preview walks lists as well."""
    for mode in MODES:
        card = only(program_record("lists_and_lookups", mode), "network:NetworkInterface")
        assert card.inputs["ipConfigurations"][0]["subnet"]["id"] == UNKNOWN


def test_location_left_out_is_the_groups() -> None:
    record = program_record("vault_and_site", "deployed")
    vault = only(record, "keyvault:Vault")
    assert "location" not in vault.inputs
    assert vault.outputs["location"] == "westeurope"
    assert only(program_record("lists_and_lookups", "deployed"), "search:Service").outputs["location"] == "northeurope"


def test_typed_results_are_exported_by_wire_name() -> None:
    outputs = program_record("vault_and_site", "deployed").outputs
    assert outputs["endpoints"]["blob"].startswith("https://site")
    assert outputs["endpoints"]["internetEndpoints"]["web"] == UNKNOWN


def test_looked_up_resources_have_ids_only() -> None:
    for mode in MODES:
        record = program_record("lists_and_lookups", mode)
        (hub,) = [each for each in record.of_type("network:VirtualNetwork") if each.name == "hub"]
        assert hub.id.endswith("/virtualNetworks/vnet-hub")
        assert hub.options["existing"] is True
        assert hub.inputs["addressSpace"] == UNKNOWN
        assert hub.inputs["resourceGroupName"] == "rg-hub"
        peering = only(record, "network:VirtualNetworkPeering")
        assert mode == "preview" or peering.inputs["remoteVirtualNetwork"]["id"] == hub.id


def test_generic_resources_count_as_their_type() -> None:
    (vault,) = program_record("lists_and_lookups", "deployed").of_type("keyvault:Vault")
    assert vault.token == "azure-native:resources:Resource"
    assert vault.apiVersion == "2023-07-01"
    assert vault.id.endswith("/resourceGroups/rg-lists/providers/Microsoft.KeyVault/vaults/kv-lists")


def test_unknown_types_are_named_in_both_modes() -> None:
    for mode in MODES:
        assert program_record("other_providers", mode).unknownTypes == [
            "tls:index/privateKey:PrivateKey",
        ]
    deployed = program_record("vault_and_site", "deployed")
    assert "azure-native:storage:listStorageAccountKeys" in deployed.unknownTypes


def test_custom_is_the_registrations_own_flag() -> None:
    record = program_record("other_providers", "deployed")
    assert [each.type for each in record if not each.custom] == ["shop:index:Deployer"]


def test_api_version_is_that_of_the_class() -> None:
    record = program_record("other_providers", "preview")
    versions = {each.type: each.apiVersion for each in record}
    assert versions["azure-native:authorization:RoleAssignment"] == "2022-04-01"
    assert versions["tls:index/privateKey:PrivateKey"] is None


def test_encrypted_config_is_stood_in_for() -> None:
    record = program_record("lists_and_lookups", "deployed")
    machine = only(record, "compute:VirtualMachine")
    assert machine.secrets == ["osProfile.adminPassword"]
    assert record.supplied == ["lists-and-lookups:adminPassword"]


def test_a_missing_config_key_is_named(tmp_path: Path) -> None:
    root = write_program(tmp_path, "import pulumi\npulumi.Config().require('size')\n")
    with pytest.raises(UsageError, match=r"Pulumi\.dev\.yaml: small:size: the program requires it"):
        record_stacks(root, [Job("dev", "preview")])
    assert RUN.invoke(app, ["preview", "--project", str(root)]).exit_code == 2


def test_a_missing_module_exits_with_3(tmp_path: Path) -> None:
    root = write_program(tmp_path, "import nobody_wrote_this\n")
    result = RUN.invoke(app, ["check", "--project", str(root)])
    assert result.exit_code == 3
    assert "No module named 'nobody_wrote_this'" in result.stderr
    assert "__main__.py" in result.stderr


def test_a_failing_program_shows_its_own_frames(tmp_path: Path) -> None:
    text = "from pulumi_azure_native import resources\nresources.ResourceGroup(7)\n"
    with pytest.raises(ProgramError) as failed:
        record_stacks(write_program(tmp_path, text), [Job("dev", "preview")])
    assert "__main__.py" in failed.value.detail
    assert "site-packages" not in failed.value.detail


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("name: [a\n", "Pulumi.yaml:"),
        ("runtime: python\n", "name = None"),
        ("name: a\nruntime: nodejs\n", "runtime = 'nodejs': python"),
        ("name: a\nruntime: python\nmain: nowhere\n", "main = 'nowhere'"),
    ],
)
def test_a_wrong_project_file_is_exit_2(tmp_path: Path, text: str, what: str) -> None:
    write_program(tmp_path, "")
    (tmp_path / "Pulumi.yaml").write_text(text, encoding="utf-8")
    result = RUN.invoke(app, ["preview", "--project", str(tmp_path)])
    assert result.exit_code == 2
    assert what in result.stderr


def test_preview_names_unknown_types_and_holds(tmp_path: Path) -> None:
    target = tmp_path / "record.json"
    folder = str(PROGRAMS / "other_providers")
    result = RUN.invoke(app, ["preview", "trial", "--project", folder, "--json", str(target)])
    assert result.exit_code == 0
    assert "tls:index/privateKey:PrivateKey" in result.stdout
    assert json.loads(target.read_text(encoding="utf-8"))["recordVersion"] == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_foreign_programs_get_their_verdicts(name: str, mode: Mode) -> None:
    findings = audit(program_record(name, mode), Register(), TODAY).findings
    failed = {(each.name, each.rule) for each in findings if each.status == "fail"}
    assert VERDICTS[name] <= failed
    named = {each.name for each in findings if each.rule == "TYPE-DECIDED" and each.status == "unchecked"}
    assert UNDECIDED.get(name, set()) <= named


def test_programs_are_of_ten_shapes() -> None:
    assert len(NAMES) >= 10
    assert set(NAMES) == VERDICTS.keys()


def test_outputs_of_another_stack_stay_unknown() -> None:
    for mode in MODES:
        record = program_record("stands_on_another", mode)
        card = only(record, "network:NetworkInterface")
        assert card.inputs["ipConfigurations"][0]["subnet"]["id"] == UNKNOWN
        assert record.outputs["gateway"] == UNKNOWN
        assert "pulumi:pulumi:StackReference" not in record.unknownTypes
    assert Mark(UNKNOWN)["subnets"].get("one")[0] == "["


def test_transformations_and_versioned_tokens_are_recorded() -> None:
    for account in program_record("tags_for_all", "deployed").of_type("storage:StorageAccount"):
        assert account.inputs["tags"] == {"team": "shop"}
    vaults = program_record("versions_and_providers", "preview").of_type("keyvault:Vault")
    assert {vault.apiVersion for vault in vaults} >= {"2023-07-01", "2026-02-01"}
    assert {vault.name for vault in vaults if vault.options.get("provider")} == {"old", "usual"}


@pytest.mark.parametrize("name", NAMES)
def test_check_judges_a_foreign_program_by_azure_only(name: str, tmp_path: Path) -> None:
    target = tmp_path / "findings.json"
    result = RUN.invoke(app, ["check", "trial", "--project", str(PROGRAMS / name), "--json", str(target)])
    assert result.exit_code in (0, 1), result.stderr
    findings = json.loads(target.read_text(encoding="utf-8"))["findings"]
    assert {each["status"] for each in findings if each["rule"] == "REACH-NEEDED"} == {"not-applicable"}
    failed = {each["rule"] for each in findings if each["status"] == "fail"}
    assert not failed & {"DECLARED", "LOG-FEED", "STACKS-OWNER"}
    assert not {rule for rule in failed if rule.startswith("FLOOR-")}
    judged = [each for each in findings if each["status"] != "unchecked"]
    assert not [each for each in judged if each["name"] == "hub"], "it exists already, and is not managed here"


CHANGED = """
import pulumi
from pulumi_azure_native import resources, storage

def open_all(args):
    if args.type_ == "azure-native:storage:StorageAccount":
        options = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(ignore_changes=["sku"]))
        return pulumi.ResourceTransformResult({**args.props, "allowBlobPublicAccess": True}, options)

async def move(args):
    return pulumi.ResourceTransformResult({**args.props, "location": "westus"}, args.opts)

pulumi.runtime.register_resource_transform(open_all)
group = resources.ResourceGroup("group", location="westeurope")
store = storage.StorageAccount(
    "store", resource_group_name=group.name, kind="StorageV2", sku={"name": "Standard_LRS"}, tags={"a": "b"},
    allow_blob_public_access=False,
    opts=pulumi.ResourceOptions(
        transforms=[move], version="2.0.0", plugin_download_url="https://plugins.example", deleted_with=group,
        hide_diffs=["tags"],
    ),
)
storage.BlobContainer(
    "below", account_name=store.name, resource_group_name=group.name, opts=pulumi.ResourceOptions(parent=store)
)
storage.BlobContainer(
    "apart", account_name=store.name, resource_group_name=group.name,
    opts=pulumi.ResourceOptions(hide_diffs=["publicAccess"]),
)
"""


def test_transforms_change_what_is_recorded(tmp_path: Path) -> None:
    """The resource's own, its parents' and the stack's, as the engine applies them; and every option is kept."""
    root = write_program(tmp_path, CHANGED)
    for record in record_stacks(root, [Job("dev", mode) for mode in MODES]):
        store = only(record, "storage:StorageAccount")
        assert store.inputs["allowBlobPublicAccess"] is True
        assert store.inputs["location"] == "westus"
        assert store.inputs["tags"] == {"a": "b"}
        assert store.options["ignoreChanges"] == ["sku"]
        assert store.options["version"] == "2.0.0"
        assert store.options["pluginDownloadURL"] == "https://plugins.example"
        assert store.options["deletedWith"].endswith("::group")
        below, apart = sorted(record.of_type("storage:BlobContainer"), key=lambda each: each.name, reverse=True)
        assert (below.inputs.get("location"), apart.inputs.get("location")) == ("westus", None)
        assert apart.options["hideDiffs"] == ["publicAccess"]
        assert "version" not in apart.options
        assert store.propertyDependencies["resourceGroupName"]
        assert record.problems == []
