"""Posture that one entry changes in many resources, told once."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from assurance.compare.posture.item import Posture


@dataclass
class Group:
    """Items that differ in the resource's name alone. also: the names of all but the first."""

    first: Posture
    also: list[str] = field(default_factory=list)

    @property
    def what(self) -> str:
        """The first item in words, and where else it holds."""
        return f"{self.first.what} (also {', '.join(self.also)})" if self.also else self.first.what


def grouped(items: Iterable[Posture]) -> list[Group]:
    """The items in their order, each group where its first one stands."""
    groups: dict[tuple[str, ...], Group] = {}
    for item in items:
        said = item.what.replace(item.resource, "\0") if item.resource else item.what
        origin = item.origin or {}
        place = (str(origin.get("file")), str(origin.get("line")), str(origin.get("key")))
        key: tuple[str, ...] = (item.area, item.direction, item.aspect, str(item.accepted), said, *place)
        if item.resource and item.resource not in item.what:
            key = (*key, item.resource)
        if key in groups:
            groups[key].also.append(item.resource)
        else:
            groups[key] = Group(item)
    return list(groups.values())
