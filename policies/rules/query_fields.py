"""What alert queries count and name: fields that the platform or Azure writes, never those that a caller chooses."""

import re
from collections.abc import Iterator, Set

from facts.caller_fields import caller_fields
from policies.kept import kept
from policies.resource import Resource, lookup
from policies.rule import rule
from policies.rules.monitoring import QUERY
from policies.rules.monitoring_facts import ANALYTICS

_COMMENT = re.compile(r"//[^\n]*")
_ASSIGNED = re.compile(r"\b(\w+)\s*=(?![=~])\s*([^,|;\n]+)")
_GROUPING = re.compile(r"\bby\b([^|;]*)")
_WORD = re.compile(r"\w+")
_COUNTED = re.compile(r"\bdcount(?:if)?\s*\(\s*([^,)]+)")


@kept
def caller_written(query: str) -> frozenset[str]:
    """Columns in a query that a caller chooses: those of its tables, and what is made from them under another name."""
    text = _COMMENT.sub("", query)
    words = _words(text)
    columns = {column for table, fields in caller_fields().items() if table in words for column in fields.columns}
    for name, expression in _ASSIGNED.findall(text):
        if _mentions(expression, columns):
            columns.add(name)
        elif name in columns and not _mentions(name, _words(expression)):
            columns.discard(name)  # a name that is given a value of the platform's
    return frozenset(columns)


def grouped_by(query: str) -> Iterator[str]:
    """What a query groups by or counts distinct values of, as it is written."""
    text = _COMMENT.sub("", query)
    for pattern in (_GROUPING, _COUNTED):
        yield from (" ".join(found.split()) for found in pattern.findall(text))


def _mentions(expression: str, columns: Set[str]) -> bool:
    return not _words(expression).isdisjoint(columns)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text))


@rule(
    "QUERY-FIELDS",
    "No alert counts by, groups by or names as the party a field that the caller of a request writes",
    on=[QUERY, ANALYTICS],
    severity="high",
    controls=["164.308(a)(5)(ii)(C)", "164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)"],
    remediation="Count by the address of the connection (socketIp_s, socketIP_s, CIp) or by an identity; a field of "
    "facts/caller_fields.yaml may be shown beside it.",
    source="facts/caller_fields.yaml; one forged header in each request spreads an attack over invented clients",
)
def query_fields(alert: Resource) -> Iterator[str]:
    for query, dimensions in _queries(alert):
        columns = caller_written(query)
        for dimension in dimensions:
            if dimension in columns:
                yield f"{dimension}, which the caller writes, is a dimension"
        for expression in grouped_by(query):
            if _mentions(expression, columns):
                yield f"it counts or groups by {expression}, which the caller writes"
    for entity in alert.each("entityMappings"):
        for field in lookup(entity, "fieldMappings", ()):
            if lookup(field, "columnName") in caller_written(str(alert.get("query", ""))):
                yield f"it names {lookup(field, 'columnName')}, which the caller writes, as the party"


def _queries(alert: Resource) -> Iterator[tuple[str, list[str]]]:
    """Each query of a rule with its dimensions."""
    for criterion in alert.each("criteria.allOf"):
        dimensions = [str(lookup(each, "name")) for each in lookup(criterion, "dimensions", ())]
        yield str(lookup(criterion, "query", "")), dimensions
    if alert.has("query"):
        yield str(alert.get("query")), []
