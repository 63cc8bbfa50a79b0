"""What a recorder of this program needs to know of it: a stack's config and secrets, and what becomes of each entry.

The one module of this room that `assurance` imports, inside the process that records.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from documents.lines import file_lines, line_of
from documents.problems import DocumentError, Problem
from stacks.entries import Entry, Omission, Part, collect_omissions, named_sources
from stacks.settings.reading.parse import parse
from stacks.settings.reading.stack_file import read_stack_file
from stacks.settings.reading.supplied import CONFIG_KEY, readable_secrets

UNKNOWN = "[unknown]"
"""A value that only a deployment knows, as a record writes it."""

Origin = dict[str, Any]


@dataclass(frozen=True)
class StackConfig:
    """values: config by full key as the engine hands it over, with a marked text for each supplied secret; secret_keys:
    which of them are secret; supplied: secrets that the file does not hold and a real run needs."""

    values: dict[str, str]
    secret_keys: list[str]
    supplied: list[str]


@contextmanager
def stack_config(root: Path, stack: str, placeholder: str) -> Iterator[StackConfig]:
    """The config of a stack of the project at ``root``. placeholder: the text for a secret, ``%s`` its name.

    Raises DocumentError for a wrong stack file; one that the block raises gets the lines of that file too.
    """
    mistakes: list[Problem] = []
    file = read_stack_file(root / f"Pulumi.{stack}.yaml", mistakes)
    try:
        values = file.engine_config()
        settings = parse(values, file.path.name)
        if mistakes:
            raise DocumentError([])
        readable = readable_secrets(settings)
        values[CONFIG_KEY] = json.dumps({name: placeholder % name for name in readable})
        written = file.config.get(CONFIG_KEY)
        held = written if isinstance(written, dict) else {}
        yield StackConfig(values, [CONFIG_KEY], [name for name in readable if name not in held])
    except DocumentError as error:
        keys = {problem.key for problem in mistakes}
        more = [file.placed(problem) for problem in error.problems if problem.key not in keys]
        raise DocumentError([*mistakes, *more]) from None


@contextmanager
def follow_entries(root: Path) -> "Iterator[EntryLog]":
    """What becomes of each entry while the block runs the program of the project at ``root``."""
    with collect_omissions() as omissions:
        log = EntryLog(root, omissions)
        yield log
        log.finish()


class EntryLog:
    """Entries of data files, with their lines, as a record writes them."""

    def __init__(self, root: Path, omissions: list[Omission]) -> None:
        self._lines = cache(lambda file: file_lines(root / file))
        self._omissions = omissions
        self._made: set[Entry] = set()
        self._kept: set[Part] = set()
        self._candidates: dict[Part, list[Origin]] = {}

    def origins(self, inputs: Mapping[str, Any]) -> list[Origin]:
        """Entries that the resource being registered comes from: {file, line, key, path}. An empty path is the whole
        resource."""
        sources = named_sources()
        named = [(entry, "") for entry in sources.whole]
        matches = [(part, path) for part in sources.parts for path in matching_paths(part, inputs)]
        named += [(part.entry, path) for part, path in matches]
        self._made.update(entry for entry, _ in named)
        self._kept.update(part for part, _ in matches)
        origins = [self._locate(entry) | {"path": path} for entry, path in dict.fromkeys(named)]
        for part in sources.parts:
            if re.split(r"[.\[]", part.path)[0] in inputs:
                self._candidates.setdefault(part, origins)
        return origins

    def finish(self) -> None:
        """Give each part that no resource has to the first that could have had it, with a path that is not there."""
        for part, origins in self._candidates.items():
            if part not in self._kept:
                head, _, tail = part.path.rpartition("[]")
                path = f"{head}[{tail.lstrip('.')}={part.value}]" if head else f"{tail}={part.value}"
                origins.append(self._locate(part.entry) | {"path": path})

    def not_made(self) -> list[Origin]:
        """Entries of the files that made nothing in this stack: {file, line, key, reason}."""
        reasons: dict[Entry, str] = {}
        for omission in self._omissions:
            if omission.entry not in self._made and self._is_written(omission.entry):
                reasons.setdefault(omission.entry, omission.reason)
        located = [self._locate(entry) | {"reason": reason} for entry, reason in reasons.items()]
        return sorted(located, key=lambda each: (each["file"], each["line"] or 0, each["key"]))

    def _is_written(self, entry: Entry) -> bool:
        """Whether the file has the entry: a section that is left out is none, whatever its default is."""
        lines = self._lines(entry.file)
        return f"config.{entry.key}" in lines or entry.key in lines

    def _locate(self, entry: Entry) -> Origin:
        lines = self._lines(entry.file)
        line = line_of(lines, f"config.{entry.key}") or line_of(lines, entry.key)
        return {"file": entry.file, "line": line, "key": entry.key}


def matching_paths(part: Part, inputs: Mapping[str, Any]) -> list[str]:
    """Where a part stands in a resource's inputs: ``customRules.rules[3]``, empty for the whole resource.

    Nothing where it does not stand there. A text that only a deployment knows may contain anything.
    """
    if part.text:
        texts = [path for path, value in _values(part.path, inputs) if value == UNKNOWN or part.value in str(value)]
        return texts[:1]
    matches = [path for path, value in _values(part.path, inputs) if value == part.value]
    return [path[: path.rindex("]") + 1] if "]" in path else "" for path in matches]


def _values(pattern: str, inputs: Any) -> list[tuple[str, Any]]:
    """Every value at ``pattern``, with its path."""
    found = [("", inputs)]
    for step in re.findall(r"[^.\[\]]+|\[\]", pattern):
        if step == "[]":
            found = [
                (f"{path}[{i}]", item)
                for path, value in found
                if isinstance(value, list)
                for i, item in enumerate(value)
            ]
        else:
            found = [
                (f"{path}.{step}" if path else step, value[step])
                for path, value in found
                if isinstance(value, Mapping) and step in value
            ]
    return found
