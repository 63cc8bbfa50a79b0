"""Every type of resource is decided (facts/types.yaml), and every decided type is judged by what opens it."""

from collections.abc import Iterator
from typing import Any

from facts.types import Door, type_row, types_with
from policies.resource import UNKNOWN, Resource, leaves_of, not_known
from policies.rule import rule, shown
from policies.view import Stack

PUBLIC: dict[str, list[Door]] = dict(types_with("public", list))


@rule(
    "TYPE-DECIDED",
    "Nothing is deployed of which nobody has decided what it is and what it needs",
    on="*",
    severity="high",
    controls=["164.308(a)(1)(ii)(B)"],
    remediation="Give the type a row in facts/types.yaml, and every column of it a value or {no: <reason>}.",
    source="lists fail closed: a type that no rule names would pass every rule",
    where=lambda resource: resource.custom and not resource.type.startswith("pulumi:"),
)
def decided(resource: Resource, stack: Stack) -> Iterator[str]:
    message = stack.remember(_undecided)[resource.type]
    if message and not stack.ours:
        raise not_known(message)
    if message:
        yield message


def _undecided(stack: Stack) -> dict[str, str]:
    """What nobody has decided of each type; empty where all is."""
    return {type_: _left_out(type_) for type_ in {each.type for each in stack.resources}}


def _left_out(type_: str) -> str:
    row = type_row(type_)
    if row is None:
        return f"{type_} has no row in facts/types.yaml, so that no rule is about it"
    columns = row.undecided()
    return f"the row of {type_} in facts/types.yaml leaves undecided: {', '.join(columns)}" if columns else ""


@rule(
    "TYPE-UNKNOWN",
    "Everything is known of what is deployed",
    on="*",
    severity="low",
    controls=["164.308(a)(1)(ii)(B)"],
    remediation="Find out, and write the answer with its source into the type's row of facts/types.yaml.",
    source="docs/azure-unproven.md: unknown is never read as no",
    where=lambda resource, stack: resource.custom and bool(_said_here(resource, stack)),
)
def known(resource: Resource, stack: Stack) -> Iterator[str]:
    resource.seen["type"] = resource.type
    for (column, looked), types in _said_here(resource, stack).items():
        yield f"{column} is unknown of {', '.join(types)}: {looked}"


Cells = dict[tuple[str, str], list[str]]
"""Types by an unknown column and where one looked."""


def _said_here(resource: Resource, stack: Stack) -> Cells:
    """The unknown cells that are told at this resource: the first by URN that they are about, for what is unknown of a
    type is unknown of each of its resources, and the engine registers them in another order each time."""
    return stack.remember(_by_first).get(resource.urn, {})


def _by_first(stack: Stack) -> dict[str, Cells]:
    first: dict[tuple[str, str], str] = {}
    types: Cells = {}
    by_urn = sorted((each for each in stack.resources if each.custom), key=lambda each: each.urn)
    for type_, resource in {each.type: each for each in reversed(by_urn)}.items():
        row = type_row(type_)
        for cell in row.unknown().items() if row is not None else ():
            first[cell] = min(first.get(cell, resource.urn), resource.urn)
            types.setdefault(cell, []).append(type_)
    return {urn: {cell: sorted(types[cell]) for cell, at in first.items() if at == urn} for urn in first.values()}


@rule(
    "TYPE-CLOSED",
    "No input opens a resource to the Internet",
    on=list(PUBLIC),
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Give the input a value that keeps the type closed, or write an exception for it.",
    source="facts/types.yaml, column public: the inputs that open each type, and what Azure takes where one is absent",
)
def closed(resource: Resource) -> Iterator[str]:
    for door in PUBLIC[resource.type]:
        for value in _values(resource, door.path):
            if not door.keeps_closed(value):
                known = shown(value) if value is not None else f"not set, which Azure takes as {shown(door.default)}"
                yield f"{door.path} is {known}, must be {' or '.join(shown(item) for item in door.closed)}"


def _values(resource: Resource, path: str) -> list[Any]:
    """The values at ``path``, for each member of a list or object, None where it is absent.

    Raises UnknownValueError for one that is not known yet.
    """
    members, within, rest = path.rpartition(".*." if ".*." in path else "[].")
    if within:
        entries = resource.leaves(members + within[:-1])
        groups = [[each] if each is UNKNOWN else list(leaves_of(each, rest)) or [None] for each in entries]
    else:
        groups = [list(resource.leaves(path))]
    values = [value for group in groups for value in group] or [None]
    resource.seen[path] = values[0] if len(values) == 1 else values
    if any(value is UNKNOWN for value in values):
        raise not_known(f"{path} is not known before a deployment")
    return values
