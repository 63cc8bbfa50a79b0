"""Management locks of the subscription: which there are, and what lies below them.

A lock is inherited by every resource below its scope, and by extension resources: role assignments, diagnostic settings
(learn.microsoft.com, azure-resource-manager/management/lock-resources, read 2026-11-29).
"""

import shlex
from dataclasses import dataclass
from typing import Any

from deployment.arm import Arm

LOCKS = "/providers/Microsoft.Authorization/locks"
VERSION = "2020-05-01"


@dataclass(frozen=True, kw_only=True)
class Lock:
    """One lock. scope: what it stands on; properties: level, notes and owners, as Azure has them."""

    scope: str
    name: str
    properties: dict[str, Any]

    @property
    def id(self) -> str:
        """Its ARM id."""
        return f"{self.scope}{LOCKS}/{self.name}"

    @property
    def level(self) -> str:
        """``CanNotDelete`` or ``ReadOnly``."""
        return str(self.properties.get("level"))

    def covers(self, resource_id: str) -> bool:
        """Whether a resource, or a scope, lies at or below this lock's scope."""
        return f"{resource_id}/".lower().startswith(f"{self.scope}/".lower())

    @property
    def command(self) -> str:
        """How a person puts it back."""
        url = f"https://management.azure.com{self.id}?api-version={VERSION}"
        notes = str(self.properties.get("notes", "")).replace('"', "'")
        body = f'{{"properties": {{"level": "{self.level}", "notes": "{notes}"}}}}'
        return shlex.join(["az", "rest", "--method", "put", "--url", url, "--body", body])


def list_locks(arm: Arm, subscription: str) -> list[Lock]:
    """Every lock in a subscription (``/subscriptions/…``), at whatever scope. Raises ArmError."""
    return [_lock(one) for one in arm.list(f"{subscription}{LOCKS}", VERSION)]


def is_there(arm: Arm, lock: Lock) -> bool:
    """Whether the lock stands, at its level. Raises ArmError."""
    shown = arm.find(lock.id, VERSION)
    return shown is not None and _lock(shown).level == lock.level


def lift(arm: Arm, lock: Lock) -> None:
    """Delete the lock. Raises ArmError."""
    arm.delete(lock.id, VERSION)


def put_back(arm: Arm, lock: Lock) -> None:
    """Write the lock as it was. Raises ArmError."""
    kept = {name: lock.properties[name] for name in ("level", "notes", "owners") if lock.properties.get(name)}
    arm.put(lock.id, VERSION, {"properties": kept})


def _lock(shown: dict[str, Any]) -> Lock:
    scope, _, name = str(shown["id"]).rpartition(f"{LOCKS}/")
    return Lock(scope=scope, name=name, properties=dict(shown.get("properties") or {}))
