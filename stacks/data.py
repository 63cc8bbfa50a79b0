"""The data layer: vaults and keys, database, cache, archive, backup, and every app's secrets."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from stacks.outputs import Data, Foundation
from stacks.secrets import build_secrets
from stacks.settings.model import Settings
from stacks.settings.secrets import SecretName
from stacks.vaults import build_vaults


def build_data(settings: Settings, foundation: Foundation, supplied: Mapping[SecretName, pulumi.Output[str]]) -> Data:
    """Build every store of data and hand each app its vault and its secrets."""
    common, network, identities = foundation.common, foundation.network, foundation.identities
    vaults = build_vaults(settings, common, network, identities)
    secrets = build_secrets(settings, common, vaults.apps, supplied, {})
    return Data(
        vault_names={app: vault.outputs.name for app, vault in vaults.apps.items()},
        vault_ids={app: vault.outputs.id for app, vault in vaults.apps.items()},
        secrets=secrets,
        settings={},
        watched={},
    )
