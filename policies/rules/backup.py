"""Backup vaults."""

from __future__ import annotations

from collections.abc import Iterator

from policies.rule import must, rule
from policies.rules.floor import of_primary
from policies.rules.postgres import SERVER
from policies.view import Resource, Stack

VAULT, INSTANCE = "dataprotection:BackupVault", "dataprotection:BackupInstance"


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


@rule(
    "BAK-REDUNDANT",
    "Backups survive the loss of a region",
    on=VAULT,
    severity="medium",
    controls=["164.308(a)(7)(ii)(B)", "164.310(d)(2)(iv)"],
    remediation="Set properties.storageSettings[].type to GeoRedundant.",
    source="PSRule AZR-000170 (the same for the older vaults)",
)
def redundant(vault: Resource) -> Iterator[str]:
    kinds = set(vault.leaves("properties.storageSettings[].type"))
    if kinds != {"GeoRedundant"}:
        yield f"properties.storageSettings keep it {', '.join(sorted(map(str, kinds))) or 'nowhere'}"


@rule(
    "BAK-DATABASE",
    "The database has long-term backups, which outlive the server",
    on=SERVER,
    severity="high",
    controls=["164.308(a)(7)(ii)(A)", "164.316(b)(2)(i)"],
    remediation="Add a backup instance for the server in a backup vault.",
    source="requirement S15; point-in-time restore ends after 35 days, and with the server",
    where=of_primary,
)
def long_term_backup(server: Resource, stack: Stack) -> Iterator[str]:
    if not stack.holders(server, "properties.dataSourceInfo.resourceID", INSTANCE):
        yield "no backup instance of this stack is for it"
