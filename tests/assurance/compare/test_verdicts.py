"""What a change does to the rules, and which of it was accepted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assurance.check.findings import Finding, Report
from assurance.check.stack_files import OTHER_FILE
from assurance.compare import report
from assurance.compare.pairing import pair_revisions
from assurance.compare.report import Side, StackComparison, compare_sides
from assurance.compare.verdicts import RANKS, compare_verdicts
from assurance.record import Record
from documents.problems import DocumentError
from policies.accepted_changes import AcceptedChanges
from policies.exceptions import Register
from policies.rule import RuleInfo
from tests.assurance.compare.samples import record, resource

TODAY = date(2026, 11, 29)
RULE = RuleInfo("KV-PRIVATE", "t", "high", (), "r", "s")
BASE, HEAD = record(resource("a", stack="dev"), stack="dev"), record(resource("a"))
PAIRS = pair_revisions(BASE, HEAD)
ENTRY = """
CHG-ONE:
  stacks: [prod]
  area: rules
  resource: a*
  property: KV-*
  reason: the vault moves next week
  compensatingControl: the network stays closed
  owner: platform lead
  accepted: 2026-11-20
  until: 2026-12-10
"""


def finding(side: Any, status: Any) -> Finding:
    return Finding.of(RULE, status, "m", side.resources[0], stack="prod")


@pytest.mark.parametrize(("after", "count"), [("pass", 0), ("warn", 0), ("fail", 1)])
def test_comment_in_stack_file_betters_nothing(after: Any, count: int) -> None:
    """What reads the stack file at hand says nothing of a base whose file had another comment."""
    before = replace(finding(BASE, "unchecked"), message=f"{OTHER_FILE} Pulumi.dev.yaml than the one here")
    assert len(compare_verdicts([before], [finding(HEAD, after)], PAIRS)) == count


@pytest.mark.parametrize("before", RANKS)
@pytest.mark.parametrize("after", RANKS)
def test_a_later_status_is_worse(before: Any, after: Any) -> None:
    found = compare_verdicts([finding(BASE, before)], [finding(HEAD, after)], PAIRS)
    if RANKS[before] == RANKS[after]:
        assert found == []
    else:
        (change,) = found
        assert (change.rule, change.urn, change.before, change.after) == (
            RULE.id,
            HEAD.resources[0].urn,
            before,
            after,
        )
        assert change.worse == (RANKS[after] > RANKS[before])


def test_the_worst_of_several_counts() -> None:
    found = compare_verdicts([finding(BASE, "fail")], [finding(HEAD, "pass"), finding(HEAD, "fail")], PAIRS)
    assert found == []


def test_a_new_subject_that_fails_is_worse() -> None:
    (change,) = compare_verdicts([], [finding(HEAD, "fail")], PAIRS)
    assert (change.before, change.worse) == (None, True)
    assert compare_verdicts([], [finding(HEAD, "pass")], PAIRS) == []


def test_a_subject_that_is_gone_is_no_verdict() -> None:
    assert compare_verdicts([finding(BASE, "fail")], [], PAIRS) == []


def test_a_rule_that_is_gone_is_worse() -> None:
    (change,) = compare_verdicts([], [], PAIRS, ["KV-GONE"])
    assert (change.rule, change.area, change.after, change.worse) == ("KV-GONE", "rules", None, True)


def test_a_moved_resource_fails() -> None:
    head = record(resource("b", id=resource("a").id))
    (change,) = compare_verdicts([], [], pair_revisions(HEAD, head))
    assert (change.rule, change.area, change.after) == ("COMPARE-MOVED", "moved", "fail")


def compared(monkeypatch: pytest.MonkeyPatch, accepted: str) -> StackComparison:
    """prod, where the vault's rule fails since the base."""

    def judge(side: Any, *_: Any) -> Any:
        return Report("prod", "deployed", [finding(side, "pass" if side.basis else "fail")])

    monkeypatch.setattr(report, "full_audit", judge)
    sides = [Side(record(resource("a"), basis=basis), {}, Register()) for basis in ({"commit": "x"}, {})]
    return compare_sides("prod", *sides, AcceptedChanges.parse(accepted), TODAY)  # type: ignore[misc]


def test_a_worse_verdict_is_weaker_unless_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.aspect for each in compared(monkeypatch, "{}").weaker] == ["KV-PRIVATE"]
    result = compared(monkeypatch, ENTRY)
    assert result.weaker == []
    assert result.rules[0].accepted == "CHG-ONE"


@pytest.mark.parametrize(
    "change", [("prod", "dev"), ("rules", "moved"), ("a*", "b*"), ("KV-*", "SQL-*"), ("2026-12-10", "2026-11-28")]
)
def test_an_entry_covers_its_own_change_only(monkeypatch: pytest.MonkeyPatch, change: tuple[str, str]) -> None:
    assert len(compared(monkeypatch, ENTRY.replace(*change)).weaker) == 1


def test_an_entry_past_its_end_is_named() -> None:
    register = AcceptedChanges.parse(ENTRY)
    assert register.past(date(2026, 12, 11)) == ["CHG-ONE"]
    assert register.past(date(2026, 12, 10)) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("2026-12-10", "2026-12-21"), "until = '2026-12-21': from 2026-11-20 to 2026-12-20"),
        (("2026-12-10", "2026-11-01"), "until"),
        (("area: rules", "area: everything"), "area = 'everything'"),
        (("reason: the vault moves next week", "reason: no"), "reason = 'no'"),
        (("CHG-ONE", "one"), "one"),
    ],
)
def test_a_wrong_entry_is_told_by_its_line(change: tuple[str, str], what: str) -> None:
    with pytest.raises(DocumentError) as refused:
        AcceptedChanges.parse(ENTRY.replace(*change))
    assert what in str(refused.value)
    assert str(refused.value).startswith("policies/accepted_changes.yaml:")


def test_the_register_is_right() -> None:
    assert AcceptedChanges.load().changes == {}
    assert AcceptedChanges.load(Path("/nowhere.yaml")).changes == {}


def test_a_stack_on_one_side_has_no_other() -> None:
    side = Side(HEAD, {"commit": "x"}, Register())
    result = compare_sides("prod", None, side, AcceptedChanges(), TODAY)
    assert (result.base, [each.change for each in result.changes]) == (None, ["added"])
    assert compare_sides("prod", side, None, AcceptedChanges(), TODAY).changes[0].change == "removed"


def test_stack_that_did_not_change_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def judge(side: Any, register: Register, *_: Any) -> Any:
        asked.append(register)
        return Report("prod", "deployed", [finding(side, "pass")])

    monkeypatch.setattr(report, "full_audit", judge)

    def compared_with(base: Record, register: Register) -> StackComparison:
        asked.clear()
        head = Side(record(resource("a"), basis={"commit": "y", "stackFile": "1"}), {}, Register())
        return compare_sides("prod", Side(base, {}, register), head, AcceptedChanges.parse("{}"), TODAY)

    same = record(resource("a"), basis={"commit": "x", "stackFile": "1"})
    assert not compared_with(same, Register()).differs
    assert len(asked) == 1
    compared_with(same, Register(lines={"EXC-ONE": 1}))
    assert len(asked) == 2  # by the exceptions of each side
    compared_with(record(resource("a"), basis={"commit": "x", "stackFile": "2"}), Register())
    assert len(asked) == 2
    assert compared_with(record(resource("b"), basis={"commit": "x", "stackFile": "1"}), Register()).differs
    assert len(asked) == 2
