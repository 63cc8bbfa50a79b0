"""The archive of audit records: what goes in, how long it stays, how it is kept."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem
from documents.sections import Section
from documents.words import Text

Table = Annotated[str, Text(r"^[A-Z][A-Za-z0-9]{1,59}$", "a table of Log Analytics, like AZKVAuditLogs")]

SIX_YEARS = 2192
"""Days of six calendar years with two leap days: 45 CFR 164.316(b)(2)(i), applied to audit records by policy."""

DATABASE_AUDIT = "database-audit"
"""The container that months of the database's audit trail move to when their time in the database is over."""

# learn.microsoft.com/azure/azure-monitor/logs/logs-data-export, unsupported tables: the rule is accepted and nothing
# arrives. StorageBlobLogs would log, and so export, the archive's own writes.
_NOT_EXPORTED = {
    "AzureDiagnostics": "Azure does not export it; let the resource log to a table of its own, or use a category",
    "AzureActivity": "Azure exports it in part only; use activityLog",
    "AlertHistory": "Azure does not export it",
    "StorageBlobLogs": "none: the archive's own writes would feed it without end",
}


class DirectSettings(Section):
    """Logs that go straight from their resource to the archive, past the workspace, its daily cap and its purge: where
    no table can be exported, and for the audit trail of the database. A container insights-logs-<category> for each."""

    front_door: list[Literal["FrontDoorAccessLog", "FrontDoorWebApplicationFirewallLog"]] = []
    """Requests and what the firewall did with them. Up to 1 KB a request."""
    database: list[Literal["PostgreSQLLogs", "PostgreSQLFlexSessions"]] = []
    """PostgreSQLLogs holds the pgaudit trail."""

    @property
    def categories(self) -> list[str]:
        """Every category, each of which has a container."""
        return [*self.front_door, *self.database]

    def problems(self) -> Iterator[Problem]:
        """A category is listed once."""
        for key, names in (("frontDoor", self.front_door), ("database", self.database)):
            if len(set(names)) != len(names):
                yield Problem(key, names, "every category once")


class ArchiveSettings(Section):
    """A storage account with one immutable (WORM) container for each source of audit records."""

    redundancy: Literal["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"] = "GZRS"
    """Copies: LRS one building, ZRS three zones, GRS and GZRS also the paired region, RA… readable there.
    $0.02 (LRS) to $0.06 (RAGZRS) a GB and month. Fewer copies later is a weakening that `assurance compare` names, and
    from three zones back to one building Azure refuses."""
    retention_days: Annotated[int, Field(ge=1, le=146000)] = SIX_YEARS
    """Days in which a record cannot be changed or deleted. 2192: six years, by policy."""
    delete_after_days: Annotated[int, Field(ge=2, le=146365)] = SIX_YEARS + 30
    """Days after which a record is deleted by itself; more than retentionDays."""
    soft_delete_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days in which a deleted record can be brought back."""
    lock: bool = False
    """Let `python -m deployment` lock the policies. IRREVERSIBLE: from then on nobody, Microsoft included, can shorten
    or remove them, and the account, its resource group and their cost stay until the last record is old enough."""
    tables: list[Table] = []
    """Log Analytics tables that are exported, a container am-<table> for each. About $0.10 a GB."""
    direct: DirectSettings = DirectSettings()
    """Logs that go straight from their resource to the archive."""
    activity_log: bool = False
    """The subscription's activity log. In one stack of a subscription is enough; Azure allows five settings."""

    def problems(self) -> Iterator[Problem]:
        """Nothing is deleted before it may be, nothing is listed twice, and everything listed arrives."""
        if self.delete_after_days <= self.retention_days:
            yield Problem("deleteAfterDays", self.delete_after_days, f"more than retentionDays ({self.retention_days})")
        for index, table in enumerate(self.tables):
            if table in _NOT_EXPORTED:
                yield Problem(f"tables[{index}]", table, _NOT_EXPORTED[table])
        if len({table.lower() for table in self.tables}) != len(self.tables):
            yield Problem("tables", self.tables, "every table once")
