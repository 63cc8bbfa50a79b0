"""What a comparison with the live platform finds."""

from policies.rule import RuleInfo

_CONTROLS = ("164.308(a)(1)(ii)(D)", "164.312(c)(1)")
_SOURCE = "docs/drift.md; 45 CFR 164.308(a)(8): evaluation when something changes"

CHANGED = RuleInfo(
    "OBSERVED-CHANGED",
    "What is live has the inputs that are declared",
    "high",
    _CONTROLS,
    "Find out who changed it (docs/runbooks/unplanned-change.md), then deploy again or declare the change.",
    _SOURCE,
)
MISSING = RuleInfo(
    "OBSERVED-MISSING",
    "What is declared is live",
    "high",
    _CONTROLS,
    "Find out who deleted it (docs/runbooks/unplanned-change.md), then deploy again.",
    _SOURCE,
)
UNDECLARED = RuleInfo(
    "OBSERVED-UNDECLARED",
    "What is live was declared",
    "high",
    _CONTROLS,
    "Find out who made it (docs/runbooks/unplanned-change.md), then delete or declare it.",
    _SOURCE,
)
EXAMINED = RuleInfo(
    "OBSERVED-EXAMINED",
    "All of it was compared",
    "low",
    ("164.308(a)(8)",),
    "Compare the other source too: a stack export shows inputs, Resource Graph shows what nobody declared.",
    _SOURCE,
)
