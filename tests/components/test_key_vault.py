"""Key vaults: exactly the given access, in both authorization models, reachable only privately."""

from __future__ import annotations

from datetime import date

import pulumi
import pytest

from assurance.check.order import earlier_resources
from assurance.record import Mode, Record
from components.diagnostics import LogDestination
from components.identity import Identity, IdentityArgs
from components.key_vault import ENCRYPT_WITH_KEYS, READ_SECRETS, KeyVault, KeyVaultArgs, VaultGrant
from components.key_vault_contents import VaultKeyArgs, VaultSecretArgs, vault_key, vault_secret
from components.key_vault_events import ExpiryAlert, ExpiryEvents
from components.private_endpoint import PrivateAccess
from components.protection import Protection
from tests.harness import MODES, only, record

WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/log"
SUBNET = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/pe"
ZONE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"


EXPIRY = ExpiryEvents(
    topic_name="evgt-test",
    alerts=[
        ExpiryAlert(
            name="secret-expired",
            event="Microsoft.KeyVault.SecretExpired",
            severity=1,
            description="expired",
            action_group_id=WORKSPACE,
        )
    ],
)


def build(
    authorization: str = "access-policies",
    protection: bool = True,
    expiry: ExpiryEvents | None = None,
    enabled: bool = True,
    location: str = "eastus2",
    rotates: bool = True,
) -> None:
    app = Identity("app", IdentityArgs(resource_group_name="rg", location="eastus2", identity_name="id-app"))
    cmk = Identity("cmk", IdentityArgs(resource_group_name="rg", location="eastus2", identity_name="id-cmk"))
    vault = KeyVault(
        "vault",
        KeyVaultArgs(
            resource_group_name="rg",
            location=location,
            endpoint_resource_group_name="rg-network",
            endpoint_location="eastus2",
            tenant_id="00000000-0000-4000-8000-000000000002",
            vault_name="kv-test",
            sku="premium",
            authorization=authorization,  # type: ignore[arg-type]
            grants=[
                VaultGrant(name="app", principal_id=app.outputs.principal_id, access=READ_SECRETS),
                VaultGrant(name="cmk", principal_id=cmk.outputs.principal_id, access=ENCRYPT_WITH_KEYS),
            ],
            private_access=PrivateAccess(subnet_id=SUBNET, dns_zone_id=ZONE),
            logs=LogDestination(workspace_id=WORKSPACE),
            protection=Protection(protect=protection, lock=protection),
            expiry=expiry,
        ),
    )
    vault_secret(
        "secret",
        VaultSecretArgs(
            resource_group_name="rg",
            vault_name=vault.outputs.name,
            secret_name="JWT-SECRET",
            value=pulumi.Output.secret("a-value-nobody-may-see"),
            content_type="text/plain",
            expires_on=date(2027, 1, 1),
            enabled=enabled,
        ),
        vault,
    )
    vault_key(
        "key",
        VaultKeyArgs(
            resource_group_name="rg",
            vault_name=vault.outputs.name,
            key_name="postgres",
            hardware=True,
            size=4096,
            expires_on=date(2028, 11, 1),
            expires_after="P2Y",
            rotate_before="P60D",
            rotates=rotates,
            protect=protection,
        ),
        vault,
    )


@pytest.fixture(params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def test_access_policies_grant_exactly_the_permission_sets(built: Record) -> None:
    properties = only(built, "keyvault:Vault").inputs["properties"]
    assert properties["enableRbacAuthorization"] is False
    granted = [policy["permissions"] for policy in properties["accessPolicies"]]
    assert granted == [
        {"keys": [], "secrets": ["get", "list"], "certificates": [], "storage": []},
        {"keys": ["get", "list", "wrapKey", "unwrapKey"], "secrets": [], "certificates": [], "storage": []},
    ]


@pytest.mark.parametrize("mode", MODES)
def test_rbac_mode_assigns_roles_and_no_policy(mode: Mode) -> None:
    """Rbac mode assigns the equivalent roles and no policy."""
    built = record(lambda: build("rbac"), mode)
    properties = only(built, "keyvault:Vault").inputs["properties"]
    assert properties["enableRbacAuthorization"] is True
    assert properties["accessPolicies"] == []
    assert len(built.of_type("authorization:RoleAssignment")) == 2
    if mode == "deployed":
        roles = {r.inputs["roleDefinitionId"].rsplit("/", 1)[-1] for r in built.of_type("authorization:RoleAssignment")}
        assert roles == {READ_SECRETS.role_id, ENCRYPT_WITH_KEYS.role_id}


def test_secret_value_never_appears_and_is_retained(built: Record) -> None:
    secret = only(built, "keyvault:Secret")
    assert secret.secrets == ["properties.value"]
    assert secret.inputs["properties"]["value"] == "[secret]"
    assert secret.inputs["properties"]["attributes"]["expires"] == 1798761600
    assert secret.options["retainOnDelete"] is True
    assert "a-value-nobody-may-see" not in built.to_json()


def test_key_rotates_itself_well_before_it_expires(built: Record) -> None:
    key = only(built, "keyvault:Key")
    policy = key.inputs["properties"]["rotationPolicy"]
    assert policy["attributes"]["expiryTime"] == "P2Y"
    assert {"action": {"type": "rotate"}, "trigger": {"timeBeforeExpiry": "P60D"}} in policy["lifetimeActions"]
    assert key.inputs["properties"]["kty"] == "RSA-HSM"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rotates", [True, False])
def test_first_key_version_expires_before_rotation(rotates: bool, mode: Mode) -> None:
    """The first version of a key ends or azure would never rotate it."""
    key = only(record(lambda: build(rotates=rotates), mode), "keyvault:Key")
    assert key.inputs["properties"]["attributes"]["expires"] == 1856649600
    # Later versions end at times of their own, and Azure words the rotation in its own way: no drift, no replacement.
    assert key.options["ignoreChanges"] == ["properties.attributes.expires", "properties.rotationPolicy"]


@pytest.mark.parametrize("mode", MODES)
def test_key_without_rotation_notifies_as_early(mode: Mode) -> None:
    """A key that does not rotate tells as early as it would have."""
    key = only(record(lambda: build(rotates=False), mode), "keyvault:Key")
    actions = key.inputs["properties"]["rotationPolicy"]["lifetimeActions"]
    assert actions == [{"action": {"type": "notify"}, "trigger": {"timeBeforeExpiry": "P60D"}}]


@pytest.mark.parametrize("asked", [True, False])
def test_protection_is_what_was_asked_for(asked: bool) -> None:
    built = record(lambda: build(protection=asked))
    assert only(built, "keyvault:Vault").options["protect"] is asked
    assert len(built.of_type("authorization:ManagementLockByScope")) == int(asked)


def test_vault_endpoint_is_in_the_networks_region() -> None:
    """The vault is in its region and its endpoint where the network is."""
    built = record(lambda: build(location="centralus"))
    assert only(built, "keyvault:Vault").inputs["location"] == "centralus"
    endpoint = only(built, "network:PrivateEndpoint").inputs
    assert (endpoint["location"], endpoint["resourceGroupName"]) == ("eastus2", "rg-network")


def test_an_access_policy_names_no_application(built: Record) -> None:
    # With an application id, App Service references fail.
    for policy in only(built, "keyvault:Vault").inputs["properties"]["accessPolicies"]:
        assert "applicationId" not in policy


def test_key_changes_azure_refuses_are_replacements(built: Record) -> None:
    # An update would be reported as done and do nothing. Replacing is refused: the key is protected.
    """The engine must replace a key that azure would not change."""
    key = only(built, "keyvault:Key")
    assert set(key.options["replaceOnChanges"]) == {
        "properties.kty",
        "properties.keySize",
        "properties.keyOps",
    }
    for path in key.options["replaceOnChanges"]:
        assert path.removeprefix("properties.") in key.inputs["properties"], path
    assert key.options["protect"] is True
    assert key.options["retainOnDelete"] is True


def test_a_disabled_secret_is_written_as_one() -> None:
    for enabled in (True, False):
        secret = only(record(lambda enabled=enabled: build(enabled=enabled)), "keyvault:Secret")  # type: ignore[misc]
        assert secret.inputs["properties"]["attributes"]["enabled"] is enabled


@pytest.mark.parametrize("mode", MODES)
def test_keys_and_secrets_are_written_while_somebody_listens(mode: Mode) -> None:
    built = record(lambda: build(expiry=EXPIRY), mode)
    subscription, before = only(built, "eventgrid:SystemTopicEventSubscription"), earlier_resources(built)
    for written in built.of_type("keyvault:Key", "keyvault:Secret"):
        assert subscription.urn in before[written.urn]


def test_without_alerts_there_is_no_topic(built: Record) -> None:
    assert built.of_type("eventgrid:SystemTopic") == []
