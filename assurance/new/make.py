"""Writes a new stack: the file, and the entries that it needs; tried before anything is written."""

import math
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from assurance.check.findings import Finding, Report
from assurance.cost.bill import Bill, bill_of
from assurance.errors import ProgramError, UsageError
from assurance.full_audit import full_audit
from assurance.new.entries import needed_attestations, needed_exceptions, needed_trust, with_entries, without_stack
from assurance.new.wish import Place, Wish, find_place, first_of_next_month, fitting_regions
from assurance.pages.builder import build_text
from assurance.record import Record
from assurance.recorder.processes import Job, record_stacks
from facts.regions import regions
from policies.exceptions import Register

EXCEPTIONS = "policies/exceptions.yaml"
TRUSTED = "policies/trusted.yaml"
ATTESTATIONS = "policies/attestations.yaml"
DIGEST = "0" * 64
"""Stands for the first build of an image."""
ARCHIVED = (
    "AZKVAuditLogs",
    "AppServiceHTTPLogs",
    "LAQueryLogs",
    "ContainerAppConsoleLogs",
    "AppServiceAuthenticationLogs",
)
HEADROOM = 1.25
"""By how much a budget is above the bill, for what is charged by use."""


@dataclass
class NewStack:
    """A stack that passes. texts: by file, relative to the project; record, bill: of it; findings: that warn."""

    texts: dict[str, str]
    record: Record
    bill: Bill
    warnings: list[Finding] = field(default_factory=list)

    @property
    def images(self) -> list[str]:
        """Repositories whose digest only stands for the first build."""
        file = next(iter(self.texts.values()))
        return re.findall(r"repository: (\S+),", file)


def make_stack(wish: Wish, root: Path, today: date) -> NewStack:
    """The stack, recorded and audited in a copy of the project. Nothing is written.

    Raises UsageError where the settings refuse it, for example for what the region does not offer, and ProgramError
    where it does not pass.
    """
    place = find_place(wish, root)
    name = f"Pulumi.{wish.stack}.yaml"
    registers = {
        file: without_stack((root / file).read_text(encoding="utf-8"), wish.stack, file)
        for file in (EXCEPTIONS, TRUSTED, ATTESTATIONS)
    }
    budget = 100
    for _ in range(2):  # the budget follows from the bill
        text = render(wish, place, today, budget)
        record = _recorded(wish, root, {name: text})
        bill = bill_of(record)
        wanted = max(100, math.ceil(bill.total * HEADROOM / 100) * 100)
        if wanted == budget:
            break
        budget = wanted
    expires = today.replace(year=today.year + 1, day=min(today.day, 28))
    with _copy(root, {name: text}) as copy:
        failures = _audited(record, registers, today, copy).with_status("fail")
        exceptions = needed_exceptions(wish.stack, failures, expires) if wish.cheap else {}
        trusted = needed_trust(wish.stack, failures, expires, _names(record, place))
        texts = {
            name: text,
            EXCEPTIONS: with_entries(registers[EXCEPTIONS], exceptions),
            TRUSTED: with_entries(registers[TRUSTED], trusted),
            ATTESTATIONS: with_entries(registers[ATTESTATIONS], needed_attestations(wish.stack, failures, today)),
        }
        report = _audited(record, texts, today, copy)
    if left := report.with_status("fail"):
        message = "\n".join(f"{each.rule} {each.name}: {each.message}" for each in left)
        raise ProgramError(wish.stack, "what was written would not pass `assurance check`; nothing is written", message)
    return NewStack(texts, record, bill, report.with_status("warn"))


def _recorded(wish: Wish, root: Path, files: dict[str, str]) -> Record:
    try:
        with _copy(root, files) as copy:
            (record,) = record_stacks(copy, [Job(wish.stack, "deployed")])
    except UsageError as error:
        why = [message for message in error.messages if "(more may follow)" not in message]
        refused = f"--region {wish.region}: it cannot have this stack; these can: {', '.join(fitting_regions(wish))}"
        raise UsageError(refused, *(f"{message} (nothing is written)" for message in why)) from None
    return record


def render(wish: Wish, place: Place, today: date, budget: int) -> str:
    """The text of the stack file."""
    return build_text(
        "assurance.new",
        "stack.yaml.j2",
        wish=wish,
        place=place,
        phi=wish.classification == "phi",
        small=wish.size == "small",
        zones=regions()[wish.region].zones,
        exc=f"EXC-{wish.stack.upper()}",
        today=today,
        budget=budget,
        budget_start=first_of_next_month(today),
        digest=DIGEST,
        archive_tables=ARCHIVED,
    )


def write_stack(new: NewStack, root: Path) -> None:
    """Write all files, or none: each is written beside its place first, and put there when all are.

    Raises UsageError where one cannot be written; what was there is there again.
    """
    before = {name: file.read_bytes() if (file := root / name).is_file() else None for name in new.texts}
    beside = {name: (root / name).with_suffix(f".new-{os.getpid()}") for name in new.texts}
    done: list[str] = []
    try:
        for name, file in beside.items():
            file.write_text(new.texts[name], encoding="utf-8")
        for name, file in beside.items():
            file.replace(root / name)
            done.append(name)
    except OSError as error:
        for name in done:
            _restore(root / name, before[name])
        raise UsageError(
            f"{error.filename}: cannot be written: {error.strerror or error}; nothing is written"
        ) from error
    finally:
        for file in beside.values():
            file.unlink(missing_ok=True)


def _restore(file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink(missing_ok=True)
    else:
        file.write_bytes(content)


def _audited(record: Record, texts: Mapping[str, str], today: date, root: Path) -> Report:
    register = Register.parse(*(texts[file] for file in (EXCEPTIONS, TRUSTED, ATTESTATIONS)))
    return full_audit(record, register, today, root)


def _names(record: Record, place: Place) -> dict[str, str]:
    found = re.search(r"/subscriptions/([0-9a-f-]{36})/", record.to_json())
    registry, group = place.registry
    return {"registry": registry, "group": group, "subscription": found[1] if found else ""}


@contextmanager
def _copy(root: Path, files: dict[str, str]) -> Iterator[Path]:
    """A folder that has the project's files, with these in addition or instead."""
    with tempfile.TemporaryDirectory(prefix="assurance-new-") as name:
        folder = Path(name)
        skipped: tuple[Any, ...] = (".git", ".venv", "out", *files)
        for each in root.iterdir():
            if each.name not in skipped:
                (folder / each.name).symlink_to(each)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        yield folder
