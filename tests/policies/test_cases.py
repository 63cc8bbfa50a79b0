"""Every rule fails when it must, and names the resource."""

from __future__ import annotations

import pytest

from policies.rule import Rule
from policies.rules import RULES
from policies.view import Stack
from tests.policies.cases import Case, all_cases, made, subjects
from tests.policies.records import everything, view, view_of

CASES = all_cases()
BY_ID = {rule.id: rule for rule in RULES}


def broken_by(rule: Rule, stack: Stack) -> dict[str, tuple[str, ...]]:
    """Messages by URN of the resources that break ``rule``."""
    return {v.subject.urn: v.violations for v in rule.examine(stack) if v.violations}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_case_makes_its_rule_fail_and_name_the_resource(case: Case) -> None:
    """On the first stack, production before others, that has such a resource: on each where the rule held."""
    rule = BY_ID[case.rule]
    index, found = next((i, found) for i, r in enumerate(everything("deployed")) if (found := subjects(r, case)))
    record = everything("deployed")[index]
    before = broken_by(rule, view(index, "deployed"))
    tried = [subject for subject in found if subject.urn not in before]
    assert tried, f"no {case.resource} on which {case.rule} holds"
    subject = tried[0]
    after = broken_by(rule, view_of(made(record, case, subject), index, "deployed"))
    failed = after.keys() - before.keys()
    assert subject.urn in failed
    assert all(message.strip() for message in after[subject.urn])
    assert subject.source is not None
    if not case.change and not case.drop:
        assert failed == {subject.urn}, "a fault of one resource is blamed on another"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_case_and_examines_something(rule: Rule) -> None:
    assert any(case.rule == rule.id for case in CASES)
    assert any(list(rule.examine(view(i, "deployed"))) for i in range(len(everything("deployed"))))


def test_every_case_is_of_a_rule_and_of_a_type_it_examines() -> None:
    for case in CASES:
        types = BY_ID[case.rule].types
        assert types == ("*",) or f"azure-native:{case.resource}" in types, str(case)
