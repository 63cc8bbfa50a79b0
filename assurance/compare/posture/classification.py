"""Whether a stack says no longer, or newly, that it may hold patients' data: what the rules ask for depends on it."""

from collections.abc import Iterator

from assurance.compare.posture.item import Posture, Sides, item
from assurance.record import Record, Resource

TAG = "data-classification"
LOWER = "test-data"


def classification_items(sides: Sides) -> Iterator[Posture]:
    """A classification that sinks, or rises; resources without the tag count as patients' data, as for the rules."""
    before, after = _classes(sides.base), _classes(sides.head)
    if (before == {LOWER}) == (after == {LOWER}):
        return
    weaker = after == {LOWER}
    why = ", so that the rules ask for less" if weaker else ""
    values = tuple(", ".join(sorted(each)) or None for each in (before, after))
    what = f"the data classification of the stack: {values[0] or 'none'} → {values[1] or 'none'}{why}"
    about = next(_tagged(sides.head), None) or next(_tagged(sides.base), None)
    yield item("rules", "weaker" if weaker else "stronger", what, (values[0], values[1]), about, TAG, f"tags.{TAG}")


def _tagged(record: Record) -> Iterator[Resource]:
    """In an order that does not change from run to run."""
    yield from sorted((each for each in record if TAG in _tags(each)), key=lambda each: each.urn)


def _classes(record: Record) -> set[str]:
    return {str(_tags(each)[TAG]) for each in _tagged(record)}


def _tags(resource: Resource) -> dict[str, object]:
    tags = resource.inputs.get("tags")
    return tags if isinstance(tags, dict) else {}
