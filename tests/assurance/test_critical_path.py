"""The deployment's critical path: longest chains, Azure's own order, and what differs between the two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise, permutations
from typing import Any

import networkx as nx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from assurance.azure.order import Constraints, CreationTime, creation_times, order_constraints
from assurance.critical_path import CriticalPath, critical_path, declared_graph, longest_chain, one_at_a_time
from assurance.record import Record, Resource
from benchmarks import critical_path as benchmark
from tests.harness import ROOT, STACKS, stack_record

GROUP = "azure-native:resources:ResourceGroup"
VNET = "azure-native:network:VirtualNetwork"
SUBNET = "azure-native:network:Subnet"
SERVER = "azure-native:dbforpostgresql:Server"
BOX = "medspasync:components:Box"


def _urn(name: str) -> str:
    return f"urn:pulumi:test::medspasync::x::{name}"


def _resource(name: str, type_: str, *, id_: str = "", parent: str = "", after: Iterable[str] = (), **inputs: Any):
    return Resource(
        urn=_urn(name),
        id=id_ or f"/subscriptions/s/resourceGroups/rg/providers/X/{type_.rsplit(':', 1)[-1]}s/{name}",
        type=type_,
        name=name,
        parent=_urn(parent) if parent else "",
        inputs=inputs,
        outputs={},
        dependencies=[_urn(other) for other in after],
        source={"file": "stacks/x.py", "line": 7},
    )


def _record(*resources: Resource) -> Record:
    return Record(stack="test", mode="deployed", resources=list(resources))


def _constraints(*waits: dict[str, Any], one_at_a_time: Iterable[dict[str, Any]] = ()) -> Constraints:
    said = {"reason": "r", "source": "s"}
    return Constraints.model_validate(
        {
            "existWithParent": [],
            "waits": [{**said, **wait} for wait in waits],
            "oneAtATime": [{**said, **rule} for rule in one_at_a_time],
        }
    )


def _names(steps: Iterable[Any]) -> list[str]:
    return [step.name for step in steps]


@pytest.fixture(scope="module")
def records() -> dict[str, Record]:
    return {stack: stack_record(stack) for stack in STACKS}


@pytest.fixture(scope="module")
def paths(records: dict[str, Record]) -> dict[str, CriticalPath]:
    times, constraints = creation_times(), order_constraints()
    return {stack: critical_path(record, times, constraints) for stack, record in records.items()}


# The platform


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_the_platform_deploys_as_fast_as_azure_lets_it(paths: dict[str, CriticalPath], stack: str) -> None:
    path = paths[stack]
    assert path.undemanded == []
    assert path.seconds == path.minimum_seconds > 0
    assert path.work > path.seconds


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_no_order_that_azure_demands_is_left_to_chance(paths: dict[str, CriticalPath], stack: str) -> None:
    assert paths[stack].unordered == []


def test_the_chain_of_prod_is_a_chain_of_its_record(records: dict[str, Record], paths: dict[str, CriticalPath]) -> None:
    graph, steps = declared_graph(records["prod"]), paths["prod"].chain
    assert all(graph.has_edge(earlier.urn, later.urn) for earlier, later in pairwise(steps))
    assert steps[-1].after == sum(step.seconds for step in steps) == paths["prod"].seconds
    assert any(step.type == SERVER for step in steps)


def test_a_superfluous_dependency_in_prod_is_found_with_its_line(records: dict[str, Record]) -> None:
    record = Record.from_json(records["prod"].to_json())
    (server,) = record.of_type("dbforpostgresql:Server")
    (cache,) = record.of_type("redisenterprise:RedisEnterprise")
    server.dependencies.append(cache.urn)
    path = critical_path(record, creation_times(), order_constraints())
    assert path.seconds > path.minimum_seconds
    (found,) = path.undemanded
    assert (found.waits, found.on, found.why) == (server.urn, cache.urn, ("dependsOn",))
    assert found.line.startswith("components/postgres.py:")


def test_a_dropped_dependency_in_prod_is_found_as_a_race(records: dict[str, Record]) -> None:
    record = Record.from_json(records["prod"].to_json())
    origins = {origin.urn for origin in record.of_type("cdn:AFDOrigin")}
    route = record.of_type("cdn:Route")[0]
    route.dependencies = [urn for urn in route.dependencies if urn not in origins]
    path = critical_path(record, creation_times(), order_constraints())
    (race,) = path.unordered
    assert race.waits == route.urn
    assert race.on in origins


def test_parameters_side_by_side_in_prod_are_found_as_a_race(records: dict[str, Record]) -> None:
    record = Record.from_json(records["prod"].to_json())
    parameter = record.of_type("dbforpostgresql:Configuration")[5]
    before = [urn for urn in parameter.dependencies if record.by_urn[urn].type == parameter.type]
    parameter.dependencies = [urn for urn in parameter.dependencies if urn not in before]
    found = critical_path(record, creation_times(), order_constraints()).unordered
    assert found
    assert all("ServerIsBusy" in race.reason or "busy" in race.reason for race in found)


def test_the_benchmark_prints_what_was_found(
    records: dict[str, Record], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = Record.from_json(records["dev"].to_json())
    record.of_type("redisenterprise:RedisEnterprise")[0].dependencies.append(
        record.of_type("dbforpostgresql:Server")[0].urn
    )
    record.of_type("cdn:Route")[0].dependencies.clear()
    record.of_type("cdn:Route")[0].propertyDependencies.clear()
    monkeypatch.setattr(benchmark, "record_stacks", lambda *_: [records["prod"], record])
    benchmark.main()
    printed = " ".join(capsys.readouterr().out.split())
    assert "prod: longest chain" in printed
    assert "Azure demands every dependency on the chain." in printed
    assert "not demanded: redis waits for" in printed
    assert "no order: " in printed


# The data files


def test_every_type_the_program_registers_has_a_creation_time(records: dict[str, Record]) -> None:
    known = yaml.safe_load((ROOT / "facts/types.yaml").read_text(encoding="utf-8"))
    used = {resource.type for record in records.values() for resource in record if resource.custom}
    assert (known.keys() | used) - creation_times().keys() == set()


def test_a_type_without_a_creation_time_is_an_error_with_its_name() -> None:
    with pytest.raises(KeyError, match="azure-native:x:New"):
        critical_path(_record(_resource("a", "azure-native:x:New")), {}, _constraints())


def test_constraints_speak_of_types_that_there_are() -> None:
    constraints = order_constraints()
    named = {type_ for wait in constraints.waits for type_ in [*wait.waits, *wait.for_]}
    named |= {wait.common for wait in constraints.waits if wait.kind in ("shares", "holds")}
    named |= {type_ for rule in constraints.one_at_a_time for type_ in [*rule.types, rule.within]}
    named |= set(constraints.exist_with_parent)
    assert named - {"*"} - creation_times().keys() == set()


def test_every_source_of_a_constraint_can_be_looked_up() -> None:
    constraints = order_constraints()
    assert all(rule.source.startswith("https://") for rule in [*constraints.waits, *constraints.one_at_a_time])


@pytest.mark.parametrize(
    "row",
    [
        {"seconds": 5},
        {"seconds": 5, "source": "a", "estimate": "b"},
        {"seconds": 0, "source": "a"},
        {"seconds": 5, "source": ""},
        {"seconds": 5, "source": "a", "sauce": "b"},
    ],
)
def test_a_creation_time_without_exactly_one_reason_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CreationTime.model_validate(row)


def test_an_unknown_link_is_refused() -> None:
    with pytest.raises(ValidationError, match="link"):
        _constraints({"waits": ["a:B"], "for": ["a:C"], "link": "beside"})


# Chains


def test_a_record_of_another_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="deployed"):
        critical_path(Record(stack="test", mode="preview"), {}, _constraints())


def test_nothing_takes_no_time() -> None:
    path = critical_path(_record(), {}, _constraints())
    assert (path.work, path.seconds, path.minimum_seconds, path.undemanded) == (0, 0, 0, [])


def test_who_depends_on_a_component_waits_for_all_that_it_holds() -> None:
    record = _record(
        _resource("outer", BOX),
        _resource("inner", BOX, parent="outer"),
        _resource("deep", VNET, parent="inner"),
        _resource("next", SERVER, after=["outer"]),
        _resource("empty", BOX),
        _resource("free", GROUP, after=["empty", "unknown"]),
    )
    assert set(declared_graph(record).edges) == {(_urn("deep"), _urn("next"))}


def test_what_a_component_waits_for_its_members_wait_for_too() -> None:
    record = _record(
        _resource("first", GROUP),
        _resource("box", BOX, after=["first"]),
        _resource("member", VNET, parent="box"),
        _resource("child", SUBNET, parent="member"),
    )
    assert set(declared_graph(record).edges) == {
        (_urn("first"), _urn("member")),
        (_urn("first"), _urn("child")),
        (_urn("member"), _urn("child")),
    }


def test_a_property_is_a_dependency_and_is_named() -> None:
    waiting = replace(_resource("b", VNET), propertyDependencies={"tags": [_urn("a")]})
    path = critical_path(_record(_resource("a", GROUP), waiting), {GROUP: 2, VNET: 3}, _constraints())
    assert _names(path.chain) == ["a", "b"]
    assert [found.why for found in path.undemanded] == [("tags",)]
    assert path.undemanded[0].line == "stacks/x.py:7"
    assert (path.seconds, path.minimum_seconds, path.work) == (5, 3, 5)


def test_an_order_that_follows_from_several_demands_is_demanded() -> None:
    """c waits for a only directly, Azure demands c for b and b for a: nothing to report."""
    chain = [
        _resource("a", GROUP, id_="/a"),
        _resource("b", VNET, id_="/a/b"),
        _resource("c", SUBNET, id_="/a/b/c", after=["a"]),
    ]
    under = _constraints(
        {"waits": ["network:Subnet"], "for": ["network:VirtualNetwork"], "link": "under"},
        {"waits": ["network:VirtualNetwork"], "for": ["resources:ResourceGroup"], "link": "under"},
    )
    path = critical_path(_record(*chain), {GROUP: 9, VNET: 1, SUBNET: 9}, under)
    assert _names(path.chain) == ["a", "c"]
    assert path.undemanded == []
    assert {(race.waits, race.on) for race in path.unordered} == {(_urn("b"), _urn("a")), (_urn("c"), _urn("b"))}


def test_resources_that_wait_for_each_other_are_an_error_that_names_them() -> None:
    with pytest.raises(ValueError, match=r"wait for each other: .*a -> |wait for each other: .*b -> "):
        longest_chain(nx.DiGraph([("x::a", "x::b"), ("x::b", "x::a")]), {"x::a": 1, "x::b": 1})


# Links


@pytest.mark.parametrize(
    ("link", "inputs", "holds"),
    [
        ("names", {"target": "/s/servers/db"}, True),
        ("names", {"keys": {"of": ["/S/Servers/DB/keys/k"]}}, True),
        ("names", {"target": "/s/servers/db-replica"}, False),
        ("names", {"host": "https://db.host.example/path"}, True),
        ("names", {"host": "olddb.host.example.org"}, False),
        ("shares network:VirtualNetwork", {"target": "/s/servers/db"}, False),
        ("shares network:VirtualNetwork", {"place": "/nets/n"}, True),
        ("holds resources:ResourceGroup", {"place": "/s"}, True),
        ("holds resources:ResourceGroup", {"place": "/s/servers"}, False),
    ],
)
def test_a_link_holds_by_ids_and_values_and_not_by_beginnings_of_names(
    link: str, inputs: dict[str, Any], holds: bool
) -> None:
    server = replace(_resource("db", SERVER, id_="/s/servers/db"), outputs={"host": "db.host.example", "type": "sql"})
    server.inputs["network"] = "/nets/n"
    waiter = _resource("w", SUBNET, id_="/w", **inputs)
    record = _record(_resource("s", GROUP, id_="/s"), _resource("n", VNET, id_="/nets/n"), server, waiter)
    rule = _constraints({"waits": [SUBNET], "for": [SERVER], "link": link})
    races = critical_path(record, {GROUP: 1, VNET: 1, SERVER: 1, SUBNET: 1}, rule).unordered
    assert [(race.waits, race.on) for race in races] == ([(waiter.urn, server.urn)] if holds else [])


def test_where_restricts_what_is_waited_for() -> None:
    rule = _constraints({"waits": [SUBNET], "for": [SERVER], "link": "names", "where": "Role-A"})
    a, b = (_resource(f"db{role}", SERVER, id_=f"/db{role}", role=f"/roles/role-{role}") for role in "ab")
    waiter = _resource("w", SUBNET, ids=["/dba", "/dbb"])
    races = critical_path(_record(a, b, waiter), {SERVER: 1, SUBNET: 1}, rule).unordered
    assert [race.on for race in races] == [a.urn]


# One at a time


def _serial() -> Constraints:
    return _constraints(
        {"waits": [SUBNET], "for": [VNET], "link": "under"},
        one_at_a_time=[{"types": [SUBNET], "within": VNET}],
    )


def test_what_azure_makes_one_at_a_time_counts_in_the_minimum_and_needs_an_order() -> None:
    vnet = _resource("v", VNET, id_="/v")
    loose = [_resource(f"s{i}", SUBNET, id_=f"/v/s{i}", after=["v"]) for i in range(3)]
    times = {VNET: 10, SUBNET: 4}
    path = critical_path(_record(vnet, *loose), times, _serial())
    assert (path.seconds, path.minimum_seconds) == (14, 22)
    assert len(path.unordered) == 2
    chained = [vnet, *(_resource(f"s{i}", SUBNET, id_=f"/v/s{i}", after=[f"s{i - 1}" if i else "v"]) for i in range(3))]
    path = critical_path(_record(*chained), times, _serial())
    assert (path.seconds, path.minimum_seconds, path.undemanded, path.unordered) == (22, 22, [], [])


def test_networks_do_not_share_their_turns() -> None:
    resources = [_resource(v, VNET, id_=f"/{v}") for v in "ab"]
    resources += [_resource(f"{v}s", SUBNET, id_=f"/{v}/s", after=[v]) for v in "ab"]
    path = critical_path(_record(*resources), {VNET: 1, SUBNET: 1}, _serial())
    assert path.unordered == []
    assert path.minimum_seconds == 2


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[nx.DiGraph, dict[str, int]]:
    size = draw(st.integers(1, 7))
    nodes = [f"n{i}" for i in range(size)]
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    for later in range(size):
        for earlier in draw(st.sets(st.integers(0, later - 1), max_size=later)) if later else ():
            graph.add_edge(nodes[earlier], nodes[later])
    return graph, {node: draw(st.integers(1, 9)) for node in nodes}


def _length(graph: nx.DiGraph, seconds: dict[str, int]) -> int:
    return sum(seconds[node] for node in longest_chain(graph, seconds))


@given(_graphs())
def test_the_longest_chain_is_the_longest_of_all_chains(drawn: tuple[nx.DiGraph, dict[str, int]]) -> None:
    graph, seconds = drawn
    chain = longest_chain(graph, seconds)
    assert all(graph.has_edge(*pair) for pair in pairwise(chain))
    lengths = [seconds[node] for node in graph]
    for start in graph:
        for end in nx.descendants(graph, start):
            lengths += [sum(seconds[n] for n in found) for found in nx.all_simple_paths(graph, start, end)]
    assert _length(graph, seconds) == max(lengths)


@given(_graphs(), st.data())
def test_a_row_keeps_what_was_ordered_and_is_never_worse_than_the_worst(
    drawn: tuple[nx.DiGraph, dict[str, int]], data: st.DataObject
) -> None:
    graph, seconds = drawn
    group = sorted(data.draw(st.sets(st.sampled_from(sorted(graph)), min_size=1, max_size=4)))
    possible = []
    for row in permutations(group):
        tried = graph.copy()
        tried.add_edges_from(pairwise(row))
        if nx.is_directed_acyclic_graph(tried):
            possible.append(_length(tried, seconds))
    one_at_a_time(graph, group, seconds)
    assert nx.is_directed_acyclic_graph(graph)
    reached = nx.transitive_closure_dag(graph)
    assert all(reached.has_edge(a, b) or reached.has_edge(b, a) for i, a in enumerate(group) for b in group[:i])
    # Schrage's rule ends at most one member's time after the best row.
    assert min(possible) <= _length(graph, seconds) <= min(possible) + max(seconds[node] for node in group)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=5))
def test_a_row_of_free_members_is_the_best_there_is(members: list[tuple[int, int]]) -> None:
    """Members that may all start at once, each with something behind it."""
    graph, seconds = nx.DiGraph(), {}
    for index, (own, behind) in enumerate(members):
        seconds |= {f"m{index}": own, f"t{index}": behind}
        graph.add_edge(f"m{index}", f"t{index}")
    group = [f"m{index}" for index in range(len(members))]
    best = []
    for row in permutations(group):
        tried = graph.copy()
        tried.add_edges_from(pairwise(row))
        best.append(_length(tried, seconds))
    one_at_a_time(graph, group, seconds)
    assert _length(graph, seconds) == min(best)
