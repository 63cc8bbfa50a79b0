"""Attacks on production's record (policies/attacks.yaml): everything of harm is noticed.

`make mutate` makes them all, and then alters production property by property; `make test` makes a part of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pytest

from assurance.check.findings import Finding
from assurance.full_audit import full_audit
from assurance.record import Record
from documents.yaml_text import load_yaml
from policies.exceptions import Register
from policies.rule import Rule
from policies.rules import RULES
from tests.harness import ROOT
from tests.long import sample
from tests.policies.cases import FOLDER, Case, made, subjects
from tests.policies.records import TODAY, everything, view, view_of

EVERY = 10
"""Of how many attacks one runs in `make test`."""
REGISTER = Register.load()


@dataclass(frozen=True)
class Attack:
    """One entry; rule: which must notice, empty for any."""

    id: str
    severity: Literal["critical", "high", "medium", "low"]
    harm: str
    rule: str
    case: Case


def attacks() -> list[Attack]:
    """All entries, in the order of the file."""
    document: dict[str, dict[str, Any]] = load_yaml((FOLDER / "attacks.yaml").read_text(encoding="utf-8"))
    return [
        Attack(id_, row.pop("severity"), row.pop("harm"), rule := row.pop("rule", ""), Case(rule=rule, number=0, **row))
        for id_, row in document.items()
    ]


def production() -> Record:
    return everything("deployed")[0]


@cache
def before(rule: Rule) -> frozenset[tuple[str, str]]:
    """(rule, URN) of what breaks a rule in the record that nobody altered."""
    return frozenset((rule.id, v.subject.urn) for v in rule.examine(view(0, "deployed")) if v.violations)


def noticed_by_rules(altered: Record) -> Iterator[tuple[str, str]]:
    """(rule, URN) of what blocks, and did not before; the first ones only, for one is enough."""
    stack = view_of(altered, 0, "deployed")
    for rule in RULES:
        if rule.blocking:
            broken = {(rule.id, v.subject.urn) for v in rule.examine(stack) if v.violations}
            yield from broken - before(rule)


@cache
def failed_before() -> frozenset[tuple[str, str, str]]:
    return frozenset(_key(f) for f in full_audit(production(), REGISTER, TODAY).findings if f.status == "fail")


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.urn, finding.name


def noticed(altered: Record, rule: str = "") -> bool:
    """Whether a rule of policies/ fails newly, this one where it is named; else whether the whole audit does."""
    for found, _ in noticed_by_rules(altered):
        if not rule or found == rule:
            return True
    if rule:
        return False
    audit = full_audit(altered, REGISTER, TODAY, ROOT)
    return any(_key(each) not in failed_before() for each in audit.findings if each.status == "fail")


def is_noticed(attack: Attack) -> bool:
    """Whether `assurance check` notices an attack on the first resource that it can be made on."""
    found = subjects(production(), attack.case)
    assert found, f"{attack.id}: production has no {attack.case.resource} {attack.case.where or ''}"
    return noticed(made(production(), attack.case, found[0]), attack.rule)


GRAVE = [each for each in attacks() if each.severity in ("critical", "high")]
REST = [each for each in attacks() if each not in GRAVE]


@pytest.mark.parametrize("attack", sample(GRAVE, EVERY), ids=lambda each: each.id)
def test_grave_attack_is_noticed(attack: Attack) -> None:
    assert is_noticed(attack), attack.harm


@pytest.mark.long
def test_of_all_attacks_few_pass() -> None:
    """95 % of all: the grave ones, which all must be noticed, and the others."""
    passed = [each.id for each in REST if not is_noticed(each)]
    assert len(passed) <= 0.05 * (len(GRAVE) + len(REST)), passed


def test_catalogue_covers_every_area_and_states_harm() -> None:
    all_ = attacks()
    assert len({each.id for each in all_}) == len(all_) > 100
    assert all(each.harm for each in all_)
    modules = {rule.id: rule for rule in RULES}
    assert {each.rule for each in all_ if each.rule} <= modules.keys()
    assert len({each.case.resource for each in all_}) > 30
