"""A record as one self-contained HTML page: nothing is loaded from anywhere."""

from collections.abc import Sequence

from assurance.pages.builder import build_page, running_head
from assurance.preview.tree import counts_by_kind, resource_tree
from assurance.record import Record


def page(records: Sequence[Record]) -> str:
    """The resource trees, counts, outputs and open points of ``records``. Everything in a record is escaped."""
    stacks = [
        {"record": record, "roots": resource_tree(record), "counts": counts_by_kind(record)} for record in records
    ]
    head = running_head(records[0].basis if records else {}, [record.stack for record in records])
    return build_page("assurance.preview", "preview.html.j2", stacks=stacks, head=head)
