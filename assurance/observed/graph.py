"""A Resource Graph answer against what is declared: what exists in our groups, and nobody declared."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assurance.check.findings import Finding
from assurance.errors import UsageError
from assurance.observed.rules import EXAMINED, MISSING, UNDECLARED
from assurance.observed.source import read_json
from assurance.observed.values import GUID, comparable
from assurance.record import UNKNOWN, Record, Resource
from facts.decisions import No
from facts.types import ResourceType, type_row

ROLE = "azure-native:authorization:RoleAssignment"
ASSIGNMENTS = "microsoft.authorization/roleassignments"
AZURES_OWN = ("microsoft.network/networkinterfaces", "microsoft.alertsmanagement/smartdetectoralertrules")
"""Types that Azure makes by itself: the interfaces of private endpoints, and rules of Application Insights."""


@dataclass(frozen=True)
class Row:
    """One row of the answer. id, type: in lower case; properties: as Resource Graph has them."""

    id: str
    type: str
    properties: dict[str, Any]


def read_graph(path: Path) -> list[Row]:
    """The rows of an answer of `az graph query` or of the REST API.

    Raises UsageError for a file that is none, and for an answer that is cut off: what is there would seem missing.
    """
    document = read_json(path)
    rows = document.get("data") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row and "type" in row for row in rows):
        raise UsageError(f"{path}: not an answer of Resource Graph with id and type in each row (docs/drift.md)")
    if isinstance(document, dict) and _cut_off(document, len(rows)):
        raise UsageError(f"{path}: the answer is cut off: ask again with `--first 1000`, and page by page beyond that")
    return [Row(_without_slash(str(row["id"])), str(row["type"]).lower(), row.get("properties") or {}) for row in rows]


def _cut_off(document: dict[str, Any], rows: int) -> bool:
    total = document.get("total_records", document.get("totalRecords", rows))
    token = document.get("skip_token") or document.get("$skipToken")
    return bool(token) or str(document.get("resultTruncated", "")).lower() == "true" or int(total) > rows


def graph_findings(record: Record, rows: list[Row]) -> Iterator[Finding]:
    """What is declared and not there, what is there and not declared, and what Resource Graph cannot show."""
    declared = [each for each in record if each.custom and not each.options.get("existing")]
    groups = {_key(each.id) for each in declared if each.type == "azure-native:resources:ResourceGroup"}
    shown = {each.urn: facts for each in declared if each.type != ROLE and (facts := _arm_row(each)) is not None}
    live = {_key(row.id): row for row in rows if row.type != ASSIGNMENTS}
    for resource in declared:
        if resource.urn in shown:
            yield _of_declared(record, resource, shown[resource.urn], live)
    known = {_key(each.id) for each in declared if each.urn in shown}
    for key, row in live.items():
        if _is_inside(key, groups) and key not in known and row.type not in AZURES_OWN:
            yield _undeclared(record, row.id, f"{row.id} exists, and nothing declares it")
    yield from _assignments(record, [row for row in rows if row.type == ASSIGNMENTS], groups)


def _arm_row(resource: Resource) -> ResourceType | None:
    """The facts of its type; None where it is no resource of ARM."""
    row = type_row(resource.type)
    return None if row is None or isinstance(row.arm, No) else row


def _of_declared(record: Record, resource: Resource, row: ResourceType, live: dict[str, Row]) -> Finding:
    """One declared resource that is no role assignment."""
    if not isinstance(row.graph, str):
        why = row.graph.no if isinstance(row.graph, No) else "nobody knows whether Resource Graph holds it"
        return Finding.of(EXAMINED, "unchecked", f"not examined: {why}", resource, stack=record.stack)
    if UNKNOWN in resource.id:
        message = "not examined: its id is known only when deployed"
        return Finding.of(EXAMINED, "unchecked", message, resource, stack=record.stack)
    if _key(resource.id) in live:
        return Finding.of(MISSING, "pass", "", resource, stack=record.stack)
    return Finding.of(MISSING, "fail", f"{resource.id} is declared and does not exist", resource, stack=record.stack)


def _is_inside(key: str, groups: set[str]) -> bool:
    return any(key == group or key.startswith(f"{group}/") for group in groups)


def _assignments(record: Record, rows: list[Row], groups: set[str]) -> Iterator[Finding]:
    """Role assignments by scope and role: a record does not know the real ids of principals."""
    keys = {each.urn: _held(each.inputs) for each in record.of_type(ROLE)}
    declared = Counter(keys.values())
    live: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if _is_inside(_held(row.properties)[0], groups):
            live.setdefault(_held(row.properties), []).append(row)
    for key, found in sorted(live.items()):
        for row in found[declared[key] :]:
            who = row.properties.get("principalId", "somebody")
            more = f" ({declared[key]} declared, {len(found)} exist)" if declared[key] else ""
            message = f"{who} has role {key[1]} on {row.properties.get('scope')}, and nothing declares it{more}"
            yield _undeclared(record, row.id, message)
    for each in record.of_type(ROLE):
        scope, role = key = keys[each.urn]
        exist = len(live.get(key, ()))
        if not _is_inside(scope, groups):
            message = "not examined: its scope is outside the stack's resource groups"
            yield Finding.of(EXAMINED, "unchecked", message, each, stack=record.stack)
        elif exist < declared[key]:
            message = f"role {role} on {scope}: {declared[key]} declared, {exist} exist"
            yield Finding.of(MISSING, "fail", message, each, stack=record.stack)
        else:
            yield Finding.of(MISSING, "pass", "", each, stack=record.stack)


def _held(assignment: Mapping[str, Any]) -> tuple[str, str]:
    """(scope, GUID of the role) of an assignment; a role's own id is the same in every subscription."""
    scope, definition = (str(assignment.get(name) or "") for name in ("scope", "roleDefinitionId"))
    return _key(scope), definition.rsplit("/", 1)[-1].lower()


def _undeclared(record: Record, id_: str, message: str) -> Finding:
    return Finding.of(UNDECLARED, "fail", message, stack=record.stack, name=id_.rsplit("/", 1)[-1])


def _key(id_: str) -> str:
    """An ARM id up to its subscription and generated parts."""
    plain = re.sub(r"(?i)^/subscriptions/[^/]+", "/subscriptions/*", _without_slash(id_))
    return str(comparable(GUID.sub("<guid>", plain)))


def _without_slash(id_: str) -> str:
    return id_.lower().rstrip("/")
