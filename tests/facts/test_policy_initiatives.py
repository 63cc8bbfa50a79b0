"""The compliance initiatives: each definition that speaks of the platform is met, or exempted with its reason."""

from __future__ import annotations

from deployment.preflight import CHECKS
from facts.policy_initiatives import PolicyDefinition, policy_definitions
from policies.rules import RULES
from stacks.catalogues.alerts import ActivityEntry, alert_catalogue
from stacks.catalogues.policy_exemptions import INITIATIVES, policy_exemptions
from stacks.settings.security import SecuritySettings


def exempted() -> set[tuple[str, str]]:
    return {(entry.initiative, name) for entry in policy_exemptions().values() for name in entry.references}


def test_exempted_definitions_are_those_of_catalogue() -> None:
    told = {
        (initiative, reference)
        for row in policy_definitions().values()
        if row.exemption
        for initiative, reference in row.references.items()
    }
    assert told == exempted()


def test_answers_name_what_exists() -> None:
    rules, checks = {rule.id for rule in RULES}, set(CHECKS)
    schema = SecuritySettings.model_json_schema(by_alias=True)
    plans = {f"defender.{key}" for key in schema["$defs"]["DefenderSettings"]["properties"]} | {"defender"}
    for row in policy_definitions().values():
        assert set(row.rules or ()) <= rules, row.title
        assert set(row.alerts or ()) <= alert_catalogue().keys(), row.title
        assert set(row.settings or ()) <= plans, row.title
        assert row.preflight is None or row.preflight in checks, row.title
        assert set(row.references) <= INITIATIVES.keys(), row.title


def test_alerts_are_those_that_parameters_ask_for() -> None:
    """An alert that must exist watches the whole subscription, for the operation that the assignment names."""
    wanted = {value for facts in INITIATIVES.values() for name, value in facts.parameters.items() if "peration" in name}
    named = {alert for row in policy_definitions().values() for alert in row.alerts or ()}
    watched = {alert: entry for alert in named if isinstance(entry := alert_catalogue()[alert], ActivityEntry)}
    assert watched.keys() == named
    assert all(entry.kind == "subscription" or entry.whole_subscription for entry in watched.values())
    assert wanted <= {entry.equals["operationName"] for entry in watched.values()}


def test_a_row_has_exactly_one_answer() -> None:
    row = PolicyDefinition(title="any", references={})
    assert [problem.key for problem in row.problems()] == ["title"]
    assert not list(row.model_copy(update={"absent": "none of it"}).problems())
