"""Lift one management lock for one change, and put it back whatever becomes of the change.

Taking away a right or a child below a locked resource is refused by Azure (409 ScopeLocked). This is the documented
way: one lock, for as long as one command runs. The alert on deleted locks fires, as it should.
"""

import shlex
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

from deployment import locks
from deployment.arm import Arm, ArmError
from deployment.errors import UsageError
from deployment.inputs import Inputs
from deployment.journal import Journal
from deployment.locks import Lock
from deployment.report import say
from deployment.step import name_of
from deployment.tools import StoppedError

GONE_SECONDS = 120.0
"""Longest wait until Azure no longer shows a lock that it deleted."""
BACK_SECONDS = 15 * 60.0
"""How long putting a lock back is tried: a change may leave the resource busy."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """The change: a program and its arguments, or, without one, what a person does until Enter.

    carry_out: runs it and returns its exit code; raises OSError where it cannot be started.
    """

    command: Sequence[str]
    carry_out: Callable[[], int]

    def __str__(self) -> str:
        return shlex.join(self.command) if self.command else "what you do now"


class Unlock:
    """One lock of one stack. ``record`` is complete after `run`, whatever happened in it."""

    def __init__(self, arm: Arm, inputs: Inputs, journal: Journal) -> None:
        self._arm, self._inputs, self._journal = arm, inputs, journal
        self.record: dict[str, Any] = {"stack": inputs.stack, "command": "unlock", "putBack": [], "problems": []}

    @property
    def passed(self) -> bool:
        """Whether the change went through and every lock is back."""
        return not self.record["problems"]

    def recover(self) -> None:
        """Put back what an interrupted run left lifted."""
        for lock in self._journal.left():
            self._say("leftover", lock, "an interrupted run left it lifted")
            self._put_back(lock)

    def find(self, resource: str) -> Lock:
        """The lock that stands on, or above, a resource of this stack (ARM id, or the name of what is locked).

        Raises UsageError where there is none, or more than one.
        """
        stands = locks.list_locks(self._arm, self._inputs.subscription)
        by_id = resource.startswith("/")
        standing = [
            lock
            for lock in stands
            if (lock.covers(resource) if by_id else name_of(lock.scope).lower() == resource.lower())
        ]
        groups = [f"{group}/".lower() for group in self._inputs.groups.values()]
        ours = [lock for lock in stands if f"{lock.scope}/".lower().startswith(tuple(groups))]
        found = [lock for lock in standing if lock in ours]
        if strange := [lock.id for lock in standing if lock not in ours]:
            raise UsageError(f"{resource}: a lock that is not of stack {self._inputs.stack} stands on it: {strange[0]}")
        known = ", ".join(sorted(name_of(lock.scope) for lock in ours)) or "none"
        if not found:
            raise UsageError(f"{resource}: no lock of stack {self._inputs.stack} stands on it (locked: {known})")
        if len(found) > 1:
            names = ", ".join(f"{lock.name} on {lock.scope}" for lock in found)
            raise UsageError(f"{resource}: {len(found)} locks stand on it ({names}); one is lifted at a time")
        return found[0]

    def run(self, lock: Lock, change: Change) -> None:
        """Lift, change, put back. A signal that ends the program puts the lock back first."""
        self.record["lock"] = {"id": lock.id, **lock.properties}
        self._say("lifting", lock, f"for: {change}")
        self._say("", lock, f"if this is killed before it is back: {lock.command}")
        kept = self._journal.note(lock)
        self.record["journal"] = str(kept)
        before = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGHUP)}
        try:
            if self._lift(lock):
                self._carry_out(change, lock)
        except KeyboardInterrupt:
            self._problem(lock, "interrupted")
        finally:
            # Nothing may stop it now: a second Ctrl-C least of all.
            quiet = {number: signal.signal(number, signal.SIG_IGN) for number in (*before, signal.SIGINT)}
            try:
                self._put_back(lock)
            finally:
                for number, handler in {**quiet, **before}.items():
                    signal.signal(number, handler)

    def _lift(self, lock: Lock) -> bool:
        try:
            locks.lift(self._arm, lock)
            gone = self._arm.until(lambda: not locks.is_there(self._arm, lock) or None, seconds=GONE_SECONDS)
        except ArmError as refused:
            self._problem(lock, f"not lifted: {refused}")
            return False
        if not gone:
            self._problem(lock, "Azure says it is deleted, and still shows it")
            return False
        self._say("lifted", lock, "anybody with the right may now delete what lies below it")
        return True

    def _carry_out(self, change: Change, lock: Lock) -> None:
        try:
            code = change.carry_out()
        except OSError as unstartable:
            self._problem(lock, f"{change}: {unstartable.strerror or unstartable}")
            return
        self.record["exitCode"] = code
        if code:
            self._problem(lock, f"{change}: exit code {code}")
        else:
            self._say("changed", lock, str(change))

    def _put_back(self, lock: Lock) -> None:
        """Write the lock and see that it stands, again and again while Azure refuses for a passing reason."""
        refusals: list[str] = []

        def back() -> bool | None:
            try:
                if not locks.is_there(self._arm, lock):
                    locks.put_back(self._arm, lock)
                return locks.is_there(self._arm, lock) or None
            except ArmError as refused:
                refusals.append(str(refused))
                return False if refused.status in (400, 401, 403, 404) else None

        if self._arm.until(back, seconds=BACK_SECONDS):
            self._journal.forget(lock)
            self.record["putBack"].append(lock.id)
            self._say("back", lock, f"{lock.level}, as before")
            return
        why = refusals[-1] if refusals else "Azure does not show it"
        self._problem(lock, f"the lock is NOT BACK ({why}): run this command again, or {lock.command}")

    def _problem(self, lock: Lock, text: str) -> None:
        self.record["problems"].append(text)
        self._say("failed", lock, text)

    def _say(self, status: str, lock: Lock, text: str) -> None:
        say(status, "unlock", f"{name_of(lock.scope)}: {text}")


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a signal's handler
    raise StoppedError
