"""Long-term backup: what Azure Backup keeps of the database beyond its own 35 days."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem
from documents.sections import Section


class KeepSettings(Section):
    """How long weekly backups stay. Azure keeps a backup of a flexible server for ten years at most."""

    weekly_weeks: Annotated[int, Field(ge=1, le=520)] = 12
    """Weeks that every backup stays."""
    monthly_months: Annotated[int, Field(ge=0, le=120)] = 12
    """Months that the first backup of a month stays; 0: no longer than the others."""
    yearly_years: Annotated[int, Field(ge=0, le=10)] = 6
    """Years that the first backup of a year stays; 0: no longer than the others."""

    def problems(self) -> Iterator[Problem]:
        """A rarer generation must stay longer, or it means nothing."""
        weeks, months, years = self.weekly_weeks * 7, self.monthly_months * 30, self.yearly_years * 365
        if months and months <= weeks:
            yield Problem("monthlyMonths", self.monthly_months, f"0, or more than {self.weekly_weeks} weeks")
        if years and years <= max(weeks, months):
            yield Problem("yearlyYears", self.yearly_years, "0, or longer than the weekly and monthly backups")


class BackupSettings(Section):
    """An Azure Backup vault with a weekly backup of the database. About $5 a month for each server up to 250 GB, and
    $0.03 (LRS) to $0.06 (GRS) a GB that is kept."""

    enabled: bool = True
    """Whether there is a vault. Off where the data can be made again."""
    redundancy: Literal["LocallyRedundant", "ZoneRedundant", "GeoRedundant"] = "GeoRedundant"
    """Copies in one building, in three zones, or also in the paired region. Fixed once it holds a backup."""
    immutability: Literal["Disabled", "Unlocked", "Locked"] = "Unlocked"
    """Unlocked: no backup goes before its time, until somebody turns this off. Locked: IRREVERSIBLE, nobody can."""
    soft_delete: Literal["Off", "On", "AlwaysOn"] = "On"
    """Deleted backups can be brought back. AlwaysOn: IRREVERSIBLE."""
    soft_delete_days: Annotated[int, Field(ge=14, le=180)] = 14
    """Days in which a deleted backup can be brought back, 14 to 180; the first 14 are free."""
    start: datetime = datetime(2026, 1, 4, 3, tzinfo=UTC)
    """First weekly backup, UTC: fixes weekday and hour of all. Azure cannot change a policy: a new one replaces it."""
    keep: KeepSettings = KeepSettings()
    """How long backups stay."""

    def problems(self) -> Iterator[Problem]:
        """A time without a zone would be read differently by whoever reads it."""
        if self.start.utcoffset() is None or self.start.utcoffset() != UTC.utcoffset(None):
            yield Problem("start", self.start.isoformat(), "a time in UTC, for example 2026-01-04T03:00:00Z")
