"""The full audit of a record: the rules, and what `assurance access` and `assurance reach` find in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from assurance.access.matrix import matrix
from assurance.check.audit import audit
from assurance.check.findings import Report
from assurance.reach.report import reach
from assurance.record import Record
from policies.exceptions import Register


def full_audit(record: Record, register: Register, today: date) -> Report:
    """Judge ``record`` by every rule, by who may do what, and by what can be reached from where.

    today: the day on which exceptions must still hold.
    """
    ruled = audit(record, register, today)
    return replace(ruled, findings=[*ruled.findings, *matrix(record).report.findings, *reach(record).report.findings])
