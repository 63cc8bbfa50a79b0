"""The log tables catalogue: how long each Log Analytics table of the platform is kept, as data."""

from typing import Literal

from documents.reading import data_reader
from documents.sections import Section

LOG_TABLES = "stacks/catalogues/log_tables.yaml"

RETENTION_STEPS = (1095, 1460, 1826, 2191, 2556, 2922, 3288, 3653, 4018, 4383)
"""Total retention in days beyond two years, as the Tables API takes it; up to 730 any number from 4 goes."""


class LogTable(Section):
    """One table of the workspace."""

    retention: Literal["audit", "operational"]
    """audit: kept for `workspace.auditRetentionDays`; operational: for `workspace.retentionDays`."""
    holds: str
    """What an auditor finds in it."""


log_tables = data_reader(__file__, "log_tables.yaml", dict[str, LogTable])
"""The catalogue by table name."""


def audit_tables() -> list[str]:
    """Tables that are kept for the audit retention."""
    return [name for name, table in log_tables().items() if table.retention == "audit"]


def retention_is_allowed(days: int) -> bool:
    """Whether the Tables API takes ``days`` as a total retention."""
    return 4 <= days <= 730 or days in RETENTION_STEPS
