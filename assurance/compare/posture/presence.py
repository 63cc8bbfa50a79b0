"""What protects by being there: ``presence.yaml`` on what was removed and added."""

import json
import re
from collections.abc import Iterator
from functools import cache

from assurance.compare.posture.item import Posture, Sides, item
from assurance.record import Record, Resource, get, short_type
from documents.nested import texts_in
from documents.reading import data_reader
from documents.sections import Section
from facts.types import type_row
from policies.accepted_changes import Area

APP = "web:WebApp"


class Presence(Section):
    """One row; the file's head says what each column means."""

    area: Area
    types: list[str]
    why: str
    about: str | None = None
    reverse: bool = False


_rows = data_reader(__file__, "presence.yaml", list[Presence])


@cache
def presences() -> dict[str, Presence]:
    """The rows by type key. Raises DocumentError when the file is wrong."""
    return {f"azure-native:{type_}": row for row in _rows() for type_ in row.types}


def presence_items(sides: Sides) -> Iterator[Posture]:
    """Everything of the table that is gone or new, but for what goes or comes with what it is about."""
    gone, new = _alone(sides.base, sides.removed), _alone(sides.head, sides.added)
    renamed = {_essence(each) for each in gone} & {_essence(each) for each in new}
    for resource, is_gone in [*((each, True) for each in gone), *((each, False) for each in new)]:
        if _essence(resource) in renamed:
            continue
        row = presences()[resource.type]
        weaker = is_gone != row.reverse
        why = f": {row.why}" if weaker else ""
        what = f"{short_type(resource)} {resource.name} is {'gone' if is_gone else 'new'}{why}"
        values = (resource.name, None) if is_gone else (None, resource.name)
        yield item(row.area, weaker, what, values, resource, resource.type.rsplit(":", 1)[-1])


def _alone(record: Record, urns: set[str]) -> list[Resource]:
    """Those of the table among ``urns`` that are about nothing else among them."""
    by_id = {each.id.lower(): each.urn for each in record if each.id.startswith("/") and each.type not in presences()}
    found = []
    for resource in record:
        if resource.urn in urns and resource.type in presences():
            others = {urn for urn in _about(resource, by_id) if _is_other(record.by_urn.get(urn))}
            if not others & urns and not _asks_for_gone(resource, record, urns):
                found.append(resource)
    return found


def _about(resource: Resource, by_id: dict[str, str]) -> set[str]:
    """URNs of what a resource of the table is about."""
    row = presences()[resource.type]
    inputs = resource.inputs if row.about is None else {row.about: resource.inputs.get(row.about)}
    about = {by_id[text] for text in map(str.lower, texts_in(inputs)) if text in by_id}
    return about | {urn for key, urns in resource.propertyDependencies.items() if key in inputs for urn in urns}


def _is_other(resource: Resource | None) -> bool:
    return resource is not None and resource.type not in presences()


def _asks_for_gone(resource: Resource, record: Record, urns: set[str]) -> bool:
    """Whether its query asks by name for apps, and all of them go, or come, with it: it is about the workspace, which
    has the logs of every app."""
    queries = [resource.inputs.get("query"), *(each.get("query") for each in get(resource, "criteria.allOf") or ())]
    named = {f"app-{name}" for query in queries for name in re.findall(r'"([\w-]+)"', str(query or ""))}
    asked = [each.urn in urns for each in record.of_type(APP) if each.name in named]
    return bool(asked) and all(asked)


def _essence(resource: Resource) -> str:
    """What it does, without what it is called."""
    row = type_row(resource.type)
    names = {"tags", "name", "description", "displayName", *(row.names[-1:] if row else ())}
    return resource.type + json.dumps({k: v for k, v in resource.inputs.items() if k not in names}, sort_keys=True)
