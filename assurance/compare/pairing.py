"""Which resource of a base is which of a head."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from assurance.record import Record, Resource
from facts.tokens import type_key


@dataclass(frozen=True)
class Pair:
    """One resource on both sides; None where a side has it not.

    moved: the engine would make it again under an id that exists: it is found by its ARM id only, or its token, or a
    parent's, differs and nothing tells the engine the former one.
    """

    base: Resource | None
    head: Resource | None
    moved: bool = False

    @property
    def shown(self) -> Resource:
        """The resource as a reader knows it: of the head, where it is there."""
        resource = self.head or self.base
        assert resource is not None
        return resource


def pair_revisions(base: Record, head: Record) -> list[Pair]:
    """Pairs of two records of one stack: by URN without the stack and versions of types, by alias, by ARM id."""
    pairing = _Pairing(base, head)
    pairing.match(lambda each: [_path(each.urn)], lambda each: [_path(each.urn)])
    pairing.match(lambda each: [_key(each.urn)], lambda each: [_key(each.urn)])
    pairing.match(lambda each: [_key(each.urn)], lambda each: _former_keys(each, head))
    pairing.match(_arm_ids, _arm_ids, only_by_id=True)
    return pairing.pairs()


def pair_stacks(base: Record, head: Record) -> list[Pair]:
    """Pairs of two stacks of one program: by type, parents' names and name, without the stacks' own parts."""
    pairing = _Pairing(base, head)
    pairing.match(lambda each: [_name_path(each, base)], lambda each: [_name_path(each, head)])
    return pairing.pairs()


def without_stack(text: str, stack: str) -> str:
    """``text`` with ``*`` where the stack's name stands as a part of its own."""
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(stack)}(?![A-Za-z0-9])", "*", text)


class _Pairing:
    def __init__(self, base: Record, head: Record) -> None:
        self._base, self._head = base, head
        self._left = {each.urn: each for each in base}
        self._right = {each.urn: each for each in head}
        self._pairs: list[Pair] = []

    def match(
        self,
        of_base: Callable[[Resource], Iterable[Any]],
        of_head: Callable[[Resource], Iterable[Any]],
        *,
        only_by_id: bool = False,
    ) -> None:
        """Pair what is left on both sides and shares a key; several of one key pair in their order."""
        waiting: dict[Any, list[Resource]] = {}
        for each in self._left.values():
            for key in of_base(each):
                waiting.setdefault(key, []).append(each)
        for each in list(self._right.values()):
            for key in of_head(each):
                candidates = [one for one in waiting.get(key, ()) if one.urn in self._left]
                if candidates:
                    moved = only_by_id or not _same_for_engine(candidates[0], each, self._head)
                    self._pairs.append(Pair(candidates[0], each, moved))
                    del self._left[candidates[0].urn], self._right[each.urn]
                    break

    def pairs(self) -> list[Pair]:
        """All pairs, then what only one side has, each in the order of URNs."""
        alone = [Pair(each, None) for each in self._left.values()] + [Pair(None, each) for each in self._right.values()]
        return sorted([*self._pairs, *alone], key=lambda pair: pair.shown.urn)


def _path(urn: str) -> str:
    """A URN without its stack."""
    return urn.split("::", 1)[-1]


def _key(urn: str) -> str:
    """A URN without its stack and without versions, of the type and of its parents' types."""
    project, _, rest = _path(urn).partition("::")
    types, _, name = rest.partition("::")
    return "::".join((project, "$".join(type_key(each) for each in types.split("$")), name))


def _tokens(urn: str) -> list[str]:
    return _path(urn).split("::")[1].split("$") if urn.count("::") >= 3 else []


def _former_keys(resource: Resource, head: Record) -> Iterator[str]:
    for urn in resource.options.get("aliases", ()):
        yield _key(urn)
    project, _, rest = _path(resource.urn).partition("::")
    types, _, name = rest.partition("::")
    for token in head.typeAliases.get(resource.registered, ()):
        parents = types.split("$")[:-1]
        yield "::".join((project, "$".join(type_key(each) for each in (*parents, token)), name))


def _arm_ids(resource: Resource) -> list[str]:
    return [resource.id.lower()] if resource.custom and resource.id.startswith("/") else []


def _same_for_engine(base: Resource, head: Resource, record: Record) -> bool:
    """Whether the engine takes them for one: every token is the same, or a former one that it is told of."""
    if _path(base.urn) in [_path(urn) for urn in head.options.get("aliases", ())]:
        return True
    before, after = _tokens(base.urn), _tokens(head.urn)
    steps = [*zip(before, after, strict=False), (base.registered, head.registered)]
    return all(old == new or old in record.typeAliases.get(new, ()) for old, new in steps)


def _name_path(resource: Resource, record: Record) -> tuple[str, ...]:
    names = [without_stack(resource.name, record.stack)]
    parent = record.by_urn.get(resource.parent)
    while parent is not None:
        names.append(without_stack(parent.name, record.stack))
        parent = record.by_urn.get(parent.parent)
    return (resource.type, *names)
