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
    old, new = (", ".join(sorted(each)) or None for each in (before, after))
    what = f"the data classification of the stack: {old or 'none'} → {new or 'none'}{why}"
    about = next(iter(_tagged(sides.head) or _tagged(sides.base)), None)
    yield item("rules", weaker, what, (old, new), about, TAG, f"tags.{TAG}")


def _tagged(record: Record) -> list[Resource]:
    """In an order that does not change from run to run."""
    return sorted((each for each in record if TAG in _tags(each)), key=lambda each: each.urn)


def _classes(record: Record) -> set[str]:
    return {str(_tags(each)[TAG]) for each in _tagged(record)}


def _tags(resource: Resource) -> dict[str, object]:
    tags = resource.inputs.get("tags")
    return tags if isinstance(tags, dict) else {}
