"""Findings, in the form in which every room reports them."""

from collections.abc import Sequence
from typing import Any

Finding = dict[str, Any]


def finding(rule: str, status: str, controls: Sequence[str], message: str, remediation: str = "") -> Finding:
    """One finding of this room's. rule: without ``database/``."""
    return {
        "rule": f"database/{rule}",
        "severity": {"fail": "high", "warn": "medium"}.get(status, "info"),
        "status": status,
        "controls": list(controls),
        "urn": None,
        "type": "postgresql",
        "name": rule,
        "message": message,
        "remediation": remediation,
        "source": None,
    }


def judged(
    rule: str, controls: Sequence[str], problems: Sequence[str], holds: str, remediation: str, *, most: int = 10
) -> Finding:
    """A finding that fails where there are problems. holds: what is said where there are none; most: problems told."""
    message = "; ".join(problems[:most]) or holds
    return finding(rule, "fail" if problems else "pass", controls, message, remediation)
