"""The stack files of a project as they are written, read without running anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assurance.basis import file_hash
from assurance.check.findings import Status
from assurance.record import Record
from documents.lines import file_lines, line_of
from documents.yaml_text import read_if_possible
from policies.projects import PLATFORM

PREFIX = "medspasync:"
SUBSCRIPTION = "azure-native:subscriptionId"
OTHER_FILE = "the record is of another"
"""How the message begins that a stack file's rules say nothing about a record."""


@dataclass(frozen=True)
class StackFile:
    """One stack file. config: what stands under ``config``."""

    path: Path
    config: Mapping[str, Any]

    def get(self, path: str) -> Any:
        """The value at ``section.key``, or None."""
        value: Any = self.config
        for index, part in enumerate(path.split(".")):
            value = value.get(PREFIX + part if index == 0 else part) if isinstance(value, Mapping) else None
        return value

    def place(self, path: str) -> dict[str, Any]:
        """Where a key stands, as an origin names it."""
        key = f"{PREFIX}{path}"
        return {"file": self.path.name, "line": line_of(file_lines(self.path), f"config.{key}"), "key": key}


def may_share_subscription(one: StackFile, other: StackFile) -> bool:
    """Whether both may stand in one subscription: they name the same, by its id or else by their own label for it
    (``platform.subscription``), or one of them names none."""
    ids = [file.config.get(SUBSCRIPTION) for file in (one, other)]
    labels = [file.get("platform.subscription") for file in (one, other)]
    named = next((pair for pair in (ids, labels) if None not in pair), None)
    return named is None or str(named[0]) == str(named[1])


def read_stack_file(path: Path) -> StackFile | None:
    """A stack file; None where it cannot be read, or holds no keys."""
    document = read_if_possible(path)
    if not isinstance(document, dict):
        return None
    config = document.get("config")
    return StackFile(path, config if isinstance(config, dict) else {})


def stack_files(record: Record, root: Path) -> tuple[StackFile | None, list[StackFile], list[str]]:
    """(the record's own, the others, names of those that cannot be read)."""
    own = root / f"Pulumi.{record.stack}.yaml"
    others, unread = [], []
    for path in sorted(root.glob("Pulumi.*.yaml")):
        if path != own:
            file = read_stack_file(path)
            if file is None:
                unread.append(path.name)
            else:
                others.append(file)
    return read_stack_file(own), others, unread


def not_at_hand(record: Record, root: Path) -> tuple[Status, str] | None:
    """Status and reason where the stack files at hand say nothing about the record."""
    file = f"Pulumi.{record.stack}.yaml"
    if record.project != PLATFORM:
        return "not-applicable", f"the stack files of the project {record.project} are not known here"
    if record.basis.get("stackFile") is None or record.basis["stackFile"] != file_hash(root / file):
        return "unchecked", f"{OTHER_FILE} {file} than the one here"
    return None
