"""How a control stands: each status for its own reason, and what others ask is answered by what there is."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from assurance.check.findings import Status
from assurance.evidence.controls import Claim, control_rows, status_of
from assurance.evidence.questions import proposals, requests, standing
from assurance.full_audit import rule_ids
from documents.problems import DocumentError
from documents.reading import parse_document
from policies.controls import Control, controls
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
        ({"not-applicable": 2}, [HOLDS], False, "not examined"),
        ({}, [HOLDS], True, "attested"),
        ({}, [OPTIONAL], True, "inherited"),
        ({"not-applicable": 2}, [], True, "not examined"),
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


def test_nothing_makes_a_status_read_better() -> None:
    """Over every combination: a finding that fails, is excepted, warns or is unchecked, and a signature that is missing
    or ended, never raise a status; and nothing is met of which nothing was examined."""
    best = ("not met", "exception", "partial", "not examined", "inherited", "attested", "met")
    statuses: tuple[Status, ...] = ("pass", "fail", "warn", "excepted", "not-applicable", "unchecked")
    for held in product((0, 1), repeat=len(statuses)):
        findings = dict(zip(statuses, held, strict=True))
        for claims in ([], [HOLDS], [ENDED], [OPTIONAL], [HOLDS, ENDED], [HOLDS, OPTIONAL]):
            for inherited in (False, True):
                status = status_of(findings, claims, inherited)
                if status == "met":
                    assert findings["pass"]
                if status in ("attested", "inherited"):
                    assert not any(held)
                for worse in ("fail", "warn", "excepted", "unchecked"):
                    after = status_of({**findings, worse: 1}, claims, inherited)
                    # What was not examined, or rests on words alone, is known a little better by then.
                    assert best.index(after) <= best.index(status) or status in ("not examined", "inherited")
                assert status_of(findings, [*claims, ENDED], inherited) == "not met"


def test_a_signature_that_ended_fails_its_controls() -> None:
    """Whether its kind is required or not: the finding on it fails."""
    ended = [
        type(f)(**{**vars(f), "status": "fail"}) for f in evidence("prod").report.findings if f.rule == "ATTEST-CURRENT"
    ]
    claims = {kind: replace(claim, required=False) for kind, claim in evidence("prod").claims.items()}
    rows = {row.id: row for row in control_rows(ended, claims)}
    assert {rows[control].status for each in ended for control in each.controls} == {"not met"}


def test_a_signature_alone_examines_nothing() -> None:
    passing = [
        type(f)(**{**vars(f), "status": "pass"}) for f in evidence("prod").report.findings if f.rule == "ATTEST-CURRENT"
    ]
    claims = {kind: replace(claim, holds=True) for kind, claim in evidence("prod").claims.items()}
    rows = {row.id: row for row in control_rows(passing, claims)}
    assert rows["164.308(b)(1)"].status == "attested"
    assert rows["164.308(b)(1)"].examined == 0
    assert set(rows["164.308(b)(1)"].rules) == {"ATTEST-CURRENT"}


def test_what_does_not_concern_us_has_no_rule() -> None:
    """A row that says why nothing is about it cannot be met by something that is about another matter."""
    away = {id_ for id_, row in controls().items() if row.about}
    assert away
    assert [row.id for row in evidence("prod").controls if row.id in away and (row.rules or row.claims)] == []


@pytest.mark.parametrize(("ours", "told"), [(["AU-2"], "each control once"), (["AU2"], "AU2")])
def test_a_mapping_names_each_control_once(ours: list[str], told: str) -> None:
    mapping = f"{{of: standard, nist: [AU-2], ours: {ours}, read: 2026-11-29}}"
    row = f"164.312(b): {{title: Audit, status: R, asks: Record activity, sp80066: '5.3.2', sp80053: {mapping}}}"
    with pytest.raises(DocumentError, match=told):
        parse_document(row, dict[str, Control], "hipaa.yaml")


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
    assert len(proposals()) <= 20
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
            assert command.split()[:1] == ["assurance"], f"{row.id}: {command}"
            assert command.split()[1] in COMMANDS, f"{row.id}: {command}"
