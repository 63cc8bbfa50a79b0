"""A record as one self-contained HTML page: nothing is loaded from anywhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

from assurance.preview.tree import counts_by_kind, resource_tree
from assurance.record import Record


def page(records: Sequence[Record]) -> str:
    """The resource trees, counts, outputs and open points of ``records``. Everything in a record is escaped."""
    environment = Environment(
        loader=PackageLoader("assurance.preview", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = _pretty
    stacks = [
        {"record": record, "roots": resource_tree(record), "counts": counts_by_kind(record), "total": _total(record)}
        for record in records
    ]
    return environment.get_template("preview.html.j2").render(stacks=stacks)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def _total(record: Record) -> int:
    return sum(1 for resource in record.resources if resource.custom)
