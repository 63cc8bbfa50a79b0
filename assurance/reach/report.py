"""What can be reached from where in one stack, complete."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assurance.check.findings import Report
from assurance.reach.front_door import Host
from assurance.reach.judge import Judge
from assurance.reach.needed import flow_table
from assurance.reach.reachability_graph import Flow, ReachabilityGraph
from assurance.reach.targets import Target
from assurance.record import Record
from assurance.unread import known_entries

INTERNET = "the Internet"
STORES = ("database", "pooler", "secrets vault", "key vault", "cache", "archive", "bus")


@dataclass(frozen=True)
class Reach:
    """hosts: what answers on the Internet; targets: every service; flows: every source to every target;
    ways: the shortest way of a request from the Internet to each store of data."""

    hosts: list[Host]
    targets: list[Target]
    sources: list[str]
    flows: dict[tuple[str, str], Flow]
    ways: dict[str, list[str]]
    report: Report


def reach(record: Record) -> Reach:
    """Work out what can be reached from where, from the entries that are known."""
    graph = ReachabilityGraph(known_entries(record))
    flows = {(source, target.name): graph.flow(source, target) for target in graph.targets for source in graph.sources}
    findings = list(Judge(graph).findings())
    return Reach(
        hosts=graph.hosts,
        targets=graph.targets,
        sources=graph.sources,
        flows=flows,
        ways=_ways(graph, flows),
        report=Report(record.stack, record.mode, findings, len(flows), record.basis),
    )


def _ways(graph: ReachabilityGraph, flows: dict[tuple[str, str], Flow]) -> dict[str, list[str]]:
    edges: dict[str, list[str]] = {}
    for host in graph.hosts:
        edges.setdefault(INTERNET, []).append(host.name)
        for site in host.sites:
            edges.setdefault(host.name, []).append(site.name)
    for target in graph.targets:
        if flows["internet", target.name].verdict.open:
            edges.setdefault(INTERNET, []).append(target.name)
    for row in flow_table().needed:
        if row.source == "apps":
            for flow in graph.of_row(row):
                if flow.verdict.open:
                    edges.setdefault(flow.start, []).append(flow.end)
    if INTERNET not in edges:
        return {}
    paths = shortest_paths(edges, INTERNET)
    return {
        target.name: paths[target.name] for target in graph.targets if target.kind in STORES and target.name in paths
    }


def shortest_paths(edges: Mapping[str, Sequence[str]], start: str) -> dict[str, list[str]]:
    """A shortest path from ``start`` to each node that can be reached from it, both ends included."""
    paths = {start: [start]}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for following in edges.get(node, ()):
            if following not in paths:
                paths[following] = [*paths[node], following]
                waiting.append(following)
    return paths
