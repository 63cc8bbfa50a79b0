"""A stack as rules see it: resource types, inputs and what refers to what.

The same view is built by the engine's policy host and by `assurance check`. Values that only a deployment can know
raise `UnknownValueError` when a rule touches them, so that a rule never judges what it cannot see.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import chain
from typing import Any

from pulumi_policy.proxy import UnknownValueError

from policies.kept import kept
from policies.merged import merged
from policies.trusted import Trust

_FREE = re.compile(
    r"(^|\.)(tags\.[^.]+|(command|args)\[\d+\]|\w+\[\d+\]\.value|properties\.[A-Z][A-Z0-9_]+|appCommandLine)$"
)


class Unknown:
    """Stands for a value that is not known yet, where a rule may go on without it."""


UNKNOWN = Unknown()


def token(type_: str) -> str:
    """The full type token: ``keyvault:Vault`` is short for ``azure-native:keyvault:Vault``."""
    return type_ if type_.count(":") > 1 or type_ == "*" else f"azure-native:{type_}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """One resource. Inputs are read with `get`, `each`, `has` and `leaves`, never by subscript: most are optional.

    outputs: what a deployment answered, with the inputs; in the engine only joins see it.
    id: ARM id where it is known. dependencies: input property -> URNs of the resources its value comes from.
    protect: the engine refuses to delete it. custom: a provider makes it; a component, a provider or the stack is not.
    existing: the program looks it up and does not manage it, so that no rule judges it; others may refer to it.
    seen: values that `get` and `has` read since it was last emptied, by path: what a rule looked at.
    unknown: what `known` met since it was last emptied that is not known yet.
    declared: what the program declared, where parts that stand apart were merged into it (policies/merged.py).
    inside: where in that resource a part of it stands, which is no resource of its own.
    ignored: inputs whose changes the engine ignores. taken: options that give it a provider or an import.
    aliases: URNs of which the engine takes it for the successor; none in the engine's policy host, which does not tell.
    retained, secrets: kept on delete, and the paths of its secret inputs; None in the engine's policy host, which
    does not tell.
    """

    type: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None
    parent: str | None = None
    dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    protect: bool = False
    existing: bool = False
    custom: bool = True
    retained: bool | None = None
    secrets: frozenset[str] | None = None
    ignored: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    seen: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    declared: "Resource | None" = None
    inside: str = ""

    @property
    def project(self) -> str:
        """The Pulumi project that declared it."""
        return self.urn.split("::")[1] if self.urn.count("::") > 1 else ""

    def get(self, path: str, default: Any = None) -> Any:
        """The value at a dotted path, or ``default``. Raises UnknownValueError where it is not known yet."""
        value = lookup(self.inputs, path, default)
        self.seen[path] = value
        return value

    def known(self, path: str) -> Any:
        """The value at a dotted path, None where it is absent; UNKNOWN, and noted, where it is not known yet."""
        try:
            return self.get(path)
        except UnknownValueError as error:
            self.unknown.append(error.message)
            return UNKNOWN

    def each(self, path: str) -> list[Any]:
        """The entries of the list at ``path``; none when it is absent."""
        return list(self.get(path) or ())

    def has(self, path: str) -> bool:
        """Whether there is something at ``path``, known or not; an empty text, list or object is nothing."""
        values = list(self.leaves(path))
        there = bool(values) and values[0] not in (None, "") and not _empty(values[0])
        self.seen[path] = "set" if there else None
        return there

    def leaves(self, path: str) -> Iterator[Any]:
        """Every value at ``path``: ``name[]`` is each entry of a list, ``*`` each member; UNKNOWN for one not known."""
        return _leaves(self.inputs, path.split("."))

    def named(self, name: str) -> Any:
        """The input, or else the output, that names the resource; UNKNOWN or None where there is none yet."""
        return next(chain(_leaves(self.inputs, [name]), _leaves(self.outputs, [name])), None)

    def texts(self) -> Sequence[tuple[str, str]]:
        """Every known text among the inputs that its program declared, with its path."""
        return self.declared.texts() if self.declared else self._all_texts

    @cached_property
    def names(self) -> frozenset[str]:
        """The last names of all its inputs that are known, in lower case: what is not among them need not be sought."""
        return frozenset(last_name(path) for path, _ in self.scalars())

    @cached_property
    def free_texts(self) -> tuple[tuple[str, str], ...]:
        """Texts of inputs in which a program may write whatever it likes: tags, commands, variables, settings."""
        return tuple((path, text) for path, text in self.texts() if _is_free(path))

    @cached_property
    def variables(self) -> Mapping[str, str]:
        """The names of list entries that have one, by the entry's path: ``env[0]`` -> ``PGSSLMODE``."""
        return {path.removesuffix(".name"): text for path, text in self.texts() if path.endswith("].name")}

    def scalars(self) -> Sequence[tuple[str, Any]]:
        """Every known text, number and boolean among the inputs that its program declared, with its path."""
        return self.declared.scalars() if self.declared else self._all_scalars

    @cached_property
    def _all_texts(self) -> tuple[tuple[str, str], ...]:
        return tuple((path, value) for path, value in self._all_scalars if isinstance(value, str))

    @cached_property
    def _all_scalars(self) -> tuple[tuple[str, Any], ...]:
        found: list[tuple[str, Any]] = []
        _collect_scalars(self.inputs, "", found)
        return tuple(found)

    def answered(self, path: str) -> Iterator[str]:
        """The known texts at ``path`` of what a deployment answered."""
        return (value for value in _leaves(self.outputs, path.split(".")) if isinstance(value, str))

    def __str__(self) -> str:
        return self.name


def lookup(value: Any, path: str, default: Any = None) -> Any:
    """The value at a dotted path inside nested objects, or ``default``."""
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            return default
    return value


def _empty(value: Any) -> bool:
    return not isinstance(value, (str, bool, int, float)) and isinstance(value, (Mapping, Sequence)) and len(value) == 0


@kept
def last_name(path: str) -> str:
    """``ipRules[0].Value`` and ``values[1]`` as ``value`` and ``values``."""
    return path.rsplit(".", 1)[-1].split("[")[0].lower()


@kept
def _is_free(path: str) -> bool:
    return _FREE.search(path) is not None


def _collect_scalars(holder: Any, path: str, into: list[tuple[str, Any]]) -> None:
    """Every known text, number and boolean of an object or list, with its path."""
    if isinstance(holder, Mapping):
        before, after, places = f"{path}." if path else "", "", iter(holder)
    elif isinstance(holder, Sequence):
        before, after, places = f"{path}[", "]", iter(range(len(holder)))
    else:
        return
    for place in places:
        try:
            value = holder[place]
        except UnknownValueError:
            continue
        if isinstance(value, (str, bool, int, float)):
            into.append((f"{before}{place}{after}", value))
        elif value is not None:
            _collect_scalars(value, f"{before}{place}{after}", into)


def _leaves(value: Any, parts: list[str]) -> Iterator[Any]:
    if not parts:
        yield value
        return
    if not isinstance(value, Mapping):
        return
    name = parts[0].removesuffix("[]")
    try:
        found = value.get(name)
    except UnknownValueError:
        yield UNKNOWN
        return
    if found is None:
        return
    if parts[1:2] == ["*"]:
        for member in found if isinstance(found, Mapping) else ():
            yield from _leaves(found, [member, *parts[2:]])
        return
    if not parts[0].endswith("[]"):
        yield from _leaves(found, parts[1:])
        return
    if isinstance(found, Mapping):
        # Where Azure takes a list of names, the SDK also takes an object with them as keys.
        yield from found if len(parts) == 1 else ()
        return
    for index in range(len(found)):
        try:
            entry = found[index]
        except UnknownValueError:
            yield UNKNOWN
        else:
            yield from _leaves(entry, parts[1:])


@dataclass(frozen=True)
class _Targets:
    """Resources by what a reference to them holds, as places in ``resources``.

    by_value: their id or name, in lower case. by_urn: all. nameless: those without a known id or name.
    """

    resources: Sequence[Resource]
    by_value: dict[str, list[int]] = field(default_factory=dict)
    by_urn: dict[str, list[int]] = field(default_factory=dict)
    nameless: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: Sequence[Resource], by: str, child: str) -> "_Targets":
        targets = cls(resources)
        for place, each in enumerate(resources):
            known = each.id and each.id + child if by == "id" else each.named(by)
            targets.by_urn.setdefault(each.urn, []).append(place)
            if isinstance(known, str):
                targets.by_value.setdefault(known.lower(), []).append(place)
            else:
                targets.nameless.setdefault(each.urn, []).append(place)
        return targets


class Stack:
    """All resources of a stack, and the references between them; each with the parts of it that are declared apart.

    ours: whether this project's program made it; of another project's, what nobody decided is unchecked, not wrong.
    trust: the strangers that are trusted. today: the day on which it is judged.
    """

    def __init__(self, resources: Iterable[Resource], *, ours: bool = True) -> None:
        self.resources, self._inside = merged(resources)
        self.ours = ours
        self.trust = Trust()
        self.today = datetime.now(UTC).date()
        self._remembered: dict[str, Any] = {}

    def judged(self, trust: Trust, today: date) -> "Stack":
        """The same stack, judged on a day and by a register."""
        other = copy(self)
        other.trust, other.today = trust, today
        return other

    def remember(self, key: str, make: Callable[[], Any]) -> Any:
        """What ``make`` works out of the resources, once."""
        if key not in self._remembered:
            self._remembered[key] = make()
        return self._remembered[key]

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        groups: dict[str, list[Resource]] = {}
        for resource in [*self.resources, *self._inside]:
            groups.setdefault(resource.type, []).append(resource)
        return groups

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """Resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def _answers(self) -> dict[tuple[str, ...], list[Resource]]:
        """What `targets` answered, by the holder's identity: a stack does not change."""
        return {}

    @cached_property
    def _holders(self) -> dict[tuple[str, ...], dict[int, list[Resource]]]:
        """What `holders` answered, by the target's identity."""
        return {}

    @cached_property
    def _indexes(self) -> dict[tuple[tuple[str, ...], str, str], _Targets]:
        """What may be referred to, so that no reference is held against every resource of a type."""
        return {}

    def by_type(self, *types: str) -> list[Resource]:
        """Resources of these types; ``*`` is every type."""
        if "*" in types:
            return self.resources
        return [resource for type_ in types for resource in self._by_type.get(token(type_), [])]

    def targets(self, holder: Resource, path: str, *types: str, by: str = "id", child: str = "") -> list[Resource]:
        """The resources of ``types`` that the value of ``holder`` at ``path`` refers to.

        by: what the value holds: ``id`` for ARM ids, else the target's input or output of that name (``vaultName``).
        child: what an ARM id has behind the target's own when it names a part of it (``/blobServices/default``).
        Known values are compared, without regard to case, as Azure does; where either side is not known yet, the
        engine's record of what the property was computed from decides.
        """
        question = (str(id(holder)), path, by, child, *types)
        if question not in self._answers:
            self._answers[question] = self._targets(holder, path, *types, by=by, child=child)
        return self._answers[question]

    def _targets(self, holder: Resource, path: str, *types: str, by: str, child: str) -> list[Resource]:
        values = set()
        unknown = False
        for leaf in holder.leaves(path):
            if isinstance(leaf, str):
                values.add(leaf.lower())
            unknown = unknown or leaf is UNKNOWN
        if not values and not unknown:
            return []
        sources = holder.dependencies.get(path.split(".")[0].removesuffix("[]"), frozenset())
        targets = self._remembered_targets(types, by, child)
        places = [place for value in values for place in targets.by_value.get(value, ())] if not unknown else []
        by_urn = targets.by_urn if unknown else targets.nameless
        places += [place for urn in sources for place in by_urn.get(urn, ())]
        return [targets.resources[place] for place in sorted(places)]

    def _remembered_targets(self, types: tuple[str, ...], by: str, child: str) -> _Targets:
        key = (types, by, child)
        if key not in self._indexes:
            self._indexes[key] = _Targets.of(self.by_type(*types), by, child)
        return self._indexes[key]

    def holders(self, target: Resource, path: str, *types: str, by: str = "id", child: str = "") -> list[Resource]:
        """The resources of ``types`` whose value at ``path`` refers to ``target``: `targets` read backwards."""
        question = (path, by, child, target.type, *types)
        if question not in self._holders:
            found: dict[int, list[Resource]] = {}
            for holder in self.by_type(*types):
                for each in self.targets(holder, path, target.type, by=by, child=child):
                    found.setdefault(id(each), []).append(holder)
            self._holders[question] = found
        return list(self._holders[question].get(id(target), ()))
