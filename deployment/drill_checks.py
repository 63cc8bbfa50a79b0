"""What a restored server must have in common with its source before anybody may rely on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deployment.arm import Arm
from deployment.inputs import LongTermInputs

POSTGRES = "2025-08-01"
BACKUP = "2025-01-01"

# What protects the data, as paths into the server. Compared with the source and not with a literal: a drill says
# whether a restore weakens what is there; whether that is right is the policies' business (assurance check).
_SAME = (
    "location",
    "sku.name",
    "sku.tier",
    "properties.version",
    "properties.network.publicNetworkAccess",
    "properties.network.delegatedSubnetResourceId",
    "properties.network.privateDnsZoneArmResourceId",
    "properties.dataEncryption.type",
    "properties.dataEncryption.primaryKeyURI",
    "properties.dataEncryption.primaryUserAssignedIdentityId",
    "properties.dataEncryption.primaryEncryptionKeyStatus",
    "properties.authConfig.activeDirectoryAuth",
    "properties.authConfig.passwordAuth",
    "properties.authConfig.tenantId",
    "properties.backup.backupRetentionDays",
)


@dataclass(frozen=True)
class Check:
    """One property. expected, found: as read from Azure, or said in a few words."""

    name: str
    holds: bool
    expected: Any
    found: Any


def compare(arm: Arm, source_id: str, copy_id: str) -> list[Check]:
    """The copy against its source, both as Azure has them now. Raises ArmError."""
    source, copy = arm.get(source_id, POSTGRES), arm.get(copy_id, POSTGRES)
    checks = [_same(path, at(source, path), at(copy, path)) for path in _SAME]
    size = "properties.storage.storageSizeGB"
    least, there = at(source, size), at(copy, size)
    checks.append(Check(size, (there or 0) >= (least or 0), f"{least} or more", there))
    known, held = (_administrators(arm, server) for server in (source_id, copy_id))
    checks.append(Check("administrators", held <= known, f"none but {sorted(known)}", sorted(held)))
    return checks


def tls(parameters: Mapping[str, str]) -> Check:
    """Whether the copy refuses connections without TLS."""
    found = parameters.get("require_secure_transport")
    return Check("require_secure_transport", (found or "").lower() == "on", "on", found)


def parameters(arm: Arm, server_id: str) -> dict[str, str]:
    """Every parameter of a server, by name."""
    return {
        one["name"]: str(one["properties"].get("value", ""))
        for one in arm.list(f"{server_id}/configurations", POSTGRES)
    }


def long_term(arm: Arm, backup: LongTermInputs, now: datetime) -> list[Check]:
    """Whether the vault protects the database and its newest copy is young enough. Raises ArmError.

    More cannot be shown here: Azure restores such a copy as files into a storage account, and validateForRestore wants
    that account; the platform keeps none to restore into (docs/runbooks/data-recovery.md).
    """
    state = arm.get(backup.instance_id, BACKUP)["properties"].get("currentProtectionState")
    points = arm.list(f"{backup.instance_id}/recoveryPoints", BACKUP)
    newest = max((datetime.fromisoformat(one["properties"]["recoveryPointTime"]) for one in points), default=None)
    young = newest is not None and now - newest <= timedelta(minutes=backup.rpo_minutes)
    wanted, shown = f"at most {backup.rpo_minutes} minutes old", newest.isoformat() if newest else None
    return [
        Check("long-term backup: state", state == "ProtectionConfigured", "ProtectionConfigured", state),
        Check("long-term backup: newest copy", young, wanted, shown),
    ]


def failed(checks: Sequence[Check]) -> list[str]:
    """What does not hold, in words."""
    return [f"{one.name} is {one.found}, must be {one.expected}" for one in checks if not one.holds]


def at(server: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    found: Any = server
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _same(path: str, expected: Any, found: Any) -> Check:
    """Azure writes the same id and the same region in different cases and spacing."""
    plain = [str(value).lower().replace(" ", "") for value in (expected, found)]
    return Check(path, found is not None and plain[0] == plain[1], expected, found)


def _administrators(arm: Arm, server_id: str) -> set[str]:
    """Object ids of the Entra principals that administer a server."""
    return {str(one["properties"].get("objectId")) for one in arm.list(f"{server_id}/administrators", POSTGRES)}
