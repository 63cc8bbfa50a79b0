"""One thing that gets weaker or stronger, and what it is worked out from."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from assurance.compare.pairing import Pair
from assurance.record import UNKNOWN, Record, Resource
from policies.accepted_changes import Area

Direction = Literal["weaker", "stronger"]


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
    """Both records and their pairs. weaker(), stronger() make items about a resource of either side."""

    base: Record
    head: Record
    pairs: list[Pair]
    head_of: dict[str, str] = field(default_factory=dict)
    """URN of the head by URN of the base."""

    def __post_init__(self) -> None:
        self.head_of = {p.base.urn: p.head.urn for p in self.pairs if p.base is not None and p.head is not None}

    @property
    def removed(self) -> set[str]:
        """URNs of the base that the head has not."""
        return {each.urn for each in self.base} - set(self.head_of)

    @property
    def added(self) -> set[str]:
        """URNs of the head that the base has not."""
        return {each.urn for each in self.head} - set(self.head_of.values())


def item(
    area: Area,
    direction: Direction,
    what: str,
    values: tuple[Any, Any],
    about: Resource | None,
    aspect: str,
    path: str = "",
) -> Posture:
    """An item about a resource. values: before and after; path: the input, to find the entry that it comes from."""
    return Posture(
        area=area,
        direction=direction,
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
