"""The secrets provider's keys: one for each stack, in a vault of their own."""

from collections.abc import Mapping, Sequence
from datetime import date

import pulumi

from bootstrap.alarms import EVENTS, KEYS
from bootstrap.settings import KeySettings
from bootstrap.shared import KEPT, Shared
from components.key_vault import KeyVault, KeyVaultArgs
from components.key_vault_contents import VaultKeyArgs, vault_key


def build_keys(
    shared: Shared, keys: KeySettings, stacks: Sequence[str]
) -> tuple[pulumi.Output[str], Mapping[str, pulumi.Output[str]]]:
    """The vault's id, and the id of each stack's key.

    A key does not rotate: the engine writes down no version with what it encrypted, so that with a newer one nothing
    could be decrypted any more.
    """
    vault = KeyVault(
        "state-keys",
        KeyVaultArgs(
            resource_group_name=shared.group,
            location=shared.location,
            tenant_id=shared.tenant,
            vault_name=f"{shared.short}-state-{shared.suffix}",
            sku="premium",
            # Rights on single keys, which access policies do not have.
            authorization="rbac",
            grants=[],
            private_access=shared.access.get("vault"),
            logs=shared.logs,
            protection=KEPT,
            expiry=shared.alarms.of_keys(),
            soft_delete_days=keys.soft_delete_days,
            tags=shared.tags,
        ),
    )
    shared.alarms.watch("state-keys", KEYS, vault.outputs.id)
    assert vault.outputs.topic_id is not None, "the vault tells of what ends"
    shared.alarms.watch("state-keys-events", EVENTS, vault.outputs.topic_id)
    made = {
        stack: vault_key(
            f"state-key-{stack}",
            VaultKeyArgs(
                resource_group_name=shared.group,
                vault_name=vault.outputs.name,
                key_name=f"state-{stack}",
                hardware=True,
                size=keys.size,
                expires_on=date.fromisoformat(keys.expires_on),
                expires_after="P2Y",
                rotate_before="P90D",
                rotates=False,
                operations=("encrypt", "decrypt"),
                protect=True,
            ),
            vault,
        )
        for stack in stacks
    }
    pulumi.export("stateVault", vault.outputs.name)
    return vault.outputs.id, {stack: key.id for stack, key in made.items()}
