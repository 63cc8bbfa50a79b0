"""One resource as rules see it: its type and inputs.

The engine's policy host and `assurance check` build the same. Values that only a deployment can know raise
`UnknownValueError` when a rule touches them, so that a rule never judges what it cannot see.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from policies.kept import finds, kept
from policies.variables import SETTINGS, command_of, set_in, variable_name

_FREE = re.compile(
    r"(^|\.)(tags\.[^.]+|(command|args)\[\d+\]|\w+\[\d+\]\.value|properties\.[A-Z][A-Z0-9_]+|appCommandLine)$"
)
_is_free = finds(_FREE)


class Unknown:
    """Stands for a value that is not known yet, where a rule may go on without it."""


UNKNOWN = Unknown()


def not_known(message: str) -> UnknownValueError:
    """The error of what nobody can know yet, in words of our own."""
    error = UnknownValueError(UNKNOWN_STRING_VALUE, [])
    error.message = message
    return error


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
    ignored: inputs whose changes the engine ignores. taken: options that give it another provider,
    plugin or origin, run code beside it, or hide its changes.
    aliases: URNs of which the engine takes it for the successor; none in the engine's policy host, which does not tell.
    options: all that the program gave it, by the record's names; none in the engine's policy host, which does not tell.
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
    options: Mapping[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    declared: "Resource | None" = None
    inside: str = ""

    @property
    def project(self) -> str:
        """The Pulumi project that declared it."""
        return self.urn.split("::")[1] if self.urn.count("::") > 1 else ""

    @property
    def stack(self) -> str:
        """The stack that it is of."""
        return self.urn.split("::")[0].removeprefix("urn:pulumi:")

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

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Within it, a value that is not known yet ends what reads it, is noted, and hides nothing of what follows."""
        try:
            yield
        except UnknownValueError as error:
            self.unknown.append(error.message)

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

    @cached_property
    def scalars(self) -> tuple[tuple[str, Any], ...]:
        """Every known text, number and boolean among the inputs that its program declared, with its path."""
        if self.declared:
            return self.declared.scalars
        found: list[tuple[str, Any]] = []
        _collect_scalars(self.inputs, "", found)
        return tuple(found)

    @cached_property
    def texts(self) -> tuple[tuple[str, str], ...]:
        """Every known text among them, with its path."""
        return tuple((path, value) for path, value in self.scalars if isinstance(value, str))

    @cached_property
    def names(self) -> frozenset[str]:
        """The last names of all its inputs that are known, in lower case: what is not among them need not be sought."""
        return frozenset(last_name(path) for path, _ in self.scalars)

    @cached_property
    def free_texts(self) -> tuple[tuple[str, str], ...]:
        """Texts of inputs in which a program may write whatever it likes: tags, commands, variables, settings."""
        return tuple((path, text) for path, text in self.texts if _is_free(path))

    @cached_property
    def entry_names(self) -> Mapping[str, str]:
        """The names of list entries that have one, by the entry's path: ``env[0]`` -> ``PGSSLMODE``."""
        return {path.removesuffix(".name"): text for path, text in self.texts if path.endswith("].name")}

    @cached_property
    def command_lines(self) -> tuple[tuple[str, str], ...]:
        """Its command lines, each with the input that it stands in; the words of a list are one line."""
        lines: dict[str, list[str]] = {}
        for path, text in self.free_texts:
            if place := command_of(path):
                lines.setdefault(place, []).append(text)
        return tuple((place, " ".join(words)) for place, words in lines.items())

    @cached_property
    def variables(self) -> tuple[tuple[str, str], ...]:
        """The variables that a program is given, and what its command lines set: (name in capitals, value)."""
        if self.type in SETTINGS:
            inside = ((path.partition(".")[2], value) for path, value in self.scalars if path.startswith("properties."))
            return tuple((variable_name(name), str(value)) for name, value in inside)
        names = self.entry_names
        given = (
            (names.get(path.removesuffix(".value")), text) for path, text in self.free_texts if path.endswith(".value")
        )
        return (
            *((variable_name(name), text) for name, text in given if name),
            *(each for _, line in self.command_lines for each in set_in(line)),
        )

    def run_texts(self) -> Iterator[tuple[str, str]]:
        """Every text that a program reads as it starts: values of variables, and command lines; no tag."""
        for path, text in self.free_texts:
            if not path.startswith("tags.") and not command_of(path):
                yield path, text
        yield from self.command_lines

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


def peek(value: Any, path: str) -> Any:
    """The value at a dotted path inside nested objects, None where it is absent, UNKNOWN where it is not known yet."""
    return next(_leaves(value, path.split(".")), None)


def leaves_of(value: Any, path: str) -> Iterator[Any]:
    """Every value at ``path`` inside nested objects, as `Resource.leaves` has them."""
    return _leaves(value, path.split("."))


def shown_at(value: Any, path: str) -> str:
    """The value at a dotted path as a message shows it, known or not."""
    found = peek(value, path)
    return "one not known yet" if found is UNKNOWN else str(found)


def _empty(value: Any) -> bool:
    return not isinstance(value, (str, bool, int, float)) and isinstance(value, (Mapping, Sequence)) and len(value) == 0


@kept
def last_name(path: str) -> str:
    """``ipRules[0].Value`` and ``values[1]`` as ``value`` and ``values``."""
    return path.rsplit(".", 1)[-1].split("[")[0].lower()


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
