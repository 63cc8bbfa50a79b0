"""DECLARED: every entry of the data became something, or a layer of the program says why not.

The entries are read from the YAML itself and no condition is evaluated: what the program decided, it says in the record
(`origins` of resources, `notMade`). declared.yaml says which files and sections have entries.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from assurance.basis import file_hash
from assurance.check.entries import Node, WrittenEntry, find_entries
from assurance.check.findings import Finding
from assurance.check.stack_files import OTHER_FILE
from assurance.record import SECRET, UNKNOWN, Record, Resource
from documents.counting import counted
from documents.lines import file_lines, line_of
from documents.reading import data_reader, read_document
from documents.sections import Section
from policies.projects import PLATFORM
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
PREFIX = "medspasync:"
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
    entries: tuple[WrittenEntry, ...]
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
        status, message = reason
        yield Finding.of(DECLARED, status, message, stack=record.stack)
        return
    yield from _wrong_paths(record)
    known = _known(record)
    for file in (*_catalogues(root), _stack_file(root, record.stack)):
        yield from _judge(record, file, known)


def _unchecked(record: Record, root: Path) -> tuple[Any, str] | None:
    """Status and reason where the entries at hand are not those of the record."""
    file = f"Pulumi.{record.stack}.yaml"
    if record.project != PLATFORM:
        return "not-applicable", f"the entries of the project {record.project} are not known here"
    if record.recordVersion < 2:
        return "unchecked", "this record is of an earlier version, which does not say what became of entries"
    if record.basis.get("stackFile") is None or record.basis["stackFile"] != file_hash(root / file):
        return "unchecked", f"{OTHER_FILE} {file} than the one here"
    return None


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
    missing = [entry for entry in file.entries if not any((file.name, key) in known for key in entry.keys)]
    for entry in missing:
        place = file.place(entry.key)
        message = f"{_where(place)}: no resource comes from this entry, and no layer says that it makes nothing"
        yield Finding.of(DECLARED, "fail", message, stack=record.stack, name=entry.key, origin=place)
    if not missing and not file.undecided and file.entries:
        left_out = sum(any(known.get((file.name, key)) for key in entry.keys) for entry in file.entries)
        message = f"{counted(len(file.entries), 'entry', 'entries')}, {left_out} of them left out with a reason"
        yield Finding.of(DECLARED, "pass", message, stack=record.stack, name=file.name)


def _wrong_paths(record: Record) -> Iterator[Finding]:
    """Entries that are said to be a part of a resource that the resource does not have."""
    for resource in record:
        wrong: dict[str, list[Place]] = defaultdict(list)
        for origin in resource.origins:
            if origin.get("path") and not has_path(resource.inputs, origin["path"]):
                wrong[origin["path"]].append(origin)
        for path, origins in wrong.items():
            for origin in origins:
                yield _wrong_path(record, resource, path, origin)


def _wrong_path(record: Record, resource: Resource, path: str, origin: Place) -> Finding:
    place = {key: origin[key] for key in ("file", "line", "key")}
    message = f"{_where(place)}: {resource.name} has no {path}, which this entry should have become"
    return Finding.of(DECLARED, "fail", message, resource, stack=record.stack, origin=place)


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
    line = f":{place['line']}" if place["line"] else ""
    return f"{place['file']}{line}: {place['key']}".removesuffix(": ")


def _catalogues(root: Path) -> Iterator[_File]:
    """Every catalogue of the project. One that no list names is undecided, and so is a listed one that is missing."""
    rows = decisions().catalogues
    names = sorted({path.relative_to(root).as_posix() for folder in FOLDERS for path in root.glob(folder)})
    for name in names:
        row = next((row for pattern, row in rows.items() if fnmatchcase(name, pattern)), None)
        yield _file(root / name, name, row)
    for pattern in rows:
        if not any(fnmatchcase(name, pattern) for name in names):
            yield _File(pattern, {}, (), ("",))


def _stack_file(root: Path, stack: str) -> _File:
    stat = (path := root / f"Pulumi.{stack}.yaml").stat()
    return _read_stack_file(path, stat.st_mtime_ns, stat.st_size)


@cache
def _read_stack_file(path: Path, _changed: int, _size: int) -> _File:
    """The stack file, each section by its own decision, read once as long as it does not change."""
    sections = decisions().stack
    config = read_document(path, dict[str, Any]).get("config") or {}
    entries: list[WrittenEntry] = []
    undecided: list[str] = []
    for key, content in config.items():
        section = key.removeprefix(PREFIX)
        if section == key:
            continue  # a provider's, or the engine's
        row = sections.get(section, Decision())
        node = Node((section,), (key,), content)
        each, unknown = find_entries(node, row.entries, row.shapes)
        entries += each
        undecided += unknown
    return _File(path.name, file_lines(path), tuple(entries), tuple(undecided))


def _file(path: Path, name: str, row: Decision | None) -> _File:
    if row is None:
        return _File(name, {}, (), ("",))
    stat = path.stat()
    return _read_catalogue(path, name, stat.st_mtime_ns, stat.st_size)


@cache
def _read_catalogue(path: Path, name: str, _changed: int, _size: int) -> _File:
    """One catalogue, read once as long as it does not change."""
    row = next(row for pattern, row in decisions().catalogues.items() if fnmatchcase(name, pattern))
    content: Any = read_document(path, dict[str, Any] | list[Any])
    entries, undecided = find_entries(Node((), ("",), content), row.entries, row.shapes)
    return _File(name, file_lines(path), tuple(entries), tuple(undecided))
