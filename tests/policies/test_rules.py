"""What holds for every rule: ids, controls, property paths, the page about them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from assurance.check.recording import KINDS
from documents.problems import DocumentError, Problem
from policies.catalogue import PAGE, page
from policies.controls import controls
from policies.data import table
from policies.resource import Resource
from policies.rule import Rule
from policies.rules import RULES
from policies.view import Stack
from tests.harness import ROOT

EACH_RULE = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


def test_there_are_rules_of_every_domain() -> None:
    modules = {path.stem for path in (ROOT / "policies/rules").glob("*.py")} - {"__init__"}
    assert {rule.area for rule in RULES} == modules | table("required").keys()
    assert len(RULES) >= 30


def test_ids_are_unique() -> None:
    assert [id_ for id_, count in Counter(rule.id for rule in RULES).items() if count > 1] == []


@EACH_RULE
def test_a_rule_says_all_that_a_report_needs(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]+(-[A-Z]+)+", rule.id)
    assert rule.controls
    assert set(rule.controls) <= controls().keys()
    assert not rule.title.endswith(".")
    assert rule.remediation.endswith(".")
    assert rule.source
    assert rule.types


def test_controls_that_the_recorder_names_are_listed() -> None:
    assert {control for kind in KINDS.values() for control in kind.controls} <= controls().keys()


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m policies.catalogue"


def test_mistake_in_a_table_is_no_verdict() -> None:
    """A wrong table of the rules' own ends the command by file, line and key; it is no fault of what is judged."""

    def read_wrong_table(_: Resource) -> list[str]:
        raise DocumentError([Problem("plans", 1, "a mapping", file="policies/data/floor.yaml", line=1)])

    subject = Resource(type="azure-native:keyvault:Vault", name="one", urn="urn:pulumi:a::b::c::one", inputs={})
    with pytest.raises(DocumentError):
        replace(RULES[0], check=read_wrong_table, where=lambda _: True).judge(subject, Stack([subject]))
