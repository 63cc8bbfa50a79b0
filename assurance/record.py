"""The record: what one run of the program for one stack declared, as plain data.

Everything `assurance` proves is proven on a record, so a saved one can be checked again by anyone.
Secrets read "[secret]", values that only a real deployment can know read "[unknown]".
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from assurance.json_text import json_text
from assurance.project import is_own
from documents.json_reading import parse_json
from facts.tokens import type_key
from facts.types import counted_type
from policies.projects import PLATFORM
from policies.resource import Resource as Viewed
from policies.resource import lookup
from policies.view import Stack

T = TypeVar("T")

VERSION = 2
"""Of the record's form. 1 had no version: types as registered, no `custom`, `apiVersion`, `basis` or `origins`."""

SECRET = "[secret]"  # noqa: S105 - the mark, not a secret
UNKNOWN = "[unknown]"

TAKEN = ("provider", "import", "importId", "version", "pluginDownloadURL", "hooks", "hideDiffs")
"""Options by which a resource goes by another provider or plugin, takes over what is there, or goes unseen."""

STACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
COMMIT = re.compile(r"[0-9a-f]{7,64}")
"""What a saved record may say: both become arguments of git and parts of file names."""

Mode = Literal["preview", "deployed"]


@dataclass
class Resource:
    """One registered resource, component or provider.

    type: free of versions; a generic ARM resource counts as what it stands for. token: as registered, where it differs.
    custom: a provider manages it (a component is not). apiVersion: that of the request to Azure, if any.
    source: the line that made it; trace: that line and its callers, innermost first, project files only.
    origins: {"file", "line", "key", "path"} of the catalogue or config entries it comes from; path: the input that the
    entry became, empty for the whole resource. origin: the first with an empty path, else the first.
    secrets: paths into ``inputs`` whose values are secret, for example ``properties.value``.
    """

    urn: str
    id: str
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    secrets: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    dependencies: list[str] = field(default_factory=list)
    propertyDependencies: dict[str, list[str]] = field(default_factory=dict)  # noqa: N815 - the record's contract
    source: dict[str, Any] | None = None
    trace: list[dict[str, Any]] = field(default_factory=list)
    origin: dict[str, Any] | None = None
    origins: list[dict[str, Any]] = field(default_factory=list)
    token: str | None = None
    custom: bool = field(default=None)  # type: ignore[assignment]  # said by the registration; see below
    apiVersion: str | None = None  # noqa: N815 - the record's contract

    def __post_init__(self) -> None:
        key = type_key(self.type)
        if key != self.type:
            self.token, self.type = self.token or self.type, key
        if self.custom is None:  # version 1 does not say: its components are all of this project
            self.custom = not self.type.startswith(("medspasync:", "pulumi:pulumi:"))
        if self.origin is None and self.origins:
            self.origin = first_origin(self.origins)

    @property
    def registered(self) -> str:
        """The type token as the program registered it."""
        return self.token or self.type


def get(resource: Resource, path: str, default: Any = None) -> Any:
    """The input at a dotted path, or ``default``."""
    return lookup(resource.inputs, path, default)


def short_type(resource: Resource) -> str:
    """``keyvault:Vault`` for ``azure-native:keyvault:Vault``."""
    return resource.type.removeprefix("azure-native:")


def shown_place(place: Mapping[str, Any]) -> str:
    """``file:line``, or the file where no line is known."""
    return f"{place['file']}:{place['line']}" if place.get("line") else str(place["file"])


def shown_entry(origin: Mapping[str, Any]) -> str:
    """Where an entry stands, and its key."""
    return f"{shown_place(origin)} {origin.get('key', '')}".rstrip()


def places(source: dict[str, Any] | None, origin: dict[str, Any] | None) -> str:
    """Where a person would look: the line that made a resource, and the entry to edit."""
    parts = [shown_place(source)] if source else []
    if origin:
        parts.append(f"from {shown_entry(origin)}")
    return ", ".join(parts) or "no line is known"


def first_origin(origins: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The entry that a finding points to: the first that is the whole resource, else the first, without its path."""
    whole = [origin for origin in origins if not origin.get("path")]
    first = next(iter((*whole, *origins)), None)
    return {key: value for key, value in first.items() if key != "path"} if first else None


def problem(kind: str, urn: str, message: str, source: dict[str, Any] | None = None) -> dict[str, Any]:
    """One entry of `Record.problems`; source: the line that declares the resource."""
    return {"kind": kind, "urn": urn, "message": message, "source": source}


@dataclass
class Record:
    """What the program declared for ``stack`` in ``mode``.

    problems: what a real engine or Azure would refuse or a mock would hide: {"kind", "urn", "message", "source"}.
    supplied: supplied secrets the recorder stood in for; a real run needs them (`pulumi config set --secret`).
    notMade: entries that the program made nothing of: {"file", "line", "key", "reason"}.
    unknownTypes: types and functions that nothing is known of, so that their answers are made up or left unknown.
    typeAliases: other type tokens that the SDK gives the engine for a token, so that a change between them is no move.
    basis: what the record rests on, see `assurance.basis`; empty in records of version 1.
    seconds: how long the recording took, without imports.
    """

    stack: str
    mode: Mode
    resources: list[Resource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    supplied: list[str] = field(default_factory=list)
    notMade: list[dict[str, Any]] = field(default_factory=list)  # noqa: N815 - the record's contract
    unknownTypes: list[str] = field(default_factory=list)  # noqa: N815 - the record's contract
    typeAliases: dict[str, list[str]] = field(default_factory=dict)  # noqa: N815 - the record's contract
    basis: dict[str, Any] = field(default_factory=dict)
    recordVersion: int = VERSION  # noqa: N815 - the record's contract
    seconds: float = 0.0

    @property
    def project(self) -> str:
        """Name of the Pulumi project."""
        return self.basis.get("project") or PLATFORM

    @property
    def platform(self) -> bool:
        """Whether it is one of the platform itself, whose flows, jobs and attestations are known."""
        return self.project == PLATFORM

    @property
    def own(self) -> bool:
        """Whether it is of a program of this repository, whose catalogues and stack files are at hand."""
        return is_own(self.basis.get("project"))

    def of_type(self, *types: str) -> list[Resource]:
        """Resources of these types, ``keyvault:Vault`` being short for ``azure-native:keyvault:Vault``."""
        wanted = {t if t.count(":") > 1 else f"azure-native:{t}" for t in types}
        return [r for r in self.resources if r.type in wanted]

    def targets(self, holder: Resource, path: str, *types: str, by: str = "id", child: str = "") -> list[Resource]:
        """The resources of ``types`` (``*``: any) that the value of ``holder`` at ``path`` refers to.

        path: dotted, ``name[]`` means each entry of a list. by: what the value holds: ``id`` for ARM ids, else the
        target's input or output of that name.
        """
        view = self.view
        matches = view.targets(view.by_urn[holder.urn], path, *types, by=by, child=child)
        return [self.by_urn[resource.urn] for resource in matches]

    def holders(self, target: Resource, path: str, *types: str, by: str = "id", child: str = "") -> list[Resource]:
        """The resources of ``types`` whose value at ``path`` refers to ``target``, or to its part ``child``."""
        view = self.view
        matches = view.holders(view.by_urn[target.urn], path, *types, by=by, child=child)
        return [self.by_urn[resource.urn] for resource in matches]

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """Resources by URN."""
        return {r.urn: r for r in self.resources}

    @cached_property
    def view(self) -> Stack:
        """The record as rules see a stack, unknown values guarded just as the engine's policy host guards them."""
        return _viewed(self)

    def remember(self, make: Callable[["Record"], T]) -> T:
        """What ``make`` works out of the record, once."""
        if make not in self._remembered:
            self._remembered[make] = make(self)
        found: T = self._remembered[make]
        return found

    @cached_property
    def _remembered(self) -> dict[Callable[["Record"], Any], Any]:
        return {}

    def __getstate__(self) -> dict[str, Any]:
        """What is copied and pickled: never what was worked out, for a copy may be altered."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def to_json(self) -> str:
        """The record as JSON text."""
        # Not asdict: it copies every input, which costs more than writing them.
        data = {"recordVersion": self.recordVersion, **{each.name: getattr(self, each.name) for each in fields(self)}}
        names = [each.name for each in fields(Resource)]
        data["resources"] = [
            {
                name: value
                for name in names
                if (value := getattr(each, name)) is not None or name not in ("token", "apiVersion")
            }
            for each in self.resources
        ]
        return json_text(data)

    @classmethod
    def from_json(cls, text: str) -> "Record":
        """Read a record; unknown members are ignored, so that an altered or older record still loads.

        Raises ValueError naming what is missing when the text is no record.
        """
        data = parse_json(text)
        if not isinstance(data, dict):
            raise ValueError("a record is a JSON object")
        missing = [key for key in ("stack", "mode", "resources", "outputs") if key not in data]
        if missing:
            raise ValueError(f"a record needs {', '.join(missing)}")
        version = data.setdefault("recordVersion", 1)
        if type(version) is not int or not 1 <= version <= VERSION:
            raise ValueError(f"recordVersion: {version}; this assurance reads 1 to {VERSION}")
        try:
            record = TypeAdapter(cls).validate_python(data)
        except ValidationError as error:
            wrong = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}") from None
        if not STACK_NAME.fullmatch(record.stack):
            raise ValueError(f"stack: {record.stack[:60]!r} is no name of a stack")
        commit = record.basis.get("commit")
        if commit is not None and not (isinstance(commit, str) and COMMIT.fullmatch(commit)):
            raise ValueError(f"basis.commit: {str(commit)[:60]!r} is no commit")
        urns = Counter(resource.urn for resource in record.resources)
        if not urns:
            raise ValueError("resources: a record of nothing")
        if twice := [urn for urn, count in urns.items() if count > 1]:
            raise ValueError(f"resources: {twice[0]} stands there {urns[twice[0]]} times")
        return record

    @classmethod
    def load(cls, path: Path) -> "Record":
        """Read a saved record; raises ValueError or OSError."""
        return cls.from_json(path.read_text(encoding="utf-8"))


def _viewed(record: Record) -> Stack:
    from assurance.guarded import GuardedObject  # which knows the mark of this module

    return Stack(
        (
            Viewed(
                type=counted_type(item.type, item.inputs),
                existing=bool(item.options.get("existing")),
                name=item.name,
                urn=item.urn,
                inputs=GuardedObject(item.inputs),
                outputs=GuardedObject(item.outputs),
                id=item.id if item.id not in ("", UNKNOWN) else None,
                parent=item.parent or None,
                custom=item.custom,
                dependencies={name: frozenset(urns) for name, urns in item.propertyDependencies.items()},
                protect=bool(item.options.get("protect")),
                retained=bool(item.options.get("retainOnDelete")),
                secrets=frozenset(item.secrets),
                ignored=tuple(item.options.get("ignoreChanges") or ()),
                taken=tuple(name for name in TAKEN if item.options.get(name)),
                options=item.options,
                aliases=tuple(str(alias) for alias in item.options.get("aliases") or ()),
            )
            for item in record
        ),
        ours=record.own,
    )
