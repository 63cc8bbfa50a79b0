"""Every rule fails when it must, and names the resource."""

from __future__ import annotations

from functools import cache

import pytest

from facts.parts import parts
from policies.resource import token
from policies.rule import Rule
from policies.rules import RULES
from policies.view import Stack
from tests.policies.cases import Case, all_cases, made, subjects
from tests.policies.records import everything, view, view_of

CASES, HARMLESS = all_cases(), all_cases("harmless.yaml")
ABROAD = {"NET-FIREWALL-OPEN", "NET-NO-PUBLIC-MACHINE", "RUN-NO-PASSWORD-SIGN-IN", "AKS-API-CLOSED", "CORS-NAMED"}
"""Rules about what our own programs have none of."""
BY_ID = {rule.id: rule for rule in RULES}


def broken_by(rule: Rule, stack: Stack) -> dict[str, tuple[str, ...]]:
    """Messages by URN of the resources that break ``rule``."""
    return {v.subject.urn: v.violations for v in rule.examine(stack) if v.violations}


@cache
def broken_before(rule: Rule, index: int) -> dict[str, tuple[str, ...]]:
    """What breaks ``rule`` in a record that nobody altered."""
    return broken_by(rule, view(index, "deployed"))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_case_fails_its_rule_and_names_resource(case: Case) -> None:
    """On the first stack, production before others, that has such a resource: on each where the rule held."""
    rule = BY_ID[case.rule]
    index, found = next((i, found) for i, r in enumerate(everything("deployed")) if (found := subjects(r, case)))
    record = everything("deployed")[index]
    before = broken_before(rule, index)
    tried = [subject for subject in found if subject.urn not in before]
    assert tried, f"no {case.resource} on which {case.rule} holds"
    subject = tried[0]
    blamed = f"{subject.urn}-added" if case.add and case.blame == "added" else subject.urn
    after = broken_by(rule, view_of(made(record, case, subject), index, "deployed"))
    failed = after.keys() - before.keys()
    assert blamed in failed
    assert all(message.strip() for message in after[blamed])
    assert subject.source is not None
    if not case.change and not case.drop:
        assert failed == {blamed}, "a fault of one resource is blamed on another"


@pytest.mark.parametrize("case", HARMLESS, ids=str)
def test_a_harmless_change_breaks_no_rule(case: Case) -> None:
    """On the first stack that has such a resource: no rule fails that held, and the one named is asked."""
    index, found = next((i, found) for i, r in enumerate(everything("deployed")) if (found := subjects(r, case)))
    stack = view_of(made(everything("deployed")[index], case, found[0]), index, "deployed")
    assert any(BY_ID[case.rule].examine(stack))
    new = {
        (rule.id, urn): messages
        for rule in RULES
        for urn, messages in broken_by(rule, stack).items()
        if urn not in broken_before(rule, index)
    }
    assert new == {}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_case_and_examines_something(rule: Rule) -> None:
    assert any(case.rule == rule.id for case in CASES)
    examined = any(list(rule.examine(view(i, "deployed"))) for i in range(len(everything("deployed"))))
    assert examined is (rule.id not in ABROAD)


def test_case_is_of_a_rule_and_type() -> None:
    for case in CASES:
        types = BY_ID[case.rule].types
        subject = token(case.add["type"] if case.add and case.blame == "added" else case.resource)
        inside = {row.type for row in parts().inside if row.resource == subject}
        assert types == ("*",) or {subject, *inside} & set(types), str(case)
