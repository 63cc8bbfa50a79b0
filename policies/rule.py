"""A rule: declared once, judged by the engine's policy host and by `assurance check` alike."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pulumi_policy.proxy import UnknownValueError

from documents.counting import counted
from policies.compare import folded
from policies.resource import UNKNOWN, Resource, token
from policies.view import Stack

Severity = Literal["low", "medium", "high", "critical"]
Check = Callable[..., Iterable[str]]
UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading an input raises that is of another kind than Azure takes."""


@dataclass(frozen=True)
class Verdict:
    """What a rule matches on one resource.

    violations: a message for each. unknown: a value that is not known yet, besides the violations found without it.
    seen: the inputs that the rule read, as ``path = value``.
    """

    subject: Resource
    violations: tuple[str, ...] = ()
    unknown: str = ""
    seen: str = ""


@dataclass(frozen=True)
class RuleInfo:
    """What every rule says of itself, whoever judges by it.

    id: stable, as exceptions and reports name it. title: what holds where it passes. controls: paragraphs of
    45 CFR 164 it serves (hipaa.yaml). remediation: what to do. source: who asks for it, and where thresholds come from.
    """

    id: str
    title: str
    severity: Severity
    controls: tuple[str, ...]
    remediation: str
    source: str

    @property
    def blocking(self) -> bool:
        """Whether a violation fails; one of low severity only warns."""
        return self.severity != "low"


@dataclass(frozen=True, kw_only=True)
class Rule(RuleInfo):
    """A rule on resources. Made by the `rule` decorator.

    area: what it is about: the module that declares it, or a table's part.
    types: resource types it examines, ``*`` for all. where: which resources of these types it is about; like check, it
    takes the resource, or the resource and its stack.
    offline: why the engine's policy host cannot run it; empty where it can.
    """

    area: str
    types: tuple[str, ...]
    check: Check
    where: Callable[..., bool]
    offline: str

    def examine(self, stack: Stack) -> Iterator[Verdict]:
        """The verdict on every resource of ``stack`` that the rule is about."""
        for subject in stack.by_type(*self.types):
            verdict = None if subject.existing else self.judge(subject, stack)
            if verdict is not None:
                yield verdict

    @property
    def joins(self) -> bool:
        """Whether it looks at other resources of the stack as well."""
        return any(self._joining)

    @cached_property
    def _joining(self) -> tuple[bool, bool]:
        """Whether where and check take the stack."""
        return _parameters(self.where) == 2, _parameters(self.check) == 2

    def judge(self, subject: Resource, stack: Stack) -> Verdict | None:
        """The verdict on ``subject``; None when the rule is not about it."""
        found: list[str] = []
        unknown = ""
        subject.unknown.clear()
        try:
            where_joins, check_joins = self._joining
            if not (self.where(subject, stack) if where_joins else self.where(subject)):
                return None
            subject.seen.clear()
            # One by one: what was found before a value that nobody knows yet stays found.
            for violation in self.check(subject, stack) if check_joins else self.check(subject):
                found.append(f"{subject.inside}: {violation}" if subject.inside else violation)
        except UnknownValueError as error:
            unknown = error.message
        except UNREADABLE as error:
            # A value of another kind than Azure takes: what cannot be judged does not pass.
            found.append(f"it cannot be judged, for an input is none that Azure takes: {error}")
        if subject.unknown and not unknown:
            unknown = subject.unknown[0]
        return Verdict(subject, tuple(found), unknown, "" if unknown and not found else _seen(subject))


def _parameters(function: Callable[..., Any]) -> int:
    return len(inspect.signature(function).parameters)


def _seen(subject: Resource) -> str:
    """What a rule read of its subject, in the order in which it did."""
    if not subject.seen:
        return ""
    return "; ".join(f"{path} = {_short(value)}" for path, value in subject.seen.items())[:SEEN]


SEEN = 400
"""Characters of what was seen that a finding keeps."""


def _short(value: Any) -> str:
    if not isinstance(value, (str, bool, int)) and isinstance(value, (Mapping, Sequence)):  # the engine's are no `list`
        return counted(len(value), "entry", "entries") if value else "none"
    return shown(value)


def rule(
    id_: str,
    title: str,
    *,
    on: str | Iterable[str],
    severity: Severity,
    controls: Iterable[str],
    remediation: str,
    source: str,
    where: Callable[..., bool] = lambda _: True,
    each: str = "",
    offline: str = "",
    area: str = "",
) -> Callable[[Check], Rule]:
    """Declare a rule on a function that yields a message for each violation.

    The function takes the resource, or the resource and its `Stack` when it looks at others as well (a join).
    each: the path of a list; the function then takes an entry of it, and judges each on its own.
    area: the name of the function's module, where it is left out.
    """

    def declare(check: Check) -> Rule:
        judge = (lambda resource: judge_each(resource, each, check)) if each else check
        return Rule(
            id=id_,
            title=title,
            severity=severity,
            controls=tuple(controls),
            area=area or check.__module__.rpartition(".")[2],
            types=tuple(token(type_) for type_ in ([on] if isinstance(on, str) else on)),
            remediation=remediation,
            source=source,
            check=judge,
            where=where,
            offline=offline,
        )

    return declare


def must(resource: Resource, path: str, *allowed: Any) -> Iterator[str]:
    """A violation unless the value at ``path`` is one of ``allowed``; a missing value is one.

    Texts compare as Azure compares them, without regard to case. One that is not known yet is noted, and the rule goes
    on to what is known.
    """
    value = resource.known(path)
    if value is UNKNOWN:
        return
    if value is None or folded(value) not in [folded(item) for item in allowed]:
        required = " or ".join(shown(item) for item in allowed)
        yield f"{path} is {shown(value)}, must be {required}"


def judge_each(resource: Resource, path: str, judge: Callable[[Any], Iterable[str]]) -> Iterator[str]:
    """What ``judge`` yields of each entry of the list at ``path``.

    What is not known yet, an entry or a part of one, is noted; it hides nothing of the others.
    """
    count = 0
    for entry in resource.leaves(f"{path}[]"):
        count += 1
        with resource.noting():
            if entry is UNKNOWN:
                resource.unknown.append(f"an entry of {path} can't be known during preview")
            else:
                yield from judge(entry)
    resource.seen[path] = [None] * count


def at_least(resource: Resource, path: str, minimum: int, unit: str) -> Iterator[str]:
    """A violation unless the number at ``path`` is ``minimum`` or more."""
    value = resource.known(path)
    if value is UNKNOWN:
        return
    if not isinstance(value, (int, float)) or value < minimum:
        yield f"{path} is {shown(value)}, must be at least {minimum} {unit}"


def about(other: Resource, messages: Iterable[str]) -> Iterator[str]:
    """The messages about another resource than the one that is judged, with its name."""
    yield from (f"{other}: {message}" for message in messages)


def shown(value: Any) -> str:
    """A value as a message shows it."""
    if value is None:
        return "not set"
    return str(value).lower() if isinstance(value, bool) else str(value)
