"""The three environments hold: every violation is excepted, every exception is needed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from assurance.check.audit import ELSEWHERE
from assurance.full_audit import full_audit
from assurance.record import Mode
from policies.exceptions import Register
from policies.rules import RULES
from policies.rules.archive import container_fed
from policies.rules.monitoring import has_diagnostics
from tests.harness import MODES, ROOT
from tests.policies.records import records

TODAY = date(2026, 11, 22)
STACKS = ("prod", "staging", "dev")
REGISTER = Register.load()


WARNED = {
    "LIFECYCLE": "Key Vault's API versions end on 2027-02-27 (docs/decisions/0004)",
    "TYPE-UNKNOWN": "cells that nobody could look up (docs/azure-unproven.md)",
    "ATTEST-CURRENT": "what people have yet to sign (policies/attestations.yaml)",
}
"""Rules that only warn of a stack as it is, with the reason."""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_the_stack_holds(stack: str, mode: Mode) -> None:
    report = full_audit(records(mode)[stack], REGISTER, TODAY)
    failed = report.with_status("fail", "warn")
    assert [(f.rule, f.name, f.message) for f in failed if f.rule not in WARNED] == []
    assert report.totals["pass"] > 1000
    if mode == "deployed":
        assert {f.rule for f in report.with_status("unchecked")} <= {"ACCESS-DUTY"}


def test_production_relaxes_nothing_of_its_own() -> None:
    """What it shares with all stacks, and what its locks bring with them, is registered, and nothing else."""
    registered = {id_ for id_, exception in REGISTER.exceptions.items() if "prod" in exception.stacks}
    assert registered == {"EXC-ALL-TELEMETRY", "EXC-PROD-LOCKED-CHILDREN"}


@pytest.mark.parametrize("stack", STACKS)
def test_stack_file_and_register_name_the_same_exceptions(stack: str) -> None:
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    registered = {id_ for id_, exception in REGISTER.exceptions.items() if stack in exception.stacks}
    assert set(re.findall(r"EXC-[A-Z0-9-]*[A-Z0-9]", text)) == registered


def test_every_exception_is_of_rules_that_exist() -> None:
    ids = {rule.id for rule in RULES} | set(ELSEWHERE)
    assert {rule for exception in REGISTER.exceptions.values() for rule in exception.rules} <= ids


def test_no_diagnostic_setting_can_go_unnoticed() -> None:
    """Taking away any one of production's diagnostic settings makes the rule fail."""
    record = records("deployed")["prod"]
    settings = record.of_type("monitor:DiagnosticSetting")
    assert len(settings) > 20
    for setting in settings:
        without = replace(record, resources=[r for r in record if r.urn != setting.urn])
        rule = container_fed if "storageAccountId" in setting.inputs else has_diagnostics
        assert any(v.violations for v in rule.examine(without.view)), setting.name
