"""The floor: each of its rows is missed when it goes, and it depends on the class of data and on the project alone."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from assurance.record import Record, Resource
from policies.data import table
from policies.rule import Rule
from policies.rules import RULES
from policies.rules.floor import archive, database_jobs, retention, security
from policies.rules.floor_alerts import alerts
from tests.policies.records import records

LONG_TERM_BACKUP = next(rule for rule in RULES if rule.id == "BAK-DATABASE")
FLOOR = [rule for rule in RULES if rule.area in ("floor", "floor_alerts")]
WHATEVER_THE_CLASS = {"FLOOR-SLOT", "FLOOR-AUTOSCALE", "FLOOR-CACHE", "FLOOR-BUS"}


def messages(rule: Rule, record: Record) -> str:
    return "\n".join(message for verdict in rule.examine(record.view) for message in verdict.violations)


def without(type_: str, path: str, value: str) -> Record:
    """Production without the resources of a type whose input says ``value``."""
    record = records("deployed")["prod"]

    def is_it(resource: Resource) -> bool:
        found: object = resource.inputs
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return resource.type.endswith(f":{type_}") and found == value

    kept = [resource for resource in record if not is_it(resource)]
    assert len(kept) < len(record.resources), f"production has no {type_} {value}"
    return replace(record, resources=kept)


ROWS = [
    *((database_jobs, "Job", "jobName", f"job-mss-prod-{name}", name) for name in table("floor")["jobs"]),
    *((retention, "Table", "tableName", name, name) for name in table("floor")["tables"]),
    *((archive, "BlobContainer", "containerName", name, name) for name in table("floor")["containers"]),
    *((security, "Pricing", "pricingName", name, name) for name in table("floor")["plans"]),
]


@pytest.mark.parametrize(("rule", "type_", "path", "value", "named"), ROWS, ids=lambda item: str(item)[:40])
def test_production_without_one_row_fails(rule: Rule, type_: str, path: str, value: str, named: str) -> None:
    assert f" {named} " in messages(rule, without(type_, path, value)).replace(":", " ")


def test_production_without_any_alert_names_each() -> None:
    record = records("deployed")["prod"]
    kept = [resource for resource in record if not (resource.inputs.get("tags") or {}).get("alert")]
    told = messages(alerts, replace(record, resources=kept))
    assert [id_ for rows in table("floor")["alerts"].values() for id_ in rows if f"no alert {id_} " not in told] == []


@pytest.mark.parametrize("rule", [*FLOOR, LONG_TERM_BACKUP], ids=lambda rule: rule.id)
def test_floor_asks_for_less_only_with_test_data(rule: Rule) -> None:
    """Production's resources, all of them tagged as test data; then one of them alone."""
    record = copy.deepcopy(records("deployed")["prod"])
    for resource in record:
        if isinstance(resource.inputs.get("tags"), dict) and "data-classification" in resource.inputs["tags"]:
            resource.inputs["tags"]["data-classification"] = "test-data"
    examined = bool(list(rule.examine(record.view)))
    assert examined == (rule.id in WHATEVER_THE_CLASS)
    record.resources[0].inputs["tags"] = {"data-classification": "phi"}
    assert list(rule.examine(replace(record).view))


@pytest.mark.parametrize("rule", [*FLOOR, LONG_TERM_BACKUP], ids=lambda rule: rule.id)
def test_floor_is_not_asked_of_another_project(rule: Rule) -> None:
    record = copy.deepcopy(records("deployed")["prod"])
    for resource in record:
        resource.urn = resource.urn.replace("::medspasync::", "::their-shop::")
    assert list(rule.examine(record.view)) == []
