"""A Resource Graph answer against what is declared: what exists in our groups, and nobody declared."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assurance.check.findings import Finding
from assurance.errors import UsageError
from assurance.observed.rules import EXAMINED, MISSING, UNDECLARED
from assurance.observed.source import read_json
from assurance.observed.values import GUID, comparable
from assurance.record import UNKNOWN, Record, Resource, get
from facts.decisions import No
from facts.types import type_row

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
    live = {_key(row.id): row for row in rows if row.type != ASSIGNMENTS}
    known: set[str] = set()
    for resource in declared:
        yield from _of_declared(record, resource, live, known)
    for key, row in live.items():
        ours = any(key == group or key.startswith(f"{group}/") for group in groups)
        if ours and key not in known and row.type not in AZURES_OWN:
            yield _undeclared(record, row.id, f"{row.id} exists, and nothing declares it")
    yield from _assignments(record, [row for row in rows if row.type == ASSIGNMENTS], groups)


def _of_declared(record: Record, resource: Resource, live: dict[str, Row], known: set[str]) -> Iterator[Finding]:
    """One declared resource that is no role assignment."""
    row = type_row(resource.type)
    if resource.type == ROLE or row is None or isinstance(row.arm, No):
        return
    known.add(_key(resource.id))
    if not isinstance(row.graph, str):
        why = row.graph.no if isinstance(row.graph, No) else "nobody knows whether Resource Graph holds it"
        yield Finding.of(EXAMINED, "unchecked", f"not examined: {why}", resource, stack=record.stack)
    elif UNKNOWN in resource.id:
        yield Finding.of(
            EXAMINED, "unchecked", "not examined: its id is known only when deployed", resource, stack=record.stack
        )
    elif _key(resource.id) in live:
        yield Finding.of(MISSING, "pass", "", resource, stack=record.stack)
    else:
        yield Finding.of(MISSING, "fail", f"{resource.id} is declared and does not exist", resource, stack=record.stack)


def _assignments(record: Record, rows: list[Row], groups: set[str]) -> Iterator[Finding]:
    """Role assignments by scope and role: a record does not know the real ids of principals."""
    declared = Counter(
        (_key(str(get(each, "scope"))), _role(str(get(each, "roleDefinitionId")))) for each in record.of_type(ROLE)
    )
    live: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        scope = _key(str(row.properties.get("scope", "")))
        if any(scope == group or scope.startswith(f"{group}/") for group in groups):
            live.setdefault((scope, _role(str(row.properties.get("roleDefinitionId", "")))), []).append(row)
    for (scope, role), found in sorted(live.items()):
        for row in found[declared[scope, role] :]:
            who = row.properties.get("principalId", "somebody")
            more = f" ({declared[scope, role]} declared, {len(found)} exist)" if declared[scope, role] else ""
            message = f"{who} has role {role} on {row.properties.get('scope')}, and nothing declares it{more}"
            yield _undeclared(record, row.id, message)
    for each in record.of_type(ROLE):
        key = (_key(str(get(each, "scope"))), _role(str(get(each, "roleDefinitionId"))))
        if not any(key[0] == group or key[0].startswith(f"{group}/") for group in groups):
            message = "not examined: its scope is outside the stack's resource groups"
            yield Finding.of(EXAMINED, "unchecked", message, each, stack=record.stack)
        elif len(live.get(key, ())) < declared[key]:
            message = f"role {key[1]} on {key[0]}: {declared[key]} declared, {len(live.get(key, ()))} exist"
            yield Finding.of(MISSING, "fail", message, each, stack=record.stack)
        else:
            yield Finding.of(MISSING, "pass", "", each, stack=record.stack)


def _undeclared(record: Record, id_: str, message: str) -> Finding:
    return Finding.of(UNDECLARED, "fail", message, stack=record.stack, name=id_.rsplit("/", 1)[-1])


def _role(definition: str) -> str:
    """The GUID of a role definition, whose own id is the same in every subscription."""
    return definition.rsplit("/", 1)[-1].lower()


def _key(id_: str) -> str:
    """An ARM id up to its subscription and generated parts."""
    plain = re.sub(r"(?i)^/subscriptions/[^/]+", "/subscriptions/*", _without_slash(id_))
    return str(comparable(GUID.sub("<guid>", plain)))


def _without_slash(id_: str) -> str:
    return id_.lower().rstrip("/")
