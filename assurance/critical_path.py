"""The deployment's critical path: how long the longest chain of waiting resources takes, and how short it could be.

The record says what waits for what; a data file says how long a resource of a type typically takes to make, another
one which order Azure itself demands. A dependency of the longest chain that no demand explains makes a deployment
slower for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx

from assurance.azure.order import Constraints
from assurance.order_demands import Demand, Serial, demanded_waits, serial_groups
from assurance.record import Record, Resource


@dataclass(frozen=True)
class Step:
    """A resource on a chain. seconds: typical time to make it; after: when the chain has reached and made it."""

    urn: str
    type: str
    name: str
    seconds: int
    after: int


@dataclass(frozen=True)
class Undemanded:
    """A dependency that Azure does not demand. why: input properties that carry it, or ``dependsOn``.

    line: file and line that made the waiting resource.
    """

    waits: str
    on: str
    why: tuple[str, ...]
    line: str


@dataclass(frozen=True)
class Unordered:
    """Two resources whose order Azure demands and nothing in the program ensures: a race. reason: what it leads to."""

    waits: str
    on: str
    reason: str
    line: str


@dataclass(frozen=True)
class CriticalPath:
    """work: seconds of all resources one after the other; chain: the longest one, as the program has it; minimum: the
    longest one where nothing waits but for what Azure demands; undemanded: dependencies on ``chain`` that it does not;
    unordered: what it demands, anywhere, and no dependency ensures.
    """

    stack: str
    work: int
    chain: Sequence[Step]
    minimum: Sequence[Step]
    undemanded: Sequence[Undemanded]
    unordered: Sequence[Unordered]

    @property
    def seconds(self) -> int:
        """How long the longest chain takes."""
        return self.chain[-1].after if self.chain else 0

    @property
    def minimum_seconds(self) -> int:
        """How long it would take with Azure's own order alone."""
        return self.minimum[-1].after if self.minimum else 0


def critical_path(record: Record, times: Mapping[str, int], constraints: Constraints) -> CriticalPath:
    """Find the longest chains of ``record``, which must be one of mode ``deployed``: demands are found by ids.

    Raises ValueError for another mode, KeyError naming the types that ``times`` does not know.
    """
    if record.mode != "deployed":
        raise ValueError("the critical path needs a record of mode deployed")
    made = [resource for resource in record if resource.custom]
    unknown = sorted({resource.type for resource in made} - times.keys())
    if unknown:
        raise KeyError(f"no creation time for {', '.join(unknown)}")
    seconds = {resource.urn: times[resource.type] for resource in made}
    declared = declared_graph(record)
    waits, serial = list(demanded_waits(made, constraints)), list(serial_groups(made, constraints))
    demands = nx.DiGraph()
    demands.add_nodes_from(seconds)
    demands.add_edges_from((demand.on.urn, demand.waits.urn) for demand in waits)
    chain = longest_chain(declared, seconds)
    ordered = demands.copy()
    for together in serial:
        one_at_a_time(ordered, [resource.urn for resource in together.group], seconds)
    return CriticalPath(
        stack=record.stack,
        work=sum(seconds.values()),
        chain=_steps(record, chain, seconds),
        minimum=_steps(record, longest_chain(ordered, seconds), seconds),
        undemanded=_undemanded(record, chain, demands, serial),
        unordered=_unordered(declared, waits, serial),
    )


def declared_graph(record: Record) -> nx.DiGraph:
    """What waits for what in the program: an edge leads from a resource to one that waits for it.

    A component is nothing that Azure makes: who depends on one waits for all that it holds, and what it holds waits
    for what it depends on itself.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(resource.urn for resource in record if resource.custom)
    inside = _members(record)
    for resource in record:
        if not resource.custom:
            continue
        for target in _waits_for(record, resource):
            graph.add_edges_from((urn, resource.urn) for urn in inside.get(target, [target]) if urn != resource.urn)
    return graph


def longest_chain(graph: nx.DiGraph, seconds: Mapping[str, int]) -> list[str]:
    """The chain that takes longest, first resource first. Raises ValueError for a graph with a cycle."""
    best: dict[str, tuple[int, str | None]] = {}
    for node in _in_order(graph):
        reached, previous = max(((best[p][0], p) for p in graph.predecessors(node)), default=(0, None))
        best[node] = (reached + seconds[node], previous)
    last = max(best, key=lambda node: (best[node][0], node), default=None)
    chain: list[str] = []
    while last is not None:
        chain.append(last)
        last = best[last][1]
    return chain[::-1]


def one_at_a_time(graph: nx.DiGraph, group: Sequence[str], seconds: Mapping[str, int]) -> None:
    """Put the members of ``group`` in a row, by edges added to ``graph``, so that the whole ends early.

    Whenever the resource is free, the member that others wait for longest goes first (Schrage's rule), among those
    that may start. A member never overtakes one it waits for: that one may start earlier and has more behind it.
    """
    order = _in_order(graph)
    may_start: dict[str, int] = {}
    for node in order:
        may_start[node] = max((may_start[p] + seconds[p] for p in graph.predecessors(node)), default=0)
    behind: dict[str, int] = {}
    for node in reversed(order):
        behind[node] = max((behind[s] + seconds[s] for s in graph.successors(node)), default=0)
    left, now, row = set(group), 0, []
    while left:
        now = max(now, min(may_start[node] for node in left))
        chosen = max((node for node in left if may_start[node] <= now), key=lambda node: (behind[node], node))
        row.append(chosen)
        left.remove(chosen)
        now += seconds[chosen]
    graph.add_edges_from(pairwise(row))


def _in_order(graph: nx.DiGraph) -> list[str]:
    try:
        return list(nx.lexicographical_topological_sort(graph))
    except nx.NetworkXUnfeasible:
        cycle = " -> ".join(edge[0].rsplit("::", 1)[-1] for edge in nx.find_cycle(graph))
        raise ValueError(f"resources wait for each other: {cycle}") from None


def _members(record: Record) -> dict[str, list[str]]:
    """URNs of the resources inside each component, at any depth."""
    inside: dict[str, list[str]] = {resource.urn: [] for resource in record if not resource.custom}
    for resource in record:
        if resource.custom:
            for ancestor in _ancestors(record, resource):
                if not ancestor.custom:
                    inside[ancestor.urn].append(resource.urn)
    return inside


def _ancestors(record: Record, resource: Resource) -> Iterable[Resource]:
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


def _steps(record: Record, chain: Iterable[str], seconds: Mapping[str, int]) -> list[Step]:
    steps, after = [], 0
    for urn in chain:
        resource = record.by_urn[urn]
        after += seconds[urn]
        steps.append(Step(urn, resource.type, resource.name, seconds[urn], after))
    return steps


def _undemanded(
    record: Record, chain: Sequence[str], demands: nx.DiGraph, serial: Iterable[Serial]
) -> list[Undemanded]:
    """Dependencies on the chain that follow neither from a demand, nor from several, nor from one-at-a-time."""
    groups = [{resource.urn for resource in together.group} for together in serial]
    found = []
    for waited, waiter in pairwise(chain):
        if any({waited, waiter} <= group for group in groups) or nx.has_path(demands, waited, waiter):
            continue
        resource = record.by_urn[waiter]
        why = tuple(sorted(key for key, urns in resource.propertyDependencies.items() if waited in urns))
        found.append(Undemanded(waiter, waited, why or ("dependsOn",), _line(resource.source)))
    return found


def _unordered(declared: nx.DiGraph, waits: Iterable[Demand], serial: Iterable[Serial]) -> list[Unordered]:
    """Demands that no chain of dependencies ensures."""
    before = {node: nx.ancestors(declared, node) for node in declared}
    missing = [
        (demand.waits, demand.on, demand.reason) for demand in waits if demand.on.urn not in before[demand.waits.urn]
    ]
    for together in serial:
        row = sorted(together.group, key=lambda resource: len(before[resource.urn]))
        missing += [
            (later, earlier, together.reason)
            for earlier, later in pairwise(row)
            if earlier.urn not in before[later.urn]
        ]
    return [Unordered(waiter.urn, on.urn, reason, _line(waiter.source)) for waiter, on, reason in missing]


def _line(source: dict[str, Any] | None) -> str:
    return f"{source['file']}:{source['line']}" if source else "unknown"
