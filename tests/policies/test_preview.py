"""What rules find of a deployment they find of a first preview too: an unknown hides nothing known beside it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from assurance.record import Record, Resource
from policies.rule import Rule
from policies.rules import RULES
from tests.long import sample
from tests.policies.cases import Case, all_cases, made
from tests.policies.records import everything, view, view_of
from tests.policies.test_cases import broken_before, first_subjects

BY_ID = {rule.id: rule for rule in RULES}
REFERENCE = "a reference to a vault is computed from the secret's URI: which secret it names is the fault"
HIDDEN = {
    "APP-REFERENCE-RESOLVES-2": REFERENCE,
    "APP-REFERENCE-RESOLVES-3": REFERENCE,
    "APP-REFERENCE-RESOLVES-4": REFERENCE,
    "NEED-ARCHIVE-3": "the archive's address in the job's variable is computed: which container it names is the fault",
    "MON-BACKUP-ALERTS-1": "the vault's id, which the scopes leave out, is not known yet",
    "FLOOR-ALERTS-18": "the vault's id, which the scopes leave out, is not known yet",
    "LOCK-REVOCABLE-1": "what lies below a lock is read from ids, and none is known yet",
    "KV-ONE-APP-1": "the object id that is written out is another app's only once Azure gave it that one",
}
"""Cases whose fault itself is not known before a deployment, each with the reason."""


def has_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(has_unknown, value.values()))
    return any(map(has_unknown, value)) if isinstance(value, list) else value == "[unknown]"


def without_sources(record: Record, before: Record) -> Record:
    """The record with no source for an input that was unknown and is written out now: it is computed from nothing."""
    known = before.by_urn

    def mended(resource: Resource) -> Resource:
        old = known.get(resource.urn)
        if old is None or old is resource:
            return resource
        written = {
            name
            for name, value in old.inputs.items()
            if has_unknown(value) and not has_unknown(resource.inputs.get(name))
        }
        sources = {name: urns for name, urns in resource.propertyDependencies.items() if name not in written}
        return replace(resource, propertyDependencies=sources)

    return replace(record, resources=[mended(resource) for resource in record])


@cache
def told_before(rule: Rule, index: int) -> dict[str, tuple[str, ...]]:
    return {verdict.subject.urn: verdict.violations for verdict in rule.examine(view(index, "preview"))}


def changed(case: Case) -> tuple[int, str, Record]:
    """The place of the record, the URN of the resource that the case is about, and the record of a first preview with
    the case made."""
    rule = BY_ID[case.rule]
    index, found = first_subjects(case)
    urn = next(each.urn for each in found if each.urn not in broken_before(rule, index))
    record = everything("preview")[index]
    return index, urn, without_sources(made(record, case, record.by_urn[urn]), record)


def is_found_in_preview(case: Case) -> bool:
    """Whether the rule tells something of the resource that it did not tell before, without any output."""
    rule = BY_ID[case.rule]
    index, urn, altered = changed(case)
    blamed = f"{urn}-added" if case.add and case.blame == "added" else urn
    verdicts = rule.examine(view_of(altered, index, "preview"))
    after = next((each.violations for each in verdicts if each.subject.urn == blamed), ())
    return bool(set(after) - set(told_before(rule, index).get(blamed, ())))


@pytest.mark.parametrize("case", sample(all_cases(), every=25), ids=str)
def test_case_fails_in_preview_or_says_why_not(case: Case) -> None:
    assert is_found_in_preview(case) is (str(case) not in HIDDEN)


WRITTEN_OUT = "METRIC-KNOWN-1"
"""Writes the plan's id out, which is no resource's yet: TRUST-RESOURCE is right to ask."""


@pytest.mark.long
@pytest.mark.parametrize("case", [each for each in all_cases("harmless.yaml") if str(each) != WRITTEN_OUT], ids=str)
def test_a_harmless_change_passes_in_preview(case: Case) -> None:
    index, _, altered = changed(case)
    stack = view_of(altered, index, "preview")
    newly = {
        (rule.id, verdict.subject.urn): verdict.violations
        for rule in RULES
        for verdict in rule.examine(stack)
        if set(verdict.violations) - set(told_before(rule, index).get(verdict.subject.urn, ()))
    }
    assert newly == {}


def test_no_reason_is_for_a_case_that_went() -> None:
    assert HIDDEN.keys() <= {str(case) for case in all_cases()}
    assert all(len(reason) > 20 for reason in HIDDEN.values())
