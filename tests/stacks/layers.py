"""What a data layer's function is given in these tests: names, network, identities and keys, without a stack."""

from __future__ import annotations

from datetime import date

import pulumi

from components.diagnostics import LogDestination
from components.identity import Identity, IdentityArgs, IdentityOutputs
from components.key_vault import ENCRYPT_WITH_KEYS, KeyVault, KeyVaultArgs, VaultGrant
from components.key_vault_contents import VaultKeyArgs, vault_key
from components.private_endpoint import PrivateAccess
from components.protection import Protection
from stacks.naming import Names
from stacks.outputs import Common, Network
from stacks.vaults import EncryptionKey

TENANT = "00000000-0000-4000-8000-000000000002"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v"


def common(*, paired: bool = True, protect: bool = True) -> Common:
    groups = ("platform", "data", "monitoring", *(("paired",) if paired else ()))
    return Common(
        names=Names(short="mss", code="test", suffix="x7k2"),
        location="eastus2",
        paired_location="centralus" if paired else None,
        tags={"environment": "test"},
        tenant_id=pulumi.Output.from_input(TENANT),
        subscription_id=pulumi.Output.from_input(SUBSCRIPTION),
        groups={group: pulumi.Output.from_input(f"rg-{group}") for group in groups},
        logs=LogDestination(workspace_id=WORKSPACE),
        protection=Protection(protect=protect, lock=protect),
    )


def network() -> Network:
    zones = f"{GROUP}/providers/Microsoft.Network/privateDnsZones"
    subnets = ("apps", "postgres", "private-endpoints", "jobs", "runner")
    return Network(
        vnet_id=pulumi.Output.from_input(VNET),
        subnets={subnet: pulumi.Output.from_input(f"{VNET}/subnets/{subnet}") for subnet in subnets},
        dns_zones={
            service: pulumi.Output.from_input(f"{zones}/{service}.test")
            for service in ("vault", "postgres", "redis", "blob")
        },
        nat_gateway_id=pulumi.Output.from_input(f"{GROUP}/providers/Microsoft.Network/natGateways/way-out"),
    )


def identity(name: str) -> IdentityOutputs:
    args = IdentityArgs(resource_group_name="rg-data", location="eastus2", identity_name=f"id-mss-test-{name}")
    return Identity(f"identity-{name}", args).outputs


def encryption_key(use: str) -> EncryptionKey:
    """A key in a vault that grants exactly its identity's access."""
    user = identity(f"encryption-{use}")
    vault = KeyVault(
        f"vault-{use}",
        KeyVaultArgs(
            resource_group_name="rg-data",
            location="eastus2",
            tenant_id=TENANT,
            vault_name=f"kv-{use}",
            sku="premium",
            authorization="rbac",
            grants=[VaultGrant(name="reader", principal_id=user.principal_id, access=ENCRYPT_WITH_KEYS)],
            private_access=PrivateAccess(subnet_id=f"{VNET}/subnets/pe", dns_zone_id=f"{VNET}/zone"),
            logs=LogDestination(workspace_id=WORKSPACE),
            protection=Protection(protect=False, lock=False),
        ),
    )
    key = vault_key(
        f"key-{use}",
        VaultKeyArgs(
            resource_group_name="rg-data",
            vault_name=vault.outputs.name,
            key_name=use,
            hardware=True,
            size=4096,
            expires_on=date(2028, 11, 1),
            expires_after="P2Y",
            rotate_before="P90D",
        ),
        vault,
    )
    versioned = key.key_uri_with_version
    return EncryptionKey(uri=key.key_uri, versioned_uri=versioned, identity_id=user.id, granted=vault.granted)
