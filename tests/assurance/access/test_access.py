"""The access matrix of the project's own stacks, and what makes it fail."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assurance.access.matrix import Matrix, matrix
from assurance.access.tables import duties
from assurance.cli import app
from assurance.record import Mode, Record
from facts.roles import roles
from tests.assurance.altered import added, lean_record, named
from tests.assurance.cli import failures, run
from tests.harness import MODES, STACKS, project_record, shared_record
from tests.projects import stack_config

OWNER = "/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_holds(stack: str, mode: Mode) -> None:
    found = matrix(shared_record(stack, mode))
    assert found.report.with_status("fail") == []
    assert found.grants


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_app_and_slot_read_own_secrets_only(stack: str, mode: Mode) -> None:
    """An app may get and list its own secrets; its slot acts as it."""
    found = matrix(shared_record(stack, mode))
    apps = {name for name, users in found.users.items() if any(user.startswith("app-") for user in users)}
    assert apps == {"backend", "frontend", "marketing", "pro-next"}
    for name in apps:
        assert found.users[name] == [f"app-{name}", f"app-{name}-slot (slot)"]
        vaults = {
            (grant.target.name, grant.rights)
            for grant in found.grants
            if grant.principal.name == name and grant.target.type == "keyvault:Vault"
        }
        assert vaults == {(f"vault-{name}", ("secrets get", "secrets list"))}


def test_both_modes_of_record_give_same_readers() -> None:
    def readers(found: Matrix) -> set[tuple[str, str, tuple[str, ...]]]:
        return {(item.vault.name, item.name, tuple(reader.name for reader in item.readers)) for item in found.secrets}

    preview, deployed = (matrix(shared_record("prod", mode)) for mode in MODES)
    assert readers(preview) == readers(deployed)
    assert len(readers(deployed)) == len(shared_record("prod").of_type("keyvault:Secret"))


@pytest.mark.parametrize("secret", ["JWT-SECRET", "ENCRYPTION-KEY", "STRIPE-SECRET-KEY", "DATABASE-URL"])
def test_only_backend_reads_what_opens_phi_or_money(secret: str) -> None:
    (item,) = [item for item in matrix(shared_record("prod")).secrets if item.name == secret]
    assert [reader.name for reader in item.readers] == ["backend"]


def by_roles(mode: Mode) -> Record:
    """Production with its vaults in the other authorization model."""
    config = stack_config("prod")
    assert config["medspasync:vaults"]["authorization"] == "access-policies"
    config["medspasync:vaults"]["authorization"] = "rbac"
    return project_record(config, mode)


def test_both_vault_models_give_the_same_matrix() -> None:
    policies, assignments = matrix(shared_record("prod")), matrix(by_roles("deployed"))
    assert policies.rights() == assignments.rights()
    assert {grant.via for grant in policies.grants} != {grant.via for grant in assignments.grants}
    assert assignments.report.with_status("fail") == []


def test_role_is_judged_at_a_first_preview() -> None:
    """A role's id is made of what is known beforehand, so a preview leaves no assignment of ours unjudged."""
    report = matrix(by_roles("preview")).report
    assert report.with_status("fail") == []
    assert not [finding for finding in report.with_status("unchecked") if finding.rule == "ACCESS-ROLE"]


def test_role_that_is_not_known_is_unchecked() -> None:
    record = by_roles("preview")
    named(record, "vault-backend-reader", "authorization:RoleAssignment").inputs["roleDefinitionId"] = "[unknown]"
    report = matrix(record).report
    unchecked = {finding.name for finding in report.with_status("unchecked") if finding.rule == "ACCESS-ROLE"}
    assert "vault-backend-reader" in unchecked
    assert report.with_status("fail") == []


def _stranger_in_a_vault(record: Record) -> None:
    vault = named(record, "vault-backend", "keyvault:Vault")
    vault.inputs["properties"]["accessPolicies"][0]["objectId"] = "11111111-1111-4111-8111-111111111111"


def _client_id_for_principal_id(record: Record) -> None:
    identity = named(record, "identity-backend", "managedidentity:UserAssignedIdentity")
    named(record, "app-backend-telemetry", "authorization:RoleAssignment").inputs["principalId"] = identity.outputs[
        "clientId"
    ]


def _role_nobody_knows(record: Record) -> None:
    assignment = named(record, "app-backend-telemetry", "authorization:RoleAssignment")
    assignment.inputs["roleDefinitionId"] = OWNER[:-12] + "000000000000"


def _owner(record: Record) -> None:
    named(record, "app-backend-telemetry", "authorization:RoleAssignment").inputs["roleDefinitionId"] = OWNER


def _app_manages_secrets(record: Record) -> None:
    policy = named(record, "vault-backend", "keyvault:Vault").inputs["properties"]["accessPolicies"][0]
    policy["permissions"]["secrets"].append("set")


def _app_decrypts_with_keys(record: Record) -> None:
    backend = named(record, "vault-backend", "keyvault:Vault").inputs["properties"]["accessPolicies"][0]
    policies = named(record, "vault-keys", "keyvault:Vault").inputs["properties"]["accessPolicies"]
    policies.append({**policies[0], "objectId": backend["objectId"]})


def _whole_group(record: Record) -> None:
    assignment = named(record, "app-backend-telemetry", "authorization:RoleAssignment")
    assignment.inputs["scope"] = assignment.inputs["scope"].split("/providers/")[0]


def _whole_subscription(record: Record) -> None:
    assignment = named(record, "event-bus-mail-sender-backend", "authorization:RoleAssignment")
    assignment.inputs["scope"] = "/subscriptions/00000000-0000-4000-8000-000000000001"


def _shared_by_apps(record: Record) -> None:
    backend = named(record, "app-backend", "web:WebApp")
    named(record, "app-marketing", "web:WebApp").inputs["identity"] = backend.inputs["identity"]


def _shared_by_duties(record: Record) -> None:
    archive = named(record, "archive", "storage:StorageAccount")
    archive.inputs["identity"] = named(record, "app-backend", "web:WebApp").inputs["identity"]


def _neighbours_secrets(record: Record) -> None:
    policies = named(record, "vault-backend", "keyvault:Vault").inputs["properties"]["accessPolicies"]
    marketing = named(record, "vault-marketing", "keyvault:Vault").inputs["properties"]["accessPolicies"][0]
    policies.append(marketing)


def _neighbours_secrets_by_a_policy_of_its_own(record: Record) -> None:
    vault = named(record, "vault-backend", "keyvault:Vault")
    marketing = named(record, "vault-marketing", "keyvault:Vault").inputs["properties"]["accessPolicies"][0]
    added(record, "extra", "keyvault:AccessPolicy", {"vaultName": vault.inputs["vaultName"], "policy": marketing})


def _secret_nobody_asks_for(record: Record) -> None:
    settings = [
        *record.of_type("web:WebAppApplicationSettings"),
        *record.of_type("web:WebAppApplicationSettingsSlot"),
    ]
    for each in settings:
        each.inputs["properties"].pop("JWT_SECRET", None)


def _secret_that_cannot_be_read(record: Record) -> None:
    named(record, "vault-frontend", "keyvault:Vault").inputs["properties"]["accessPolicies"] = []


def _policies_that_azure_ignores(record: Record) -> None:
    named(record, "vault-frontend", "keyvault:Vault").inputs["properties"]["enableRbacAuthorization"] = True


def _cache_policy_nobody_knows(record: Record) -> None:
    named(record, "redis-user-backend", "redisenterprise:AccessPolicyAssignment").inputs["accessPolicyName"] = "mine"


BROKEN: list[tuple[Callable[[Record], Any], str, str]] = [
    (_stranger_in_a_vault, "ACCESS-PRINCIPAL", "vault-backend"),
    (_client_id_for_principal_id, "ACCESS-PRINCIPAL", "app-backend-telemetry"),
    (_role_nobody_knows, "ACCESS-ROLE", "app-backend-telemetry"),
    (_cache_policy_nobody_knows, "ACCESS-ROLE", "redis-user-backend"),
    (_owner, "ACCESS-DUTY", "app-backend-telemetry"),
    (_app_manages_secrets, "ACCESS-DUTY", "vault-backend"),
    (_app_decrypts_with_keys, "ACCESS-DUTY", "vault-keys"),
    (_whole_group, "ACCESS-SCOPE", "app-backend-telemetry"),
    (_whole_subscription, "ACCESS-SCOPE", "event-bus-mail-sender-backend"),
    (_shared_by_apps, "ACCESS-SHARED", "identity-backend"),
    (_shared_by_duties, "ACCESS-SHARED", "identity-backend"),
    (_neighbours_secrets, "ACCESS-SECRETS", "identity-marketing"),
    (_neighbours_secrets_by_a_policy_of_its_own, "ACCESS-SECRETS", "identity-marketing"),
    (_secret_nobody_asks_for, "ACCESS-SECRETS", "identity-backend"),
    (_secret_that_cannot_be_read, "ACCESS-SECRETS", "identity-frontend"),
    (_policies_that_azure_ignores, "ACCESS-SECRETS", "identity-frontend"),
]


@pytest.mark.parametrize(("change", "rule", "name"), BROKEN, ids=[change.__name__[1:] for change, _, _ in BROKEN])
def test_what_is_wrong_is_found_and_named(
    change: Callable[[Record], Any], rule: str, name: str, tmp_path: Path
) -> None:
    record = lean_record()
    change(record)
    result, report = run("access", record, tmp_path)
    assert result.exit_code == 1
    found = [finding for finding in failures(report) if finding["rule"] == rule]
    assert name in {finding["name"] for finding in found}
    assert all(finding["source"] for finding in found if finding["name"] == name or finding["type"])


def test_role_on_vault_with_access_policies_grants_nothing() -> None:
    record = lean_record()
    assignment = named(record, "app-marketing-telemetry", "authorization:RoleAssignment")
    assignment.inputs["scope"] = named(record, "vault-backend", "keyvault:Vault").id
    assignment.inputs["roleDefinitionId"] = OWNER.replace(OWNER[-36:], "4633458b-17de-408a-b874-0445c86b69e6")
    found = matrix(record)
    assert ("marketing", "vault-backend", "secrets get") not in found.rights()
    assert "ignored" in " ".join(finding.message for finding in found.report.with_status("fail"))


def test_secrets_are_asked_for_by_name_too() -> None:
    record = lean_record()
    for settings in record.of_type("web:WebAppApplicationSettings", "web:WebAppApplicationSettingsSlot"):
        if settings.name.startswith("app-marketing"):
            settings.inputs["properties"] = {
                name: value.replace("SecretUri=https://", "VaultName=").replace(
                    ".vault.azure.net/secrets/", ";SecretName="
                )
                for name, value in settings.inputs["properties"].items()
            }
    assert matrix(record).report.with_status("fail") == []


def test_an_unknown_scope_counts_as_the_widest() -> None:
    record = lean_record()
    named(record, "app-marketing-telemetry", "authorization:RoleAssignment").inputs["scope"] = "/"
    (finding,) = matrix(record).report.with_status("fail")
    assert finding.rule == "ACCESS-SCOPE"


def test_rights_known_after_deployment_only_are_unchecked() -> None:
    """Who has which of several rights, while only a deployment can tell."""
    record = lean_record("prod", "preview")
    vault = named(record, "vault-keys", "keyvault:Vault")
    vault.propertyDependencies["properties"].append(
        named(record, "identity-geo-encryption", "managedidentity:UserAssignedIdentity").urn
    )
    unchecked = matrix(record).report.with_status("unchecked")
    assert len([finding for finding in unchecked if finding.urn == vault.urn]) == 2


def test_role_on_group_reads_secrets_of_its_vaults() -> None:
    record = Record.from_json(by_roles("deployed").to_json())
    assignment = named(record, "vault-marketing-reader", "authorization:RoleAssignment")
    assignment.inputs["scope"] = assignment.inputs["scope"].split("/providers/")[0]
    readers = {reader.name for item in matrix(record).secrets if item.name == "JWT-SECRET" for reader in item.readers}
    assert readers == {"backend", "marketing"}


def test_the_report_says_who_where_and_why(tmp_path: Path) -> None:
    record = lean_record()
    result, report = run("access", record, tmp_path, "--csv", str(tmp_path / "a.csv"))
    assert result.exit_code == 0
    assert "vault-backend" in result.output
    assert report["totals"]["pass"] > 0
    assert all(grant["source"]["file"].startswith("components/") for grant in report["grants"])
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text(encoding="utf-8"))))
    assert {(row["principal"], row["resource"], row["right"]) for row in rows} == matrix(record).rights()


def test_an_identity_that_nothing_uses_is_named(tmp_path: Path) -> None:
    record = lean_record()
    site_and_slot = {"app-marketing": "web:WebApp", "app-marketing-slot": "web:WebAppSlot"}
    for name, type_ in site_and_slot.items():
        del named(record, name, type_).inputs["identity"]
    result, _ = run("access", record, tmp_path)
    assert "Nothing in the record acts as marketing" in result.output


def test_a_saved_record_gives_the_same_answer(tmp_path: Path) -> None:
    record = lean_record()
    _, report = run("access", record, tmp_path)
    assert report["findings"] == [finding.as_dict() for finding in matrix(record).report.findings]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["access"], "name a stack"),
        (["access", "prod", "--json", "-", "--csv", "-"], "only one report"),
        (["access", "--record", "/nonexistent"], "No such file"),
    ],
)
def test_wrong_use_is_told_in_a_line(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert told in result.output


def test_duties_name_rights_that_role_or_permission_grants() -> None:
    granted = {right for role in roles().values() for right in role.rights}
    granted |= {"cache read and write", "database administer"}
    for name, duty in duties().items():
        plain = {pattern.partition(" of ")[0] for pattern in duty.rights if not is_operation(pattern)}
        assert {right for right in plain if not right.startswith("access grant ")} <= granted, name
        assert duty.wide_scope | duty.everywhere <= duty.rights, name
        assert bool(duty.users) != bool(duty.tag), name


def is_operation(right: str) -> bool:
    """Whether a right is an operation of Azure, as custom roles name them."""
    return right.startswith("Microsoft.")


def test_the_two_tables_of_powerful_roles_agree() -> None:
    from policies.rules.identity import TOO_POWERFUL

    assert {id_: roles()[id_].name for id_ in TOO_POWERFUL if id_ in roles()} == {
        id_: name for id_, name in TOO_POWERFUL.items() if id_ in roles()
    }
