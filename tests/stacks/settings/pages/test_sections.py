"""Every section is taken out of every stack file in turn: each stack ends as `sections.yaml` of the settings says."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from assurance.check.findings import Finding
from assurance.full_audit import full_audit
from assurance.record import Record
from policies.exceptions import Register
from stacks.settings.model import Settings
from stacks.settings.pages.sections import Way, left_out
from stacks.settings.reading.parse import SettingsError, parse
from tests.harness import STACKS, project_record, shared_record
from tests.projects import Config, stack_config

TODAY = date(2026, 11, 29)
WRITTEN = [
    (stack, key)
    for stack in STACKS
    for key in (name.removeprefix("medspasync:") for name in stack_config(stack))
    if key in left_out()
]
SAMPLE = {("prod", "databaseJob")}


def without(stack: str, key: str) -> Config:
    config = stack_config(stack)
    del config[f"medspasync:{key}"]
    return config


def stated(stack: str, key: str) -> Way:
    config = stack_config(stack)
    classification = config["medspasync:platform"]["dataClassification"]
    owner = config["medspasync:subscription"].get("owner", False)
    return left_out()[key].way(test_data=classification == "test-data", owner=owner)


def failing(record: Record) -> list[Finding]:
    """What fails, but exceptions that nothing needs any more: the stack is stricter than they ask."""
    findings = full_audit(record, Register.load(), TODAY).findings
    return [finding for finding in findings if finding.status == "fail" and finding.rule != "EXCEPTION-VALID"]


def refers(value: Any, ids: set[str]) -> bool:
    """Whether a text in ``value`` is one of the ids."""
    if isinstance(value, dict):
        return any(refers(item, ids) for item in value.values())
    if isinstance(value, list):
        return any(refers(item, ids) for item in value)
    return value in ids


def test_table_has_every_section_once() -> None:
    assert set(left_out()) == {str(info.alias) for info in Settings.model_fields.values()}


def test_shipped_stacks_write_every_section() -> None:
    assert {key for _, key in WRITTEN} == set(left_out())


@pytest.mark.parametrize(("stack", "key"), WRITTEN)
def test_section_is_refused_exactly_where_stated(stack: str, key: str) -> None:
    config = {name: json.dumps(value) for name, value in without(stack, key).items()}
    refusal = None
    try:
        parse(config, f"Pulumi.{stack}.yaml")
    except SettingsError as error:
        refusal = str(error)
    assert (refusal is not None) == (stated(stack, key) == "refused"), refusal


@pytest.mark.parametrize(
    ("stack", "key"),
    [
        pytest.param(*case, marks=() if case in SAMPLE else pytest.mark.long)
        for case in WRITTEN
        if stated(*case) != "refused"
    ],
)
def test_stack_without_section_ends_as_stated(stack: str, key: str) -> None:
    """One recording each: all but a sample are long. A stack that has the section turned off loses nothing."""
    record = project_record(without(stack, key), stack=stack)
    found, way = failing(record), stated(stack, key)
    if way == "rule":
        assert set(left_out()[key].rules) <= {finding.rule for finding in found}
        return
    assert [(finding.rule, finding.name, finding.message) for finding in found] == []
    gone = {resource.urn: resource for resource in shared_record(stack)}
    for resource in record:
        gone.pop(resource.urn, None)
    if way == "safe":
        assert sorted(gone) == []
    else:
        ids = {resource.id for resource in gone.values() if resource.id}
        assert [resource.name for resource in record if refers(resource.inputs, ids)] == []
