"""Rule ORDER: an order that Azure requires is ensured by the program, in every stack, and its absence is named."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from assurance.check.order import order_findings
from assurance.reach.report import shortest_paths
from assurance.record import Mode, Record
from tests.harness import MODES
from tests.policies.records import everything


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("index", range(3))
def test_order_that_azure_requires_is_ensured(index: int, mode: Mode) -> None:
    assert [f.message for f in order_findings(everything(mode)[index]) if f.status == "fail"] == []


def test_altered_tag_makes_no_order() -> None:
    """An output repeats an input: where somebody altered the input, the old value is nothing that identifies it."""
    record = everything("deployed")[0]
    changed = copy.deepcopy(record.of_type("keyvault:Vault")[0])
    changed.inputs["tags"]["owner"] = "somebody else"
    altered = replace(record, resources=[changed if each.urn == changed.urn else each for each in record])
    assert [finding.message for finding in order_findings(altered) if finding.status == "fail"] == []


def without_waits(record: Record, type_: str) -> Record:
    """A copy of ``record`` in which resources of a type, and what holds them, wait for nothing.

    In a preview what their inputs come from stays: it is what is written into them, and makes them wait.
    """
    changed = {}
    for resource in record.of_type(type_):
        chain = [resource]
        while chain[-1].parent in record.by_urn:
            chain.append(record.by_urn[chain[-1].parent])
        for each in chain:
            changed[each.urn] = altered = copy.deepcopy(each)
            sources = {urn for urns in altered.propertyDependencies.values() for urn in urns}
            altered.dependencies = [urn for urn in altered.dependencies if urn in sources]
            if record.mode == "deployed":
                altered.dependencies, altered.propertyDependencies = [], {}
    return replace(record, resources=[changed.get(r.urn, r) for r in record])


@pytest.mark.parametrize("type_", ["network:Subnet", "keyvault:Key", "web:WebApp", "operationalinsights:DataExport"])
def test_order_left_to_chance_is_named(type_: str) -> None:
    failed = [f for f in order_findings(without_waits(everything("deployed")[0], type_)) if f.status == "fail"]
    assert f"azure-native:{type_}" in {f.type for f in failed}
    assert all("nothing makes" in f.message for f in failed)


CHAINED = ["keyvault:Secret", "network:PrivateEndpoint", "redisenterprise:AccessPolicyAssignment", "network:Subnet"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("type_", CHAINED)
def test_parallel_writes_to_one_parent_are_named(type_: str, mode: Mode) -> None:
    found = list(order_findings(without_waits(everything(mode)[0], type_)))
    races = [f for f in found if f.rule == "SERIAL-WRITES" and f.status == "fail"]
    assert races
    assert all("both are written to" in f.message for f in races)


def test_preview_finds_chains_of_deployed_stack() -> None:
    told = {
        mode: [f.message for f in order_findings(everything(mode)[0]) if f.rule == "SERIAL-WRITES"] for mode in MODES
    }
    assert told["preview"] == told["deployed"]


def test_shortest_path_is_found_through_cycles() -> None:
    graph = {"a": ["b", "c"], "b": ["a", "d"], "c": ["d", "e"], "d": ["a"]}
    assert shortest_paths(graph, "a")["d"] == ["a", "b", "d"]
    assert shortest_paths(graph, "a")["e"] == ["a", "c", "e"]
    assert "f" not in shortest_paths(graph, "a")
