"""What a change does to the verdicts of the rules: both records are judged by the rules at hand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assurance.check.findings import Finding, Status
from assurance.check.presentation import SHARED
from assurance.check.stack_files import OTHER_FILE
from assurance.compare.pairing import Pair

RANKS: dict[Status, int] = {"pass": 0, "not-applicable": 0, "excepted": 1, "warn": 2, "unchecked": 3, "fail": 4}
"""Later is worse. Something that fails is worse than something that nobody could check, which is worse than a
warning."""

MOVED = "COMPARE-MOVED"


@dataclass(frozen=True)
class RuleChange:
    """A rule's verdict on one subject that differs. before, after: None where the side has no such subject or rule.

    urn: of the head, where it is there; empty for the stack. area: of accepted changes, ``rules`` or ``moved``.
    accepted: id of the entry that covers it, where it is worse. source, origin: of the finding.
    """

    rule: str
    urn: str
    name: str
    before: Status | None
    after: Status | None
    message: str
    area: str = "rules"
    accepted: str | None = None
    source: dict[str, Any] | None = None
    origin: dict[str, Any] | None = None

    @property
    def worse(self) -> bool:
        """Whether the head is worse. A rule that the head no longer has is; a subject that is gone is no verdict."""
        if self.after is None:
            return True
        return RANKS[self.after] > (RANKS[self.before] if self.before else 0)


def compare_verdicts(
    base: Sequence[Finding], head: Sequence[Finding], pairs: Iterable[Pair], gone_rules: Iterable[str] = ()
) -> list[RuleChange]:
    """Verdicts that differ, what fails first; gone_rules: ids that the base's revision judged by, and this does not."""
    urns = {pair.base.urn: pair.head.urn for pair in pairs if pair.base is not None and pair.head is not None}
    before = {(rule, urns.get(subject, subject)): each for (rule, subject), each in _worst(base).items()}
    after = _worst(head)
    found = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if new is None or (old is not None and RANKS[old.status] == RANKS[new.status]):
            continue  # a subject that is gone is no verdict
        if old is not None and OTHER_FILE in old.message and RANKS[new.status] < RANKS[old.status]:
            continue  # nothing got better: the base's stack file, a comment of it too, is not the one here
        if (old is None and RANKS[new.status] == 0) or _stands(new, base) or (old is not None and _stands(old, head)):
            continue
        before_status = old.status if old else None
        found.append(
            RuleChange(
                key[0], new.urn, new.name, before_status, new.status, new.message, source=new.source, origin=new.origin
            )
        )
    found += [RuleChange(rule, "", "", "pass", None, "the rule is gone") for rule in sorted(gone_rules)]
    found += _moved(pairs)
    return sorted(found, key=lambda each: (not each.worse, -RANKS[each.after or "fail"], each.rule, each.urn))


def _stands(finding: Finding, others: Iterable[Finding]) -> bool:
    """Whether it is a warning of what resources share, and the other side warns of the same at any of its resources."""
    return (
        finding.rule in SHARED
        and finding.status == "warn"
        and any((each.rule, each.status, each.message) == (finding.rule, "warn", finding.message) for each in others)
    )


def _worst(findings: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    """The worst finding of each rule on each subject; one about the stack is told by its name."""
    worst: dict[tuple[str, str], Finding] = {}
    for each in findings:
        key = (each.rule, each.urn or each.name)
        if key not in worst or RANKS[each.status] > RANKS[worst[key].status]:
            worst[key] = each
    return worst


def _moved(pairs: Iterable[Pair]) -> Iterator[RuleChange]:
    for pair in pairs:
        if pair.moved and pair.base is not None and pair.head is not None:
            message = (
                f"the engine knows it as {pair.base.urn} and would create it again under the id that exists: give it "
                "an alias, or move its state"
            )
            yield RuleChange(MOVED, pair.head.urn, pair.head.name, "pass", "fail", message, area="moved")
