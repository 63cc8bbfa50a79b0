"""ORDER, SERIAL-WRITES: what Azure makes in an order of its own, or one at a time, the program makes so; else a
deployment is a race."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from assurance.check.findings import Finding, Status
from assurance.check.order_links import Links, RequiredWait, required_waits, serial_groups
from assurance.record import Record, Resource
from facts.order import order_constraints
from facts.types import Serial, types_with
from policies.rule import RuleInfo

ORDER = RuleInfo(
    "ORDER",
    "What Azure makes in an order of its own, the program makes in that order",
    "high",
    ("164.308(a)(7)(ii)(C)",),
    "Let the one depend on the other: by an output that it takes as an input, or by depends_on.",
    "facts/order.yaml: each constraint with its reason and source",
)


SERIAL_WRITES = RuleInfo(
    "SERIAL-WRITES",
    "What Azure writes one at a time below one resource, the program writes one after the other",
    "high",
    ("164.308(a)(7)(ii)(C)",),
    "Let each depend on the one before: one chain for each parent.",
    "facts/types.yaml, column serial: each with its reason and source",
)


def order_findings(record: Record) -> Iterator[Finding]:
    """A finding for each pair of resources whose order nothing ensures; one pass for a rule that finds none.

    Who must wait for whom is found by ids; a preview knows none of them, and there by what the values come from.
    """
    links = Links([resource for resource in record if resource.custom])
    before = earlier_resources(record)
    waits = list(required_waits(links, order_constraints()))
    races = [wait for wait in waits if wait.on.urn not in before[wait.waits.urn]]
    yield from _report_races(ORDER, record, races, len(waits), "orders that Azure requires are ensured")
    groups = list(serial_groups(links, types_with("serial", Serial)))
    races = []
    for parent, group, why in groups:
        row = sorted(group, key=lambda resource: len(before[resource.urn]))
        reason = f"both are written to {parent.name}; {why}"
        races += [RequiredWait(late, on, reason) for on, late in pairwise(row) if on.urn not in before[late.urn]]
    yield from _report_races(SERIAL_WRITES, record, races, len(groups), "chains of writes to one resource are unbroken")


def _report_races(
    rule: RuleInfo, record: Record, races: Sequence[RequiredWait], count: int, holds: str
) -> Iterator[Finding]:
    for race in races:
        message = f"nothing makes {race.waits.name} wait for {race.on.name}: {race.reason}"
        yield Finding.of(rule, "fail", message, race.waits, stack=record.stack)
    if not races:
        status: Status = "pass" if count else "not-applicable"
        yield Finding.of(rule, status, f"{count} {holds}" if count else "nothing of the kind", stack=record.stack)


def earlier_resources(record: Record) -> Mapping[str, frozenset[str]]:
    """URNs of all that is made before each custom resource, by its dependencies and theirs.

    A component is nothing that Azure makes: who depends on one waits for all that it holds, and what it holds waits
    for what it depends on itself.
    """
    inside = _members(record)
    direct = {
        resource.urn: {urn for target in _waits_for(record, resource) for urn in inside.get(target, (target,))}
        - {resource.urn}
        for resource in record
        if resource.custom
    }
    closed: dict[str, frozenset[str]] = {}
    for urn in direct:
        seen, stack = set[str](), list(direct[urn])
        while stack:
            earlier = stack.pop()
            if earlier in seen:
                continue
            seen.add(earlier)
            if earlier in closed:
                seen |= closed[earlier]
            else:
                stack += direct.get(earlier, ())
        closed[urn] = frozenset(seen)
    return closed


def _members(record: Record) -> dict[str, list[str]]:
    """URNs of the resources inside each component, at any depth."""
    inside: dict[str, list[str]] = {resource.urn: [] for resource in record if not resource.custom}
    for resource in record:
        if resource.custom:
            for ancestor in _ancestors(record, resource):
                if not ancestor.custom:
                    inside[ancestor.urn].append(resource.urn)
    return inside


def _ancestors(record: Record, resource: Resource) -> Iterator[Resource]:
    while resource.parent in record.by_urn:
        resource = record.by_urn[resource.parent]
        yield resource


def _waits_for(record: Record, resource: Resource) -> set[str]:
    """What a resource waits for itself, and by its parents."""
    targets = _own_waits(resource)
    for ancestor in _ancestors(record, resource):
        targets |= {ancestor.urn} if ancestor.custom else _own_waits(ancestor)
    return targets & record.by_urn.keys()


def _own_waits(resource: Resource) -> set[str]:
    return {*resource.dependencies, *(urn for urns in resource.propertyDependencies.values() for urn in urns)}
