"""How a control stands: each status for its own reason, and what others ask is answered by what there is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from assurance.evidence.controls import Claim, control_rows, status_of
from assurance.evidence.questions import MOST_PROPOSALS, proposals, requests, standing
from assurance.full_audit import rule_ids
from policies.controls import controls
from tests.assurance.evidence.made import evidence, files

HOLDS = Claim("baa", required=True, holds=True, entry="ATT-X", says="")
ENDED = Claim("baa", required=True, holds=False, entry="ATT-X", says="")
OPTIONAL = Claim("24-hour-notice", required=False, holds=False, entry="", says="")


@pytest.mark.parametrize(
    ("findings", "claims", "inherited", "status"),
    [
        ({"pass": 3, "fail": 1}, [HOLDS], False, "not met"),
        ({"pass": 3}, [ENDED], False, "not met"),
        ({}, [ENDED], True, "not met"),
        ({"fail": 1, "excepted": 1}, [], False, "not met"),
        ({"pass": 3, "excepted": 1, "warn": 1}, [HOLDS], False, "exception"),
        ({"pass": 3, "warn": 1}, [HOLDS], False, "partial"),
        ({"unchecked": 1}, [], False, "partial"),
        ({"not-applicable": 2}, [HOLDS], False, "attested"),
        ({}, [HOLDS], True, "attested"),
        ({}, [OPTIONAL], True, "inherited"),
        ({"not-applicable": 2}, [], True, "inherited"),
        ({"not-applicable": 2}, [OPTIONAL], False, "not examined"),
        ({}, [], False, "not examined"),
        ({"pass": 1, "not-applicable": 1}, [OPTIONAL], False, "met"),
        ({"pass": 1}, [HOLDS], True, "met"),
    ],
)
def test_a_status_is_the_first_that_is_true(
    findings: dict[Any, int], claims: list[Claim], inherited: bool, status: str
) -> None:
    assert status_of(findings, claims, inherited) == status


def test_every_paragraph_of_the_law_has_a_row() -> None:
    rows = evidence("prod").controls
    assert [row.id for row in rows] == list(controls())
    by_id = {row.id: row for row in rows}
    assert by_id["164.312(b)"].status == "met"
    assert by_id["164.308(b)(1)"].status == "not met"  # nobody has signed anything before there is a deployment
    assert by_id["164.310(d)(2)(i)"].status == "inherited"
    assert all(row.why for row in rows)


def test_a_failing_finding_makes_its_controls_not_met() -> None:
    findings = [each for each in evidence("prod").report.findings if each.rule == "PG-CMK"]
    (failing,) = [type(each)(**{**vars(each), "status": "fail"}) for each in findings]
    rows = {row.id: row for row in control_rows([failing], {})}
    assert {rows[control].status for control in failing.controls} == {"not met"}
    assert rows["164.308(a)(1)(ii)(D)"].status == "not examined"


def test_test_data_alone_needs_no_signature() -> None:
    assert not any(claim.missing for claim in evidence("dev").claims.values())
    assert evidence("prod").claims["baa"].missing


def test_each_proposal_rests_on_rules_that_exist() -> None:
    assert len(proposals()) <= MOST_PROPOSALS
    assert {rule for row in proposals() for rule in row.rules} <= rule_ids()


def test_a_proposal_falls_with_what_it_rests_on() -> None:
    e = evidence("prod")
    assert {row.id: status for row, status in e.proposals}["activity-logs"] == "met"
    silent = [f for f in e.report.findings if f.rule != "MON-ALERT-COVERAGE"]
    broken = [type(f)(**{**vars(f), "status": "fail"}) for f in e.report.findings if f.rule == "MON-ALERT-COVERAGE"]
    after = {row.id: status for row, status in standing([*silent, *broken], e.claims)}
    assert after["activity-logs"] == "not met"


def test_every_request_is_answered_by_what_exists() -> None:
    from assurance.cli import COMMANDS

    for row in requests():
        for name in row.files:
            if name != "period.json":  # only with --since
                assert name.replace("<stack>", "prod") in files(), f"{row.id}: {name}"
        for command in row.commands:
            assert re.sub(r"^assurance ", "", command) in COMMANDS, f"{row.id}: {command}"
