"""DECLARED: every entry of the data became something, or a layer of the program says why not.

The entries are read from the YAML itself and no condition is evaluated: what the program decided, it says in the record
(`origins` of resources, `notMade`). declared.yaml says which files and sections have entries.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from assurance.check.entries import Keys, Node, find_entries
from assurance.check.findings import Finding, Status
from assurance.check.stack_files import PREFIX, not_at_hand
from assurance.record import SECRET, UNKNOWN, Record, shown_place
from documents.counting import counted
from documents.lines import file_lines, line_of
from documents.reading import data_reader, read_document
from documents.sections import Section
from policies.rule import RuleInfo

DECLARED = RuleInfo(
    "DECLARED",
    "Every entry of the catalogues and the stack file becomes something, or the program says why not",
    "high",
    ("164.308(a)(1)(ii)(B)", "164.308(a)(8)"),
    "Make the entry's resource or part, or leave the entry out with a reason (stacks/entries.py); decide a new file, "
    "section or key in assurance/check/declared.yaml.",
    "docs/architecture.md, four ways to judge: an entry that nobody uses is a control that nobody has",
)
FOLDERS = ("stacks/catalogues/**/*.yaml", "database/*.yaml")
"""Where catalogues are."""

Place = dict[str, Any]


class Decision(Section):
    """What of a file or a section becomes something."""

    entries: list[str] = []
    """Paths of what becomes something."""
    shapes: dict[str, str] = {}
    """Paths of what becomes nothing itself, with the reason."""


class Decisions(Section):
    """The whole of declared.yaml."""

    catalogues: dict[str, Decision]
    stack: dict[str, Decision]


decisions = data_reader(__file__, "declared.yaml", Decisions)
"""declared.yaml."""


@dataclass(frozen=True)
class _File:
    """A data file: its lines, its entries, and what nobody decided about it."""

    name: str
    lines: dict[str, int]
    entries: tuple[Keys, ...]
    undecided: tuple[str, ...]

    def place(self, key: str) -> Place:
        """Where a key stands, as an origin names it."""
        line = line_of(self.lines, f"config.{key}") or line_of(self.lines, key)
        return {"file": self.name, "line": line, "key": key}


def declared_findings(record: Record, root: Path) -> Iterator[Finding]:
    """A failure for each entry that became nothing unsaid, each path that is not there and each undecided key; what
    passes, by file.

    root: folder of the stack file and the catalogues.
    """
    if reason := _unchecked(record, root):
        yield Finding.of(DECLARED, *reason, stack=record.stack)
        return
    yield from _wrong_paths(record)
    known = _known(record)
    for file in _files(root, record.stack):
        yield from _judge(record, file, known)


def _unchecked(record: Record, root: Path) -> tuple[Status, str] | None:
    """Status and reason where the entries at hand are not those of the record."""
    if record.platform and record.recordVersion < 2:
        return "unchecked", "this record is of an earlier version, which does not say what became of entries"
    return not_at_hand(record, root)


def _known(record: Record) -> dict[tuple[str, str], str]:
    """What the record says of each entry, by file and key: where it is, or why it is not. A component alone is nothing
    in Azure."""
    known = {(each["file"], each["key"]): each["reason"] for each in record.notMade if each.get("reason")}
    made = (resource for resource in record if resource.custom)
    return known | {(each["file"], each["key"]): "" for resource in made for each in resource.origins}


def _judge(record: Record, file: _File, known: Mapping[tuple[str, str], str]) -> Iterator[Finding]:
    for key in file.undecided:
        place = file.place(key)
        message = f"{_where(place)}: nobody decided whether it becomes something"
        yield Finding.of(DECLARED, "fail", message, stack=record.stack, name=key or file.name, origin=place)
    missing = [keys for keys in file.entries if not any((file.name, key) in known for key in keys)]
    for keys in missing:
        place = file.place(keys[-1])
        message = f"{_where(place)}: no resource comes from this entry, and no layer says that it makes nothing"
        yield Finding.of(DECLARED, "fail", message, stack=record.stack, name=keys[-1], origin=place)
    if not missing and not file.undecided and file.entries:
        left_out = sum(any(known.get((file.name, key)) for key in keys) for keys in file.entries)
        message = f"{counted(len(file.entries), 'entry', 'entries')}, {left_out} of them left out with a reason"
        yield Finding.of(DECLARED, "pass", message, stack=record.stack, name=file.name)


def _wrong_paths(record: Record) -> Iterator[Finding]:
    """Entries that are said to be a part of a resource that the resource does not have."""
    for resource in record:
        for origin in resource.origins:
            path = origin.get("path")
            if path and not has_path(resource.inputs, path):
                place = {key: origin[key] for key in ("file", "line", "key")}
                message = f"{_where(place)}: {resource.name} has no {path}, which this entry should have become"
                yield Finding.of(DECLARED, "fail", message, resource, stack=record.stack, origin=place)


def has_path(inputs: Mapping[str, Any], path: str) -> bool:
    """Whether inputs have a value at ``customRules.rules[3]``. Below a value that is masked anything may be."""
    value: Any = inputs
    for step in re.findall(r"[^.\[\]]+|\[[^\]]*\]", path):
        if value in (SECRET, UNKNOWN):
            return True
        index = step[1:-1] if step.startswith("[") else None
        if index is None:
            if not isinstance(value, Mapping) or step not in value:
                return False
            value = value[step]
        elif isinstance(value, list) and index.isdigit() and int(index) < len(value):
            value = value[int(index)]
        else:
            return False
    return True


def _where(place: Place) -> str:
    return f"{shown_place(place)}: {place['key']}".removesuffix(": ")


def _files(root: Path, stack: str) -> Iterator[_File]:
    """Every catalogue of the project, and the stack file. A catalogue that no list names is undecided, and so is a
    listed one that is missing."""
    patterns = decisions().catalogues
    names = sorted({path.relative_to(root).as_posix() for folder in FOLDERS for path in root.glob(folder)})
    for name in names:
        listed = any(fnmatchcase(name, pattern) for pattern in patterns)
        yield _file(root, name) if listed else _File(name, {}, (), ("",))
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            yield _File(pattern, {}, (), ("",))
    yield _file(root, f"Pulumi.{stack}.yaml")


def _file(root: Path, name: str) -> _File:
    stat = (root / name).stat()
    return _read_file(root / name, name, stat.st_mtime_ns, stat.st_size)


@cache
def _read_file(path: Path, name: str, _changed: int, _size: int) -> _File:
    """A catalogue, or a stack file with each section by its own decision; read once as long as it does not change."""
    content: Any = read_document(path, dict[str, Any] | list[Any])
    row = next((row for pattern, row in decisions().catalogues.items() if fnmatchcase(name, pattern)), None)
    parts = [(Node((), ("",), content), row)] if row else list(_sections(content.get("config") or {}))
    found = [find_entries(node, row.entries, row.shapes) for node, row in parts]
    entries = tuple(entry for each, _ in found for entry in each)
    return _File(name, file_lines(path), entries, tuple(key for _, undecided in found for key in undecided))


def _sections(config: Mapping[str, Any]) -> Iterator[tuple[Node, Decision]]:
    """The platform's sections of a stack file; other keys are a provider's, or the engine's."""
    for key, content in config.items():
        if key.startswith(PREFIX):
            section = key.removeprefix(PREFIX)
            yield Node((section,), (key,), content), decisions().stack.get(section, Decision())
