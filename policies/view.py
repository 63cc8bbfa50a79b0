"""A stack as rules see it: its resources, and what refers to what."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any, TypeVar

from policies.merged import merged
from policies.resource import UNKNOWN, Resource, token
from policies.trusted import Trust

T = TypeVar("T")


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
        # What was worked out, by what did; a stack does not change.
        self._remembered: dict[Any, Any] = {}
        # What `targets` and `holders` answered, by the identity of the one that was asked about.
        self._answers: dict[tuple[str, ...], list[Resource]] = {}
        self._holders: dict[tuple[str, ...], dict[int, list[Resource]]] = {}
        # What may be referred to, so that no reference is held against every resource of a type.
        self._indexes: dict[tuple[tuple[str, ...], str, str], _Targets] = {}

    def judged(self, trust: Trust, today: date) -> "Stack":
        """The same stack, judged on a day and by a register."""
        other = copy(self)
        other.trust, other.today = trust, today
        return other

    def remember(self, make: "Callable[[Stack], T]") -> T:
        """What ``make`` works out of the resources, once."""
        if make not in self._remembered:
            self._remembered[make] = make(self)
        found: T = self._remembered[make]
        return found

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
        if (types, by, child) not in self._indexes:
            self._indexes[types, by, child] = _Targets.of(self.by_type(*types), by, child)
        targets = self._indexes[types, by, child]
        places = [place for value in values for place in targets.by_value.get(value, ())] if not unknown else []
        by_urn = targets.by_urn if unknown else targets.nameless
        places += [place for urn in sources for place in by_urn.get(urn, ())]
        return [targets.resources[place] for place in sorted(places)]

    def owners(self, part: Resource, by: str, *types: str) -> list[Resource]:
        """The resources of ``types`` that a resource stands in: both have their name under ``by`` (``vaultName``)."""
        return self.targets(part, by, *types, by=by)

    def parts(self, owner: Resource, by: str, *types: str) -> list[Resource]:
        """The resources of ``types`` that stand in one: `owners` read backwards."""
        return self.holders(owner, by, *types, by=by)

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
