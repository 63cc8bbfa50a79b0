"""The recorder: what a mock would hide is seen, what must not be seen is masked."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pulumi
import pytest
from pulumi.runtime import resource
from pulumi_azure_native import keyvault, managedidentity, resources

from assurance.record import SECRET, UNKNOWN, Mode, Record
from assurance.recorder import program as recorder
from assurance.recorder import simulate
from assurance.recorder.aliases import without_version_aliases
from assurance.recorder.program import record_program
from facts.types import resource_types
from stacks.entries import Entry, name_entry
from stacks.recording import follow_entries
from tests.harness import MODES, ROOT, only


def run(program: Callable[[], Any], mode: Mode = "deployed", **more: Any) -> Record:
    return record_program(program, stack="test", mode=mode, root=ROOT, **more)


def vault(name: str = "vault", vault_name: str = "kv-one", **more: Any) -> keyvault.Vault:
    return keyvault.Vault(
        name,
        resource_group_name="rg",
        vault_name=vault_name,
        properties=keyvault.VaultPropertiesArgs(
            tenant_id="tenant", sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD)
        ),
        **more,
    )


def kinds(record: Record) -> list[str]:
    return [problem["kind"] for problem in record.problems]


class Pair(pulumi.ComponentResource):
    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("medspasync:components:Pair", name, None, opts)
        self.vault = vault(f"{name}-vault", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({"uri": self.vault.properties.vault_uri})


def test_deployed_outputs_are_well_formed_and_stable() -> None:
    def program() -> None:
        identity = managedidentity.UserAssignedIdentity("app", resource_group_name="rg", resource_name_="id-app")
        pulumi.export("principal", identity.principal_id)
        pulumi.export("uri", vault().properties.vault_uri)

    first, second = run(program), run(program)
    assert first.outputs == second.outputs
    assert first.outputs["uri"] == "https://kv-one.vault.azure.net/"
    assert len(first.outputs["principal"].split("-")) == 5
    expected = f"/subscriptions/{simulate.SUBSCRIPTION_ID}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-one"
    assert only(first, "keyvault:Vault").id == expected


def test_preview_leaves_computed_outputs_unknown_at_every_depth() -> None:
    ran = []

    def program() -> None:
        one = vault()
        one.properties.vault_uri.apply(ran.append)
        pulumi.export("uri", one.properties.vault_uri)

    record = run(program, "preview")
    assert ran == []
    assert record.outputs["uri"] == UNKNOWN
    recorded = only(record, "keyvault:Vault")
    assert recorded.id == UNKNOWN
    assert recorded.outputs["properties"]["vaultUri"] == UNKNOWN
    assert recorded.outputs["properties"]["tenantId"] == "tenant"


def test_urns_are_the_engines() -> None:
    record = run(lambda: Pair("pair"))
    child = only(record, "keyvault:Vault")
    assert child.urn == (
        "urn:pulumi:test::medspasync::medspasync:components:Pair$azure-native:keyvault:Vault::pair-vault"
    )
    assert child.parent == "urn:pulumi:test::medspasync::medspasync:components:Pair::pair"
    component = record.by_urn[child.parent]
    assert component.parent == ""
    assert component.outputs == {"uri": "https://kv-one.vault.azure.net/"}


@pytest.mark.parametrize("mode", MODES)
def test_secrets_are_masked_and_their_paths_kept(mode: Mode) -> None:
    def program() -> None:
        properties = keyvault.SecretPropertiesArgs(value=pulumi.Output.secret("a-well-kept-secret"), content_type="x")
        keyvault.Secret("s", resource_group_name="rg", vault_name="kv", secret_name="s", properties=properties)
        pulumi.export("out", pulumi.Output.secret("another-kept-secret"))

    record = run(program, mode)
    secret = only(record, "keyvault:Secret")
    assert secret.secrets == ["properties.value"]
    assert secret.inputs["properties"] == {"value": SECRET, "contentType": "x"}
    assert record.outputs == {"out": SECRET}
    assert "kept-secret" not in record.to_json()
    assert record.problems == []


def test_secret_that_loses_its_mark_is_leak() -> None:
    def program() -> None:
        value = pulumi.Output.secret("a-well-kept-secret")
        properties = keyvault.SecretPropertiesArgs(value=value)
        keyvault.Secret("s", resource_group_name="rg", vault_name="kv", secret_name="s", properties=properties)
        vault(tags={"note": pulumi.Output.unsecret(value)})

    assert kinds(run(program)) == ["secret-leak"]


def test_an_input_that_resolves_to_nothing_is_reported() -> None:
    def program() -> None:
        nowhere = vault("other", vault_name="kv-two").location
        vault(tags={"nothing": nowhere, "something": "x"})

    record = run(program)
    assert kinds(record) == ["dropped-input"]
    assert "tags.nothing of vault" in record.problems[0]["message"]


def test_an_output_that_resolves_to_nothing_is_reported() -> None:
    record = run(lambda: pulumi.export("gone", pulumi.Output.from_input(None)))
    assert kinds(record) == ["dropped-output"]


def test_two_resources_of_one_name_are_reported() -> None:
    def program() -> None:
        vault()
        vault(vault_name="kv-two")

    assert kinds(run(program)) == ["duplicate-name"]


def test_two_resources_with_same_azure_id_are_reported() -> None:
    def program() -> None:
        vault("first")
        vault("second", vault_name="KV-ONE")

    record = run(program)
    assert kinds(record) == ["same-azure-resource"]
    assert record.problems[0]["source"]["file"] == "tests/assurance/recorder/test_program.py"


def test_source_trace_and_origin_name_project_lines() -> None:
    def program() -> None:
        with name_entry(Entry("stacks/catalogues/secrets.yaml", "JWT-SECRET")):
            Pair("pair")
        resources.ResourceGroup("group", resource_group_name="rg")

    with follow_entries(ROOT) as entries:
        record = run(program, origins=entries.origins)
    child = only(record, "keyvault:Vault")
    assert [frame["file"] for frame in child.trace][:2] == ["tests/assurance/recorder/test_program.py"] * 2
    assert child.source == child.trace[0]
    assert child.origin is not None
    assert child.origin["file"] == "stacks/catalogues/secrets.yaml"
    assert child.origin["key"] == "JWT-SECRET"
    assert child.origins == [{**child.origin, "path": ""}]
    assert only(record, "resources:ResourceGroup").origin is None


def test_quick_traces_are_those_of_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    def program() -> None:
        Pair("pair")
        vault("alone", "kv-alone")

    records = []
    for read in (recorder.stack_trace, resource._get_stack_trace):
        monkeypatch.setattr(recorder, "stack_trace", read)
        records.append(run(program))
    quick, slow = records
    assert [each.trace for each in quick] == [each.trace for each in slow]
    assert all(each.trace for each in quick)


def test_options_and_dependencies_are_kept() -> None:
    def program() -> None:
        group = resources.ResourceGroup("group", resource_group_name="rg")
        vault(opts=pulumi.ResourceOptions(depends_on=[group], protect=True, ignore_changes=["tags"]))
        keyvault.Secret(
            "s",
            resource_group_name=group.name,
            vault_name="kv",
            secret_name="s",
            properties=keyvault.SecretPropertiesArgs(value=pulumi.Output.secret("value-of-the-secret")),
            opts=pulumi.ResourceOptions(retain_on_delete=True, custom_timeouts=pulumi.CustomTimeouts(create="20m")),
        )

    record = run(program)
    group = only(record, "resources:ResourceGroup")
    one = only(record, "keyvault:Vault")
    assert one.options == {"protect": True, "ignoreChanges": ["tags"]}
    assert one.dependencies == [group.urn]
    secret = only(record, "keyvault:Secret")
    assert secret.propertyDependencies == {"resourceGroupName": [group.urn]}
    assert secret.options["retainOnDelete"] is True
    assert secret.options["customTimeouts"] == {"create": "20m"}


def test_failures_inside_apply_are_raised() -> None:
    def program() -> None:
        vault().properties.vault_uri.apply(lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        run(program)


def test_leaving_out_version_aliases_changes_nothing_in_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def program() -> None:
        Pair("pair", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old-name")]))

    texts = set()
    for shorten in (without_version_aliases, lambda opts: (opts, without_version_aliases(opts)[1])):
        monkeypatch.setattr(recorder, "without_version_aliases", shorten)
        record = run(program)
        record.seconds = 0
        texts.add(record.to_json())
    assert len(texts) == 1


def test_an_sdk_without_stack_transformations_still_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(pulumi.runtime, "register_stack_transformation")
    record = run(vault)
    assert kinds(record) == ["sdk"]
    assert only(record, "keyvault:Vault").inputs["vaultName"] == "kv-one"


def test_every_row_names_a_class_of_the_sdk() -> None:
    for token in resource_types():
        package, module, name = token.split(":")
        if package in ("azure-native", "random"):
            cls = simulate.resource_class(token)
        else:  # another provider's: its name alone is needed, for nothing of it is simulated from its class
            cls = getattr(import_module(f"pulumi_{package}"), name, None)
        assert cls is not None, (module, token)
        assert cls.__name__ == token.rsplit(":", 1)[-1]


RESOURCE = dict.fromkeys(("id", "type", "name", "parent"), "x") | {"urn": "urn:x", "inputs": {}, "outputs": {}}


def altered(**changes: Any) -> str:
    """A small record that could be read, with ``changes``."""
    return json.dumps({"stack": "dev", "mode": "preview", "resources": [RESOURCE], "outputs": {}, **changes})


def test_a_record_survives_being_saved() -> None:
    record = run(lambda: Pair("pair"))
    assert Record.from_json(record.to_json()) == record


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "not JSON"),
        (altered(recordVersion=True), "recordVersion"),
        (altered(recordVersion=0), "recordVersion"),
        ("[]", "JSON object"),
        ("{}", "needs stack"),
        (altered(stack=1), "stack"),
        (altered(mode="live"), "mode"),
        (altered(resources=[]), "a record of nothing"),
        (altered(resources=[{}]), r"resources\.0\.urn"),
        (altered(resources=[RESOURCE | {"inputs": None}]), r"resources\.0\.inputs"),
        (altered(resources=[RESOURCE, RESOURCE]), "urn:x stands there 2 times"),
    ],
)
def test_what_is_no_record_is_refused(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Record.from_json(text)
