"""Backup vaults."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import must, rule
from policies.view import Resource

VAULT = "dataprotection:BackupVault"


@rule(
    "BAK-SOFT-DELETE",
    "A deleted backup can be brought back",
    on=VAULT,
    severity="high",
    controls=["164.308(a)(7)(ii)(A)", "164.312(c)(1)"],
    remediation="Set properties.securitySettings.softDeleteSettings.state to On or AlwaysOn.",
    source="Azure Policy '[Preview]: Soft delete should be enabled for Backup Vaults'",
)
def soft_delete(vault: Resource) -> Iterator[str]:
    yield from must(vault, "properties.securitySettings.softDeleteSettings.state", "On", "AlwaysOn")


@rule(
    "BAK-IMMUTABLE",
    "Nobody can shorten a backup's life",
    on=VAULT,
    severity="high",
    controls=["164.308(a)(7)(ii)(A)", "164.312(c)(1)"],
    remediation="Set properties.securitySettings.immutabilitySettings.state to Unlocked or Locked.",
    source="PSRule AZR-000398",
)
def immutable(vault: Resource) -> Iterator[str]:
    yield from must(vault, "properties.securitySettings.immutabilitySettings.state", "Unlocked", "Locked")
