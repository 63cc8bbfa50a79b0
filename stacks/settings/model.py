"""The whole stack config as one model: one field for each ``medspasync:`` key."""

from __future__ import annotations

from stacks.settings.base import Section
from stacks.settings.network import NetworkSettings
from stacks.settings.platform import PlatformSettings, ProtectionSettings
from stacks.settings.vaults import VaultSettings


class Settings(Section):
    """Everything that may differ between environments."""

    platform: PlatformSettings
    """Name, place and ownership of the stack."""
    protection: ProtectionSettings = ProtectionSettings()
    """What keeps stateful resources from being deleted."""
    network: NetworkSettings
    """Address space and subnets."""
    vaults: VaultSettings
    """Key vaults, keys and the rotation of secrets."""
