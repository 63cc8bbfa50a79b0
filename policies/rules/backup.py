"""Backup vaults."""

from collections.abc import Iterator
from datetime import timedelta

from documents.durations import days
from policies.compare import measured, same
from policies.resource import UNKNOWN, Resource, lookup
from policies.rule import rule
from policies.rules.floor import of_primary
from policies.rules.postgres import SERVER
from policies.view import Stack

VAULT, INSTANCE = "dataprotection:BackupVault", "dataprotection:BackupInstance"
POLICY = "dataprotection:BackupPolicy"
_RULES, _RETENTION = "properties.policyRules", "AzureRetentionRule"
_KEPT = f"{_RULES}[].lifecycles[].deleteAfter.duration"
_MARKS = f"{_RULES}[].trigger.taggingCriteria[]"


@rule(
    "BAK-REDUNDANT",
    "Backups survive the loss of a region",
    on=VAULT,
    severity="medium",
    controls=["164.308(a)(7)(ii)(B)", "164.310(d)(2)(iv)"],
    remediation="Set properties.storageSettings[].type to GeoRedundant.",
    source="PSRule AZR-000170 (the same for the older vaults)",
)
def redundant(vault: Resource) -> Iterator[str]:
    kinds = set(vault.leaves("properties.storageSettings[].type"))
    vault.seen["properties.storageSettings[].type"] = ", ".join(sorted(map(str, kinds))) or None
    if not kinds or not all(same(kind, "GeoRedundant") for kind in kinds):
        yield f"properties.storageSettings keep it {', '.join(sorted(map(str, kinds))) or 'nowhere'}"


@rule(
    "BAK-POLICY",
    "A backup policy makes full backups on a schedule, into the vault, and keeps each",
    on=POLICY,
    severity="high",
    controls=["164.308(a)(7)(ii)(A)", "164.316(b)(2)(i)"],
    remediation="Give the policy a rule with backupType Full and a repeating interval of at most a week, and keep each "
    "backup for 28 days or more; give every tag of taggingCriteria, the default among them, a retention rule.",
    source="requirement S15; learn.microsoft.com/azure/backup/backup-azure-database-postgresql-flex-overview (weekly, "
    "full, vault-standard tier)",
)
def policy(policy_: Resource, stack: Stack) -> Iterator[str]:
    kinds = set(policy_.leaves("properties.policyRules[].backupParameters.backupType"))
    if not any(same(kind, "Full") for kind in kinds):
        yield "no rule of it makes a full backup"
    intervals = list(policy_.leaves("properties.policyRules[].trigger.schedule.repeatingTimeIntervals[]"))
    begun = f"{stack.today + timedelta(days=31):%Y-%m-%d}"
    if not any(_repeats(str(text), begun) for text in intervals):
        yield "no schedule of it that has begun repeats within a week, for ever"
    kept = list(policy_.leaves(_KEPT))
    if not kept or min(measured(text, days) for text in kept) < 28:
        yield f"it keeps a backup for {', '.join(map(str, kept)) or 'no time that it names'}, must be 28 days or more"
    yield from _unkept(policy_)


def _unkept(policy_: Resource) -> Iterator[str]:
    """Marks without a time that they are kept for, and times that no backup is marked for; the default among both."""
    marks = set(policy_.leaves(f"{_MARKS}.tagInfo.tagName"))
    kept = {lookup(each, "name") for each in policy_.each(_RULES) if same(lookup(each, "objectType"), _RETENTION)}
    defaults = list(policy_.leaves(f"{_MARKS}.isDefault"))
    if UNKNOWN in marks or UNKNOWN in defaults:
        policy_.unknown.append("how backups are marked can't be known during preview")
        return
    for name in sorted(map(str, marks - kept)):
        yield f"backups marked {name} are kept for no time that it names"
    for name in sorted(map(str, kept - marks)):
        yield f"it marks no backup {name}, so that none is kept for that long"
    if True not in defaults:
        yield "it does not mark a backup that no generation takes"


@rule(
    "BAK-SIX-YEARS",
    "A backup whose database may hold patients' data is kept for six years, one a year",
    on=POLICY,
    severity="medium",
    controls=["164.316(b)(2)(i)", "164.308(a)(7)(ii)(A)"],
    remediation="Give the policy a retention rule of P6Y or more, for the first backup of each year.",
    source="policy choice: six years, as 164.316(b)(2)(i) asks for documentation; requirement S15",
    where=lambda _, stack: any(of_primary(server, stack) for server in stack.by_type(SERVER)),
)
def six_years(policy_: Resource) -> Iterator[str]:
    kept = [measured(text, days) for text in policy_.leaves(_KEPT)]
    if max(kept, default=0) < 6 * 365:
        yield f"it keeps no backup for six years: the longest is {max(kept, default=0)} days"


def _repeats(interval: str, begun: str) -> bool:
    """Whether a repeating interval (``R/start/every``) has no last time, has begun by a day, and is a week or less."""
    parts = interval.split("/")
    if len(parts) != 3:
        return False
    return parts[0].upper() == "R" and parts[1][:10] <= begun and 0 < measured(parts[-1], days) <= 7
