"""The resources that differ between two records."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from assurance.compare.pairing import Pair, without_stack
from assurance.compare.properties import differences
from assurance.compare.replacement import forces_replacement
from assurance.record import UNKNOWN, Record, Resource
from facts.types import types_with

Kind = Literal["added", "changed", "replaced", "moved", "removed"]
LOCK = "azure-native:authorization:ManagementLock"
_QUIET_OPTIONS = ("aliases", "provider")


@dataclass(frozen=True)
class Property:
    """One value that differs. before, after: None where a side has none."""

    path: str
    before: Any
    after: Any
    forcesReplacement: bool  # noqa: N815 - the contract of the JSON


@dataclass(frozen=True)
class Change:
    """One resource that differs. stateful: it holds regulated data, keys or records; locked: a lock in Azure keeps it.

    source, origin: of the head, baseSource, baseOrigin: of the base.
    """

    change: Kind
    urn: str
    type: str
    name: str
    stateful: bool
    locked: bool
    properties: list[Property] = field(default_factory=list)
    source: dict[str, Any] | None = None
    origin: dict[str, Any] | None = None
    baseSource: dict[str, Any] | None = None  # noqa: N815 - the contract of the JSON
    baseOrigin: dict[str, Any] | None = None  # noqa: N815 - the contract of the JSON

    @property
    def notes(self) -> list[str]:
        """What a reader must know of the resource before they let it change."""
        return [word for word, is_so in (("stateful", self.stateful), ("locked", self.locked)) if is_so]

    @property
    def forcing_first(self) -> list[Property]:
        """The properties, those that force a replacement first."""
        return sorted(self.properties, key=lambda each: not each.forcesReplacement)


def find_changes(base: Record, head: Record, pairs: Sequence[Pair], *, other_stack: bool = False) -> list[Change]:
    """Every pair that differs, stateful and locked first. Lines, and which outputs are simulated, are no difference.

    other_stack: the records are of two stacks, so that what only carries the stack's own name is no difference.
    """
    locked = {"base": _locked(base), "head": _locked(head)}
    alike = _without_stacks(base, head, pairs) if other_stack else pairs
    full = min(base.recordVersion, head.recordVersion) > 1
    changes = []
    for pair, compared in zip(pairs, alike, strict=True):
        found = _change(compared, full)
        if found is not None:
            side = "head" if pair.head is not None else "base"
            changes.append(_described(*found, pair, pair.shown.urn in locked[side]))
    return sorted(changes, key=lambda each: (not each.stateful, not each.locked, each.urn))


def _change(pair: Pair, full: bool) -> tuple[Kind, list[Property]] | None:
    """What became of a resource; None where nothing did. full: both records say all that version 2 says."""
    if pair.base is None:
        return "added", []
    if pair.head is None:
        return "removed", []
    properties = list(_properties(pair.base, pair.head, full))
    if pair.moved:
        return "moved", properties
    if any(each.forcesReplacement for each in properties):
        return "replaced", properties
    return ("changed", properties) if properties else None


def _properties(before: Resource, after: Resource, full: bool) -> Iterator[Property]:
    for each in differences(before.inputs, after.inputs):
        yield Property(each.path, each.before, each.after, forces_replacement(after, each.path))
    for each in differences(_declared(before, full), _declared(after, full)):
        yield Property(each.path, each.before, each.after, forcesReplacement=False)
    ids = (before.id, after.id)
    if after.custom and UNKNOWN not in ids and ids[0].lower() != ids[1].lower():
        yield Property("id", *ids, forcesReplacement=True)


def _declared(resource: Resource, full: bool) -> dict[str, Any]:
    """What is declared of a resource beside its inputs, as far as both records say it."""
    options = {key: value for key, value in resource.options.items() if key not in _QUIET_OPTIONS}
    names = ("type", "name", "apiVersion", "token") if full else ("type", "name")
    secrets = sorted(resource.secrets)
    return {"options": options, "secrets": secrets, **{name: getattr(resource, name) for name in names}}


def _described(kind: Kind, properties: list[Property], pair: Pair, locked: bool) -> Change:
    shown = pair.shown
    return Change(
        change=kind,
        urn=shown.urn,
        type=shown.type,
        name=shown.name,
        stateful=shown.type in types_with("stateful", list),
        locked=locked,
        properties=properties,
        source=pair.head.source if pair.head else None,
        origin=pair.head.origin if pair.head else None,
        baseSource=pair.base.source if pair.base else None,
        baseOrigin=pair.base.origin if pair.base else None,
    )


def _locked(record: Record) -> set[str]:
    """URNs of what stands under a lock: its scope, and everything in it."""
    scopes = []
    locked: set[str] = set()
    for lock in record:
        if lock.type.startswith(LOCK):
            scope = lock.inputs.get("scope")
            if isinstance(scope, str) and scope != UNKNOWN:
                scopes.append(scope.lower())
            locked.update(lock.propertyDependencies.get("scope", ()))
    for resource in record:
        identifier = resource.id.lower()
        if any(identifier == scope or identifier.startswith(f"{scope}/") for scope in scopes):
            locked.add(resource.urn)
    return locked


def _without_stacks(base: Record, head: Record, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs of two stacks without what only says which stack they are of: its name, and ids made from it."""
    symbols: dict[str, dict[str, str]] = {base.stack: {}, head.stack: {}}
    for number, pair in enumerate(pairs):
        for stack, resource in ((base.stack, pair.base), (head.stack, pair.head)):
            if resource is None or pair.base is None or pair.head is None:
                continue
            texts = {"id": resource.id, **{k: v for k, v in resource.outputs.items() if isinstance(v, str)}}
            for name, value in texts.items():
                # What a program gave as an input is compared as it is; only what came back stands for a pair.
                if len(value) > 7 and value != resource.inputs.get(name):
                    symbols[stack].setdefault(value.lower(), f"#{number}.{name}")

    def neutral(resource: Resource | None, stack: str) -> Resource | None:
        if resource is None:
            return None
        inputs = _renamed(resource.inputs, stack, symbols[stack])
        return replace(resource, id=UNKNOWN, name=without_stack(resource.name, stack), inputs=inputs)

    return [Pair(neutral(each.base, base.stack), neutral(each.head, head.stack)) for each in pairs]


def _renamed(value: Any, stack: str, symbols: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {without_stack(key, stack): _renamed(item, stack, symbols) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, stack, symbols) for item in value]
    if isinstance(value, str):
        return symbols.get(value.lower()) or without_stack(value, stack)
    return value
