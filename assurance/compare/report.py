"""A comparison of stacks, complete, and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from assurance.compare.changes import Change, find_changes
from assurance.compare.cost import Cost, compare_bills
from assurance.compare.pairing import Pair, pair_revisions, pair_stacks
from assurance.compare.posture.build import find_posture, with_acceptance
from assurance.compare.posture.item import Posture
from assurance.compare.posture.keys import name_keys
from assurance.compare.posture.registers import Entries
from assurance.compare.verdicts import RuleChange, compare_verdicts
from assurance.full_audit import full_audit, rule_ids
from assurance.json_text import json_text
from assurance.record import Record
from policies.accepted_changes import AcceptedChanges
from policies.exceptions import Register

MADE_FROM = ("commit", "date", "dirty")
"""What the basis of a record says of its making, and no judgement looks at."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison. says: {"commit"}, {"record"} or {"stack"}, as the JSON names it.

    register: the exceptions that hold on this side. rules: ids of the rules that its own revision judges by, where
    they are known. texts: the registers of exceptions and of trusted strangers as its revision has them, by file; None
    for one that is not there. stack_file: the text of its stack file, where it is at hand. program: what tells its
    program from another one, where that is known.
    """

    record: Record
    says: dict[str, Any]
    register: Register
    rules: frozenset[str] | None = None
    texts: Mapping[str, str | None] = field(default_factory=dict)
    stack_file: str | None = None
    program: str | None = None

    def entries(self) -> list[Entries]:
        """The entries of its registers that hold in its stack."""
        return [Entries.parse(file, self.texts[file], self.record.stack) for file in sorted(self.texts)]


@dataclass(frozen=True)
class StackComparison:
    """What changed in one stack. base, head: None where it is on one side only. basis: the head's, else the base's."""

    stack: str
    base: dict[str, Any] | None
    head: dict[str, Any] | None
    changes: list[Change] = field(default_factory=list)
    rules: list[RuleChange] = field(default_factory=list)
    posture: list[Posture] = field(default_factory=list)
    basis: dict[str, Any] = field(default_factory=dict)
    cost: Cost | None = None

    @property
    def weaker(self) -> list[Posture]:
        """What is weaker, a worse verdict too, and that nobody accepted."""
        return [each for each in self.posture if each.weaker and each.accepted is None]

    @property
    def cost_line(self) -> str:
        """What a month costs before and after, in words; empty where that does not change."""
        return self.cost.line if self.cost else ""

    @property
    def differs(self) -> bool:
        """Whether anything differs at all."""
        return bool(self.changes or self.rules) or self.base is None or self.head is None

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON holds it."""
        return {
            "stack": self.stack,
            "base": self.base,
            "head": self.head,
            "changes": [asdict(each) for each in self.changes],
            "rules": [{**asdict(each), "worse": each.worse} for each in self.rules],
            "posture": [each.as_dict() for each in self.posture],
            "cost": asdict(self.cost) if self.cost else None,
        }


def compare_sides(
    stack: str,
    base: Side | None,
    head: Side | None,
    accepted: AcceptedChanges,
    today: date,
    *,
    other_stack: bool = False,
) -> StackComparison:
    """Compare two sides of one stack, or (other_stack) two stacks. today: the day on which registers must hold."""
    if base is None or head is None:
        alone = base or head
        assert alone is not None
        record, nothing = alone.record, replace(alone.record, resources=[])
        if base is not None:
            gone = find_changes(record, nothing, [Pair(each, None) for each in record])
            return StackComparison(stack, base.says, None, gone, basis=record.basis, cost=compare_bills(record, None))
        new = find_changes(nothing, record, [Pair(None, each) for each in record])
        return StackComparison(stack, None, alone.says, new, basis=record.basis, cost=compare_bills(None, record))
    if _declare_the_same(base.record, head.record):
        base = replace(base, record=head.record)  # one record is viewed and judged once
    pair = pair_stacks if other_stack else pair_revisions
    pairs = pair(base.record, head.record)
    changes = find_changes(base.record, head.record, pairs, other_stack=other_stack)
    gone_rules = base.rules - rule_ids() if base.rules is not None else ()
    after = full_audit(head.record, head.register, today).findings
    judged_alike = base.record is head.record and base.register == head.register
    before = after if judged_alike else full_audit(base.record, base.register, today).findings
    rules = compare_verdicts(before, after, pairs, gone_rules)
    rules = [
        replace(each, accepted=accepted.find(stack, each.area, each.name, each.rule, today)) if each.worse else each
        for each in rules
    ]
    registers = (base.entries(), head.entries()) if base.texts.keys() == head.texts.keys() else ([], [])
    posture = find_posture(base.record, head.record, pairs, rules, registers)
    same_program = base.program is not None and base.program == head.program
    files = (base.stack_file, head.stack_file)
    posture = name_keys(posture, f"Pulumi.{stack}.yaml", files, alone=same_program)
    posture = with_acceptance(posture, stack, accepted, today)
    return StackComparison(
        stack, base.says, head.says, changes, rules, posture, head.record.basis, compare_bills(base.record, head.record)
    )


def to_json(comparisons: Sequence[StackComparison], basis: dict[str, Any], notes: Sequence[str]) -> str:
    """The whole comparison. notes: what it could not see."""
    stacks = [each.as_dict() for each in comparisons]
    return json_text({"stacks": stacks, "basis": basis, "notes": list(notes)})


def _declare_the_same(base: Record, head: Record) -> bool:
    """Whether two records differ in nothing but when, and from which commit, they were made."""
    one, other = (
        replace(each, seconds=0.0, basis={key: value for key, value in each.basis.items() if key not in MADE_FROM})
        for each in (base, head)
    )
    return one == other and base.basis.keys() == head.basis.keys()
