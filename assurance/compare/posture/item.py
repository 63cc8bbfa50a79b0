"""One thing that gets weaker or stronger, and what it is worked out from."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

from assurance.compare.pairing import Pair
from assurance.record import UNKNOWN, Record, Resource
from policies.accepted_changes import Area

Direction = Literal["weaker", "stronger"]
K = TypeVar("K", bound=Any)
V = TypeVar("V")


@dataclass(frozen=True, kw_only=True)
class Posture:
    """One weakening or strengthening.

    what: in words, with why it counts. before, after: None where a side has none. resource, aspect: what an entry of
    accepted_changes.yaml names as its resource and property. accepted: the id of the entry that covers it. source,
    origin: where a person would edit it: of the head, of the base for what is gone.
    """

    area: Area
    direction: Direction
    what: str
    before: Any
    after: Any
    resource: str = ""
    aspect: str = ""
    urn: str = ""
    source: dict[str, Any] | None = None
    origin: dict[str, Any] | None = None
    accepted: str | None = None

    @property
    def weaker(self) -> bool:
        """Whether it weakens."""
        return self.direction == "weaker"

    def as_dict(self) -> dict[str, Any]:
        """The item as JSON holds it."""
        plain_data = asdict(self)
        plain_data["property"] = plain_data.pop("aspect")
        return plain_data


@dataclass
class Sides:
    """Both records and their pairs."""

    base: Record
    head: Record
    pairs: Sequence[Pair]

    @cached_property
    def both(self) -> list[tuple[Resource, Resource]]:
        """What both sides have: (of the base, of the head)."""
        return [(each.base, each.head) for each in self.pairs if each.base is not None and each.head is not None]

    @cached_property
    def removed(self) -> set[str]:
        """URNs of the base that the head has not."""
        return {each.base.urn for each in self.pairs if each.base is not None and each.head is None}

    @cached_property
    def added(self) -> set[str]:
        """URNs of the head that the base has not."""
        return {each.head.urn for each in self.pairs if each.head is not None and each.base is None}


def one_sided(before: Mapping[K, V], after: Mapping[K, V]) -> Iterator[tuple[K, V, bool]]:
    """What only one side has, by key: (key, value, whether it is gone), what is gone first."""
    yield from ((key, before[key], True) for key in sorted(before.keys() - after.keys()))
    yield from ((key, after[key], False) for key in sorted(after.keys() - before.keys()))


def item(
    area: Area,
    weaker: bool,
    what: str,
    values: tuple[Any, Any],
    about: Resource | None,
    aspect: str,
    path: str = "",
) -> Posture:
    """An item about a resource. values: before and after; path: the input, to find the entry that it comes from."""
    return Posture(
        area=area,
        direction="weaker" if weaker else "stronger",
        what=what,
        before=values[0],
        after=values[1],
        resource=about.name if about else "",
        aspect=aspect,
        urn=about.urn if about else "",
        source=about.source if about else None,
        origin=entry_of(about, path) if about else None,
    )


def entry_of(resource: Resource, path: str) -> dict[str, Any] | None:
    """The entry that the input at ``path`` comes from: the one with the longest path around it, else the resource's."""
    around = [each for each in resource.origins if each.get("path") and _within(path, each["path"])]
    nearest = max(around, key=lambda each: len(each["path"]), default=None)
    if nearest is None:
        return resource.origin
    return {key: value for key, value in nearest.items() if key != "path"}


def _within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def plain(path: str) -> str:
    """A path without the places in lists: ``rules[3].access`` is ``rules.access``."""
    return re.sub(r"\[\d+\]", "", path)


def known(*values: Any) -> bool:
    """Whether all values are known offline."""
    return not any(isinstance(value, str) and UNKNOWN in value for value in values)


def same(items: Iterable[Posture]) -> list[Posture]:
    """Each item once, in the order given."""
    unique: dict[tuple[Any, ...], Posture] = {}
    for each in items:
        unique.setdefault((each.area, each.direction, each.what, each.urn, each.aspect), each)
    return list(unique.values())
