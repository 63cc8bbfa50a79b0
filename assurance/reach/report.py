"""What can be reached from where in one stack, complete."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx

from assurance.check.findings import Report
from assurance.reach.front_door import Host
from assurance.reach.judge import Judge
from assurance.reach.needed import flow_table
from assurance.reach.targets import Target
from assurance.reach.world import Flow, World
from assurance.record import Record

INTERNET = "the Internet"
STORES = ("database", "pooler", "secrets vault", "key vault", "cache", "archive", "bus")


@dataclass(frozen=True)
class Reach:
    """hosts: what answers on the Internet; targets: every service; flows: every source to every target;
    ways: the shortest way of a request from the Internet to each store of data."""

    stack: str
    mode: str
    hosts: list[Host]
    targets: list[Target]
    sources: list[str]
    flows: dict[tuple[str, str], Flow]
    ways: dict[str, list[str]]
    report: Report


def reach(record: Record) -> Reach:
    """Work out what can be reached from where."""
    world = World(record)
    flows = {(source, target.name): world.flow(source, target) for target in world.targets for source in world.sources}
    findings = list(Judge(world).findings())
    return Reach(
        stack=record.stack,
        mode=record.mode,
        hosts=world.hosts,
        targets=world.targets,
        sources=world.sources,
        flows=flows,
        ways=_ways(world, flows),
        report=Report(record.stack, record.mode, findings, len(flows)),
    )


def _ways(world: World, flows: dict[tuple[str, str], Flow]) -> dict[str, list[str]]:
    graph = nx.DiGraph()
    for host in world.hosts:
        graph.add_edge(INTERNET, host.name)
        for site in host.sites:
            graph.add_edge(host.name, site.name)
    for target in world.targets:
        if flows["internet", target.name].verdict.open:
            graph.add_edge(INTERNET, target.name)
    for row in flow_table().needed:
        if row.source == "apps":
            for flow in world.of_row(row):
                if flow.verdict.open:
                    graph.add_edge(flow.start, flow.end)
    if INTERNET not in graph:
        return {}
    paths: dict[str, list[str]] = nx.single_source_shortest_path(graph, INTERNET)
    return {
        target.name: paths[target.name] for target in world.targets if target.kind in STORES and target.name in paths
    }
