"""Every rule fails when it must, and names the resource."""

from __future__ import annotations

from functools import cache

import pytest

from assurance.record import Record, Resource
from facts.parts import parts
from policies.resource import token
from policies.rule import Rule
from policies.rules import RULES
from policies.view import Stack
from tests.long import sample
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
    index, found = first_subjects(case)
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


def first_subjects(case: Case) -> tuple[int, list[Resource]]:
    """The first record, production before others, that has such resources, and these."""
    return next((i, found) for i, r in enumerate(everything("deployed")) if (found := subjects(r, case)))


def newly_broken(stack: Stack, index: int) -> dict[tuple[str, str], tuple[str, ...]]:
    """What breaks a rule and did not in the record at this place of `everything`."""
    return {
        (rule.id, urn): messages
        for rule in RULES
        for urn, messages in broken_by(rule, stack).items()
        if urn not in broken_before(rule, index)
    }


def broken_by_change(case: Case) -> dict[tuple[str, str], tuple[str, ...]]:
    """What a harmless change, made alone, breaks; the rule that it names is asked."""
    index, found = first_subjects(case)
    stack = view_of(made(everything("deployed")[index], case, found[0]), index, "deployed")
    assert any(BY_ID[case.rule].examine(stack)), case
    return newly_broken(stack, index)


@pytest.mark.parametrize("case", sample(HARMLESS, every=10), ids=str)
def test_a_harmless_change_breaks_no_rule(case: Case) -> None:
    assert broken_by_change(case) == {}


@pytest.mark.parametrize("turn", range(8))
def test_harmless_changes_together_break_no_rule(turn: int) -> None:
    """Every eighth of them, in one record as long as each has a resource of its own. Only where they break something
    together each is made alone: what two do to each other is no fault of a rule."""
    altered: dict[int, Record] = {}
    together, alone = [], []
    for case in HARMLESS[turn::8]:
        index, _ = first_subjects(case)
        original = everything("deployed")[index]
        record = altered.get(index, original)
        untouched = set(map(id, original))
        fresh = [each for each in subjects(record, case) if id(each) in untouched]
        if fresh:
            altered[index] = made(record, case, fresh[0])
            together.append((case, index))
        else:
            alone.append(case)
    stacks = {index: view_of(record, index, "deployed") for index, record in altered.items()}
    for case, index in together:
        assert any(BY_ID[case.rule].examine(stacks[index])), case
    if any(newly_broken(stack, index) for index, stack in stacks.items()):
        alone = HARMLESS[turn::8]
    assert {str(case): broken for case in alone if (broken := broken_by_change(case))} == {}


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
