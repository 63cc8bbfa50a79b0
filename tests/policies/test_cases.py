"""Every rule fails when it must, names the resource and its source, and holds on a platform that is right."""

from __future__ import annotations

import pytest

from assurance.check.view import stack_of
from assurance.record import Mode, Record
from policies.rule import Rule
from policies.rules import RULES
from policies.view import Stack
from tests.harness import MODES
from tests.policies.cases import Case, all_cases, made, subjects
from tests.policies.conftest import platform_stack

CASES = all_cases()
BY_ID = {rule.id: rule for rule in RULES}


def violations(rule: Rule, record: Record) -> dict[str, tuple[str, ...]]:
    """Messages by URN of the resources that break ``rule``."""
    return broken_by(rule, stack_of(record))


def broken_by(rule: Rule, stack: Stack) -> dict[str, tuple[str, ...]]:
    return {v.subject.urn: v.violations for v in rule.examine(stack) if v.violations}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_case_makes_its_rule_fail_and_name_the_resource(case: Case, platform: Record) -> None:
    rule = BY_ID[case.rule]
    found = subjects(platform, case)
    assert found, f"the platform has no {case.resource} to try {case} on"
    before = broken_by(rule, platform_stack("deployed"))
    for subject in found[:2]:
        after = violations(rule, made(platform, case, subject))
        failed = after.keys() - before.keys()
        assert subject.urn in failed
        assert all(message.strip() for message in after[subject.urn])
        assert subject.source is not None
        if not case.change and not case.drop:
            assert failed == {subject.urn}, "a fault of one resource is blamed on another"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_case(rule: Rule) -> None:
    assert any(case.rule == rule.id for case in CASES)


def test_every_case_is_of_a_rule_and_of_a_type_it_examines() -> None:
    for case in CASES:
        types = BY_ID[case.rule].types
        assert types == ("*",) or f"azure-native:{case.resource}" in types, str(case)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_the_rule_holds_on_a_platform_that_is_right(rule: Rule, mode: Mode) -> None:
    verdicts = list(rule.examine(platform_stack(mode)))
    assert verdicts, "the rule examined nothing"
    assert [verdict for verdict in verdicts if verdict.violations] == []
    if mode == "deployed":
        assert [verdict for verdict in verdicts if verdict.unknown] == []
