"""One bundle for all tests of a run: the evidence of two stacks, from records that other tests share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache

from assurance.check.presentation import presented
from assurance.evidence.bundle import Bundle, files_of, steady
from assurance.evidence.manifest import MANIFEST, manifest
from assurance.evidence.review import review
from assurance.evidence.stack import StackEvidence, gather
from assurance.full_audit import full_audit
from assurance.record import Record
from policies.exceptions import Register
from tests.harness import ROOT, once, shared_record, stack_record

TODAY = date(2026, 11, 29)
TIME = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
STACKS = ("dev", "prod")


def evidence_of(record: Record, register: Register | None = None, today: date = TODAY) -> StackEvidence:
    """All that the evidence says of a record."""
    register = register or Register.load()
    return gather(record, presented(full_audit(record, register, today, ROOT), ROOT), register, today)


@cache
def evidence(stack: str) -> StackEvidence:
    """The evidence of a stack, one for all tests of a process: to be read."""
    record, register = steady(shared_record(stack)), Register.load()
    report = once(lambda: presented(full_audit(record, register, TODAY, ROOT), ROOT), "evidence report", stack)
    return gather(record, report, register, TODAY)


def bundle(*stacks: str) -> Bundle:
    """The bundle of these stacks."""
    found = [evidence(stack) for stack in stacks]
    return Bundle(
        stacks=found,
        previews={stack: steady(shared_record(stack, "preview")) for stack in stacks},
        reviews={each.stack: review(each, ROOT, "prod") for each in found},
        time=TIME,
        root=ROOT,
    )


@cache
def files() -> dict[str, bytes]:
    """Every file of the bundle of `STACKS`."""

    def make() -> dict[str, bytes]:
        content = files_of(bundle(*STACKS))
        content[MANIFEST] = manifest(content, time=TIME.isoformat(), basis={"commit": None})
        return content

    return once(make, "evidence", *STACKS)


def text(path: str) -> str:
    """A file of the bundle."""
    return files()[path].decode()


def altered(stack: str, change: Callable[[Record], None]) -> Record:
    """A copy of a stack's record after ``change``."""
    record = stack_record(stack)
    change(record)
    return record
