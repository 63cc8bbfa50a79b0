"""RECORD-DECLARED: whatever is altered in a record is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assurance.basis import commit_of
from assurance.compare import record_declared
from assurance.compare.record_declared import judge_record, record_findings
from assurance.record import Record, Resource
from tests.harness import MODES, ROOT, shared_record, stack_record
from tests.long import sample

STACK = "prod"


def of_each_type(record: Record) -> list[Resource]:
    return list({each.type: each for each in record}.values())


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of every value inside ``value``."""
    if isinstance(value, (dict, list)) and value:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    elif path:
        yield path


def set_at(value: Any, path: tuple[Any, ...], new: Any) -> None:
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = new


def value_at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def other_than(value: Any) -> Any:
    """What Python takes for the same and JSON does not, where there is such a value."""
    if isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, int) else "altered"


def named_urns(record: Record, declared: Record) -> set[str]:
    return {each.urn for each in judge_record(record, declared) if each.status == "fail"}


@pytest.mark.parametrize("mode", MODES)
def test_removed_resources_are_named(mode: Any) -> None:
    """One of each type of prod, and nothing else with them."""
    declared = shared_record(STACK, mode)
    gone = {each.urn for each in of_each_type(declared)}
    assert len(gone) > 50
    altered = replace(declared, resources=[each for each in declared if each.urn not in gone])
    assert named_urns(altered, declared) == gone


@pytest.mark.parametrize("first", sample(range(30), every=30))
def test_a_removed_resource_is_named_alone(first: int) -> None:
    """Every thirtieth type, from the first on."""
    declared = shared_record(STACK)
    for gone in of_each_type(declared)[first::30]:
        altered = replace(declared, resources=[each for each in declared if each is not gone])
        assert named_urns(altered, declared) == {gone.urn}


def test_any_altered_property_is_named() -> None:
    """Every value of every input and output of one resource of each type."""
    declared = shared_record(STACK)
    checked = 0
    for original in of_each_type(declared):
        for part in ("inputs", "outputs"):
            for path in leaves(getattr(original, part)):
                altered = copy.copy(original)
                setattr(altered, part, copy.deepcopy(getattr(original, part)))
                set_at(getattr(altered, part), path, other_than(value_at(getattr(original, part), path)))
                record = Record(STACK, "deployed", [altered])
                (finding,) = record_declared._resource_findings(record, Record(STACK, "deployed", [original]))
                assert str([step for step in path if isinstance(step, str)][-1]) in finding.message
                checked += 1
    assert checked > 1000


ALTERATIONS: dict[str, Callable[[Resource], Any]] = {
    "type": lambda each: setattr(each, "type", "azure-native:keyvault:Key"),
    "name": lambda each: setattr(each, "name", "other"),
    "parent": lambda each: setattr(each, "parent", ""),
    "token": lambda each: setattr(each, "token", "azure-native:keyvault/v20230701:Vault"),
    "custom": lambda each: setattr(each, "custom", False),
    "apiVersion": lambda each: setattr(each, "apiVersion", "2015-06-01"),
    "id": lambda each: setattr(each, "id", "/other"),
    "secrets": lambda each: setattr(each, "secrets", ["properties.sku"]),
    "inputs has a null": lambda each: each.inputs["properties"].update(other=None),
    "origins[0].key": lambda each: setattr(each, "origins", [{**each.origins[0], "key": "other"}]),
    "options.protect": lambda each: each.options.update(protect=False),
    "options.retainOnDelete": lambda each: each.options.update(retainOnDelete=True),
    "dependencies": lambda each: setattr(each, "dependencies", ["urn:other"]),
    "propertyDependencies": lambda each: each.propertyDependencies.update(tags=["urn:other"]),
}


@pytest.mark.parametrize("field", ALTERATIONS)
def test_an_altered_field_is_named(field: str) -> None:
    declared = shared_record(STACK)
    altered = stack_record(STACK)
    vault = altered.of_type("keyvault:Vault")[0]
    ALTERATIONS[field](vault)
    (finding,) = judge_record(altered, declared)
    assert finding.status == "fail"
    assert field in finding.message
    assert finding.urn == vault.urn


@pytest.mark.parametrize("part", ["outputs", "problems", "notMade", "unknownTypes", "supplied", "typeAliases"])
def test_an_altered_part_of_the_stack_is_named(part: str) -> None:
    declared, altered = shared_record(STACK), stack_record(STACK)
    value = getattr(altered, part)
    value.update(other="x") if isinstance(value, dict) else value.append("x")
    (finding,) = judge_record(altered, declared)
    assert part in finding.message


def test_files_of_another_commit_are_named() -> None:
    """A clean commit decides which stack file and registers there were."""
    declared, altered = shared_record(STACK), stack_record(STACK)
    for each in (declared, altered):
        each.basis |= {"commit": "a" * 40, "dirty": False}
    altered.basis["stackFile"] = "0" * 64
    (finding,) = judge_record(altered, declared)
    assert "basis.stackFile" in finding.message
    altered.basis["dirty"] = True
    (finding,) = judge_record(altered, declared)
    assert finding.status == "pass"


def test_first_version_is_held_to_what_it_says() -> None:
    """Calling a record old hides nothing that it still says."""
    declared, altered = shared_record(STACK), stack_record(STACK)
    altered.recordVersion = 1
    altered.of_type("keyvault:Vault")[0].apiVersion = "2015-06-01"
    (finding,) = judge_record(altered, declared)
    assert "apiVersion" in finding.message


def test_an_added_resource_is_named() -> None:
    declared, altered = shared_record(STACK), stack_record(STACK)
    extra = copy.deepcopy(altered.resources[0])
    extra.urn += "-extra"
    altered.resources.append(extra)
    assert named_urns(altered, declared) == {extra.urn}


@pytest.mark.parametrize("mode", MODES)
def test_a_saved_record_is_as_declared(mode: Any) -> None:
    declared = stack_record("dev", mode)
    (finding,) = judge_record(Record.from_json(declared.to_json()), declared)
    assert finding.status == "pass"


def test_older_record_is_compared_by_what_it_holds() -> None:
    """Version 1 had no token, custom, apiVersion or origins, and types as they were registered."""
    declared = stack_record("dev")
    data = json.loads(declared.to_json())
    for new in ("recordVersion", "basis", "notMade", "unknownTypes", "typeAliases"):
        del data[new]
    for resource in data["resources"]:
        for new in ("custom", "apiVersion", "origins", "token"):
            resource.pop(new, None)
    older = Record.from_json(json.dumps(data))
    assert older.recordVersion == 1
    (finding,) = judge_record(older, declared)
    assert finding.status == "pass"


@pytest.fixture
def at_hand(monkeypatch: pytest.MonkeyPatch) -> Record:
    """The program at hand declares dev as it is recorded; no other revision is run."""
    record = stack_record("dev")
    monkeypatch.setattr(record_declared, "records_for", lambda *_, **__: [stack_record("dev")])
    return record


def test_no_commit_is_compared_with_program_at_hand(at_hand: Record) -> None:
    at_hand.basis["commit"] = None
    (finding,) = record_findings(at_hand, ROOT)
    assert finding.status == "pass"


def test_a_commit_that_is_not_there_is_unchecked(at_hand: Record) -> None:
    at_hand.basis |= {"commit": "0" * 40, "dirty": False}
    (finding,) = record_findings(at_hand, ROOT)
    assert finding.status == "unchecked"
    assert "0000000" in finding.message


@pytest.mark.skipif(commit_of(ROOT)["commit"] is None, reason="not in a repository")
def test_dirty_record_of_head_is_compared_at_hand(at_hand: Record) -> None:
    at_hand.basis |= {"commit": commit_of(ROOT)["commit"], "dirty": True}
    (finding,) = record_findings(at_hand, ROOT)
    assert finding.status == "pass"


def test_a_record_of_another_project_is_unchecked(at_hand: Record, tmp_path: Path) -> None:
    at_hand.basis["project"] = "elsewhere"
    (finding,) = record_findings(at_hand, ROOT)
    assert finding.status == "unchecked"
    assert "elsewhere" in finding.message
