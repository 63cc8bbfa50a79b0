"""A restore drill: the stack's database, as it was at a point in time, restored into a server of its own beside it,
looked at, and deleted again. Nothing that is there is changed.

Control plane only. It shows that a backup can be restored, how long that takes and that the copy is as protected as the
source; not that the rows are right, which needs a connection inside the network (docs/runbooks/data-recovery.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from deployment import drill_checks as checks
from deployment.arm import Arm, ArmError
from deployment.drill_checks import POSTGRES
from deployment.errors import UsageError
from deployment.inputs import Inputs
from deployment.report import say
from deployment.step import name_of
from facts.regions import server_in_pair

TAG = "restoreDrill"
"""Marks a server that a drill made: ``temporary`` or ``kept``. Nothing without it is ever deleted."""
STARTED = "restoreDrillStarted"

LONGEST_NAME = 63
REMOVAL_SECONDS = 60 * 60.0
"""Longest wait for Azure to take the deletion: it refuses one (409) while the server is busy."""


@dataclass(frozen=True, kw_only=True)
class DrillOptions:
    """What the command line asks for. at: the point in time, None for the newest that is promised (the RPO)."""

    at: datetime | None = None
    keep: bool = False
    remove: bool = False
    plan: bool = False


class Drill:
    """One drill. ``record`` is what the auditor gets: complete after `run`, whatever happened in it."""

    def __init__(self, arm: Arm, inputs: Inputs, asked: DrillOptions, clock: Callable[[], datetime]) -> None:
        self._arm, self._inputs, self._asked, self._clock = arm, inputs, asked, clock
        self._source = inputs.databases["primary"]
        self._copy = f"{self._source}-drill"
        if len(name_of(self._copy)) > LONGEST_NAME:
            raise UsageError(f"{name_of(self._source)} is too long a name for a copy beside it")
        recovery = inputs.recovery
        self.record: dict[str, Any] = {
            "record": "restore drill",
            "basis": "observed through Azure Resource Manager",
            "stack": inputs.stack,
            "startedAt": clock().isoformat(),
            "source": self._source,
            "copy": self._copy,
            "targets": {"rpoMinutes": recovery.rpo_minutes, "rtoMinutes": recovery.rto_minutes},
            "result": "unfinished",
            "removal": "not made",
            "checks": [],
            "problems": [],
            "notShown": "that the rows are right: see Keep in docs/runbooks/data-recovery.md",
        }

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not self.record["problems"]

    def run(self) -> None:
        """Restore, compare, delete. Raises UsageError for an impossible point in time, before anything is changed."""
        try:
            self._run()
        except ArmError as refused:
            self._problem(str(refused))
        except UsageError:
            self.record["result"] = "not run"
            raise
        finally:
            self.record["endedAt"] = self._clock().isoformat()
            if self.record["result"] == "unfinished":
                self.record["result"] = "passed" if self.passed else "failed"

    def _run(self) -> None:
        old = self._existing()
        if self._asked.remove:
            return self._only_remove(old)
        source = self._arm.get(self._source, POSTGRES)
        point = self._point(source)
        self.record["pointInTime"] = point.isoformat()
        self.record["inThePair"] = _in_the_pair(source)
        if not self._may_start(source, old):
            return None
        if self._asked.plan:
            self.record["result"] = "planned"
            self._say("planned", f"would restore {name_of(self._source)} as of {point.isoformat()}, compare and delete")
            return None
        if old is not None:
            self._say("leftover", "an interrupted drill left it; deleted first")
            self._remove()
        try:
            self._restore(source, point)
            self._compare()
        except ArmError as refused:
            self._problem(str(refused))
        except BaseException as stopped:
            self._problem(f"interrupted: {type(stopped).__name__}")
            raise
        finally:
            self._clean_up()
        return None

    # -- before ------------------------------------------------------------------------------------------------------

    def _existing(self) -> dict[str, Any] | None:
        """A server of the copy's name, if there is one."""
        return self._arm.find(self._copy, POSTGRES)

    def _point(self, source: dict[str, Any]) -> datetime:
        """The point in time to restore to; what Azure would refuse is refused here."""
        now, asked = self._clock(), self._asked.at
        earliest = checks.at(source, "properties.backup.earliestRestoreDate")
        if asked is None:
            asked = now - timedelta(minutes=self._inputs.recovery.rpo_minutes)
        elif asked > now:
            raise UsageError(f"--at {asked.isoformat()}: in the future (it is {now.isoformat()})")
        if earliest and asked < (first := datetime.fromisoformat(str(earliest))):
            raise UsageError(f"--at {asked.isoformat()}: backups reach back to {first.isoformat()} only")
        return asked

    def _may_start(self, source: dict[str, Any], old: dict[str, Any] | None) -> bool:
        """Whether the source can be restored from and nobody else's server is in the way."""
        state, key = (
            checks.at(source, f"properties.{path}") for path in ("state", "dataEncryption.primaryEncryptionKeyStatus")
        )
        if state != "Ready":
            self._problem(f"{name_of(self._source)} is {state}: not restored from while it is")
        if key not in ("Valid", None):
            self._problem(f"the key of {name_of(self._source)} is {key}: a copy could not be opened")
        if old is not None:
            tags = old.get("tags") or {}
            if TAG not in tags:
                self._problem(f"{name_of(self._copy)} exists and was not made by a drill; left alone")
            elif tags[TAG] == "kept":
                self._problem(f"{name_of(self._copy)} was kept by an earlier drill: look at it, then --remove")
            elif (since := self._under_way(tags)) is not None:
                self._problem(f"a drill runs since {since}: wait for it, or end it and --remove")
        return self.passed

    def _under_way(self, tags: dict[str, str]) -> str | None:
        """When the drill that made the copy began, if it may still be running."""
        try:
            began = datetime.fromisoformat(tags.get(STARTED, ""))
        except ValueError:
            return None
        longest = timedelta(seconds=self._limit() + REMOVAL_SECONDS)
        return began.isoformat() if self._clock() - began < longest else None

    def _limit(self) -> float:
        """Seconds to wait for the restore: twice what is promised, to learn how much was missing."""
        return 2 * 60.0 * self._inputs.recovery.rto_minutes

    # -- the restore -------------------------------------------------------------------------------------------------

    def _restore(self, source: dict[str, Any], point: datetime) -> None:
        """Azure wants the network, and for an encrypted server its key and identity, said again
        (az postgres flexible-server restore does). Backups of the copy go nowhere else, so it needs no second key."""
        properties, began = source["properties"], self._clock()
        encryption, network, sign_in = (
            properties.get(name) or {} for name in ("dataEncryption", "network", "authConfig")
        )
        identity = encryption.get("primaryUserAssignedIdentityId")  # our servers always have a key of ours
        body = {
            "location": source["location"],
            "tags": {**(source.get("tags") or {}), TAG: self._mark, STARTED: began.isoformat()},
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": {
                "createMode": "PointInTimeRestore",
                "sourceServerResourceId": self._source,
                "pointInTimeUTC": point.astimezone(UTC).isoformat(),
                "availabilityZone": properties.get("availabilityZone"),
                "network": _only(
                    network, "delegatedSubnetResourceId", "privateDnsZoneArmResourceId", "publicNetworkAccess"
                ),
                "dataEncryption": _only(encryption, "type", "primaryKeyURI", "primaryUserAssignedIdentityId"),
                "authConfig": _only(sign_in, "activeDirectoryAuth", "passwordAuth", "tenantId"),
                "backup": {"geoRedundantBackup": "Disabled"},
            },
        }
        self._say("restoring", f"as of {point.isoformat()}, {self._limit() / 60:.0f} minutes at most")
        self.record["removal"] = "not deleted"
        self._arm.put(self._copy, POSTGRES, body, seconds=self._limit())
        left = max(self._limit() - (self._clock() - began).total_seconds(), 60.0)
        ready = self._arm.until(lambda: self._state() == "Ready" or None, seconds=left)
        took = round((self._clock() - began).total_seconds() / 60, 1)
        self.record["measured"] = {
            "restoreMinutes": took,
            "recoveryPointMinutes": round((began - point).total_seconds() / 60, 1),
        }
        rto = self._inputs.recovery.rto_minutes
        if not ready:
            self._problem(f"the copy is {self._state()} after {took} minutes")
        elif took > rto:
            self._problem(f"the restore took {took} minutes; the target is {rto}")
        else:
            self._say("restored", f"in {took} minutes; the target is {rto}")

    @property
    def _mark(self) -> str:
        return "kept" if self._asked.keep else "temporary"

    def _state(self) -> Any:
        return checks.at(self._arm.get(self._copy, POSTGRES), "properties.state")

    def _compare(self) -> None:
        source, copy = (checks.parameters(self._arm, server) for server in (self._source, self._copy))
        found = [*checks.compare(self._arm, self._source, self._copy), checks.tls(copy)]
        if (backup := self._inputs.recovery.long_term) is not None:
            found += checks.long_term(self._arm, backup, self._clock())
        self.record["checks"] = [vars(one) for one in found]
        # Azure does not promise to carry parameters over: whoever goes on with a copy sets these first.
        self.record["parametersToSet"] = sorted(name for name, value in source.items() if copy.get(name) != value)
        for wrong in checks.failed(found):
            self._problem(wrong)
        if self.passed:
            self._say("checked", f"{len(found)} properties are as they must be")

    # -- after -------------------------------------------------------------------------------------------------------

    def _only_remove(self, old: dict[str, Any] | None) -> None:
        self.record["result"] = "removal only"
        if old is None:
            self.record["removal"] = "nothing to delete"
            self._say("already", "there is no copy")
        elif TAG not in (old.get("tags") or {}):
            self._problem(f"{name_of(self._copy)} was not made by a drill; left alone")
        elif self._asked.plan:
            self._say("planned", "would delete the copy")
        else:
            self._remove()

    def _clean_up(self) -> None:
        if self._asked.keep:
            self.record["removal"] = "kept"
            self._say("kept", "a copy of PHI: delete it with --remove when you are done")
            return
        try:
            self._remove()
        except ArmError as refused:
            self._problem(f"the copy, which holds PHI, was NOT deleted ({refused}): run with --remove")

    def _remove(self) -> None:
        """Delete the copy, and see that it is gone. Raises ArmError."""
        if not self._arm.until(self._deleted, seconds=REMOVAL_SECONDS):
            raise ArmError(f"DELETE {self._copy}", 409, "ServerBusy", "Azure did not take it in an hour")
        if self._existing() is not None:
            raise ArmError(f"DELETE {self._copy}", None, "StillThere", "Azure says it is deleted, and still shows it")
        self.record["removal"] = "deleted"
        self.record["deletedAt"] = self._clock().isoformat()
        self._say("deleted", "the copy is gone")

    def _deleted(self) -> bool | None:
        try:
            self._arm.delete(self._copy, POSTGRES)
        except ArmError as refused:
            if refused.status == 409:
                return None
            if refused.status != 404:
                raise
        return True

    def _problem(self, text: str) -> None:
        self.record["problems"].append(text)
        self._say("failed", text)

    def _say(self, status: str, text: str) -> None:
        say(status, "drill", f"{name_of(self._copy)}: {text}")


def _in_the_pair(source: dict[str, Any]) -> dict[str, Any] | None:
    """What to ask for in the paired region, should this one be lost (docs/runbooks/disaster-recovery.md)."""
    size, standby = checks.at(source, "sku.name"), checks.at(source, "properties.highAvailability.mode")
    return server_in_pair(str(source.get("location")), str(size), str(standby or "Disabled"))


def _only(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """The named members that are there: what Azure reports beside them (statuses) it does not take."""
    return {name: values[name] for name in names if values.get(name) is not None}
