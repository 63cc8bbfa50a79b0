"""PostgreSQL flexible servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policies.compare import same
from policies.data import table
from policies.rule import at_least, must, must_have, rule, shown
from policies.view import Resource, Stack

SERVER = "dbforpostgresql:Server"
CONFIGURATION = "dbforpostgresql:Configuration"
ADMINISTRATOR = "dbforpostgresql:AdministratorsMicrosoftEntra"

AUDIT_CLASSES = {"read", "write", "function", "role", "ddl", "misc", "misc_set"}
"""What ``all`` stands for (github.com/pgaudit/pgaudit, README, pgaudit.log; read 2026-11-29)."""

VERSIONLESS_KEY = re.compile(r"^https://[a-z0-9-]+\.vault\.azure\.net/keys/[A-Za-z0-9-]+/?$", re.IGNORECASE)


def is_primary(server: Resource, stack: Stack) -> bool:
    """Whether a server has backups, high availability and administrators of its own.

    A replica takes them from its source, which must be another server of the stack: the word alone makes none.
    """
    if not same(server.get("createMode"), "Replica"):
        return True
    return not any(source is not server for source in stack.targets(server, "sourceServerResourceId", SERVER))


def audited(value: str) -> set[str]:
    """The classes that a value of pgaudit.log logs: read from left to right, ``-`` takes one away."""
    classes: set[str] = set()
    for word in (each.strip().lower() for each in value.split(",")):
        named = AUDIT_CLASSES if word.lstrip("-") == "all" else {word.lstrip("-")}
        classes = classes - named if word.startswith("-") else classes | named
    return classes


def parameters(server: Resource, stack: Stack) -> dict[str, str]:
    """The declared parameters of a server, by name."""
    return {
        str(item.get("configurationName")).lower(): str(item.get("value", ""))
        for item in stack.holders(server, "serverName", CONFIGURATION, by="serverName")
    }


def wrong_parameters(server: Resource, stack: Stack, group: str) -> Iterator[str]:
    """A violation for each parameter of ``group`` whose value, declared or the platform's default, is not allowed."""
    declared = parameters(server, stack)
    for name, row in table("postgres_parameters")[group].items():
        value = declared.get(name.lower(), row.get("default"))
        wanted = None if value is None else _wanted(name, value, row)
        if wanted:
            origin = "" if name.lower() in declared else " (the platform's default)"
            yield f"parameter {name} is {value or 'empty'}{origin}, must {wanted}"


def _wanted(name: str, value: str, row: Any) -> str:
    """What a value must be or do and does not; empty where it is right."""
    words = audited(value) if name == "pgaudit.log" else {word.strip().lower() for word in value.split(",")} - {""}
    if "allowed" in row and not same(value, *row["allowed"]):
        return f"be {' or '.join(sorted(row['allowed']))}"
    if missing := {item.lower() for item in row.get("includes", ())} - words:
        return f"include {', '.join(sorted(missing))}"
    if "only" in row and words - {item.lower() for item in row["only"]}:
        return f"hold only {', '.join(sorted(row['only']))}"
    if missing := {text for text in row.get("contains", ()) if text not in value}:
        return f"contain {', '.join(sorted(missing))}"
    least, most = row.get("least"), row.get("most")
    number = int(value) if value.strip().lstrip("-").isdigit() else None
    if (least is not None and (number is None or number < least)) or (most is not None and (number or 0) > most):
        return " and ".join(
            filter(None, [f"be {least} or more" if least else "", f"be {most} or less" if most else ""])
        )
    return ""


@rule(
    "PG-CMK",
    "The database is encrypted with a key of ours",
    on=SERVER,
    severity="critical",
    controls=["164.312(a)(2)(iv)"],
    remediation="Set dataEncryption with type AzureKeyVault, primaryKeyURI and primaryUserAssignedIdentityId; the mode "
    "is fixed when the server is created.",
    source="Azure Policy 'PostgreSQL flexible servers should use customer-managed keys'",
)
def customer_managed_key(server: Resource) -> Iterator[str]:
    yield from must(server, "dataEncryption.type", "AzureKeyVault")
    yield from must_have(server, "dataEncryption.primaryKeyURI", "dataEncryption.primaryUserAssignedIdentityId")


@rule(
    "PG-CMK-VERSIONLESS",
    "The database follows new versions of its keys",
    on=SERVER,
    severity="high",
    controls=["164.312(a)(2)(iv)", "164.308(a)(7)(ii)(C)"],
    remediation="Give the key's URI without a version (keyUri, not keyUriWithVersion).",
    source="MicrosoftDocs security-data-encryption: a versionless URI follows rotation automatically",
    where=lambda server: server.has("dataEncryption.primaryKeyURI"),
)
def versionless_key(server: Resource) -> Iterator[str]:
    for name in ("primaryKeyURI", "geoBackupKeyURI"):
        uri = server.get(f"dataEncryption.{name}")
        if uri is not None and not VERSIONLESS_KEY.match(str(uri)):
            yield f"dataEncryption.{name} is {uri}, must be a key URI without a version"


@rule(
    "PG-PRIVATE",
    "The database has no public address",
    on=SERVER,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Set network.delegatedSubnetResourceId, network.privateDnsZoneArmResourceId and publicNetworkAccess "
    "Disabled.",
    source="Azure Policy 'Public network access should be disabled for PostgreSQL flexible servers' (tests all three)",
)
def private_server(server: Resource) -> Iterator[str]:
    yield from must(server, "network.publicNetworkAccess", "Disabled")
    yield from must_have(server, "network.delegatedSubnetResourceId", "network.privateDnsZoneArmResourceId")


@rule(
    "PG-ENTRA-ONLY",
    "Only Entra identities sign in to the database; passwords are off",
    on=SERVER,
    severity="critical",
    controls=["164.312(d)", "164.312(a)(2)(i)", "164.308(a)(3)(ii)(C)"],
    remediation="Set authConfig.activeDirectoryAuth to Enabled and authConfig.passwordAuth to Disabled.",
    source="Azure Policy 'PostgreSQL flexible servers should have Entra-only authentication'; PSRule AZR-000389, 390",
)
def entra_only(server: Resource) -> Iterator[str]:
    yield from must(server, "authConfig.activeDirectoryAuth", "Enabled")
    yield from must(server, "authConfig.passwordAuth", "Disabled")


@rule(
    "PG-ADMINISTRATOR",
    "The database has an Entra administrator",
    on=SERVER,
    severity="high",
    controls=["164.312(a)(2)(ii)", "164.312(a)(2)(i)"],
    remediation="Declare an administrator by object id; without one nobody can create the database roles.",
    source="Azure Policy 'A Microsoft Entra administrator should be provisioned for PostgreSQL flexible servers'",
    where=is_primary,
)
def has_administrator(server: Resource, stack: Stack) -> Iterator[str]:
    if not stack.holders(server, "serverName", ADMINISTRATOR, by="serverName"):
        yield "no Entra administrator is declared for it"


@rule(
    "PG-HIGH-AVAILABILITY",
    "The database has a standby in another zone",
    on=SERVER,
    severity="high",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Set highAvailability.mode to ZoneRedundant; it needs a tier above Burstable.",
    source="PSRule AZR-000434",
    where=is_primary,
)
def high_availability(server: Resource) -> Iterator[str]:
    yield from must(server, "highAvailability.mode", "ZoneRedundant")


@rule(
    "PG-GEO-BACKUP",
    "Backups of the database are kept in the paired region too, under a key and identity there",
    on=SERVER,
    severity="high",
    controls=["164.308(a)(7)(ii)(A)", "164.308(a)(7)(ii)(B)", "164.310(d)(2)(iv)"],
    remediation="Set backup.geoRedundantBackup to Enabled and dataEncryption.geoBackupKeyURI with "
    "geoBackupUserAssignedIdentityId; all are fixed when the server is created.",
    source="Azure Policy 'Geo-redundant backup should be enabled for Azure Database for PostgreSQL'; PSRule AZR-000326",
    where=is_primary,
)
def geo_backup(server: Resource) -> Iterator[str]:
    yield from must(server, "backup.geoRedundantBackup", "Enabled")
    if same(server.get("backup.geoRedundantBackup"), "Enabled") and server.has("dataEncryption.primaryKeyURI"):
        for name in ("geoBackupKeyURI", "geoBackupUserAssignedIdentityId"):
            if not server.has(f"dataEncryption.{name}"):
                yield f"dataEncryption.{name} is not set: Azure refuses a geo-redundant backup without it"


@rule(
    "PG-BACKUP-DAYS",
    "The database can be restored to any moment of the last 14 days",
    on=SERVER,
    severity="medium",
    controls=["164.308(a)(7)(ii)(A)"],
    remediation="Set backup.backupRetentionDays to 14 or more (Azure allows 7 to 35).",
    source="policy choice: an error found after a fortnight's absence can still be undone",
    where=is_primary,
)
def backup_days(server: Resource) -> Iterator[str]:
    yield from at_least(server, "backup.backupRetentionDays", 14, "days")


@rule(
    "PG-TLS",
    "The database refuses connections without TLS 1.2",
    on=SERVER,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Leave require_secure_transport on and ssl_min_protocol_version at TLSv1.2 or newer.",
    source="Azure built-in policies on flexible-server parameters; platform defaults in postgres_parameters.yaml",
)
def tls_parameters(server: Resource, stack: Stack) -> Iterator[str]:
    yield from wrong_parameters(server, stack, "tls")


@rule(
    "PG-LOGGING",
    "The database logs connections, disconnections and checkpoints",
    on=SERVER,
    severity="high",
    controls=["164.312(b)", "164.308(a)(5)(ii)(C)"],
    remediation="Set log_connections, log_disconnections and log_checkpoints to on.",
    source="Azure built-in policies on flexible-server parameters; CIS PostgreSQL 3.1",
)
def logging_parameters(server: Resource, stack: Stack) -> Iterator[str]:
    yield from wrong_parameters(server, stack, "logging")


@rule(
    "PG-AUDIT",
    "pgaudit records role changes, schema changes and writes, and never the values",
    on=SERVER,
    severity="critical",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Allow-list and preload pgaudit, set pgaudit.log to at least role, ddl and write, and leave "
    "pgaudit.log_parameter off: it would put patients' data into the log.",
    source="Azure built-in policies on flexible-server parameters; CIS PostgreSQL 3.2; pgaudit README",
)
def audit_parameters(server: Resource, stack: Stack) -> Iterator[str]:
    yield from wrong_parameters(server, stack, "audit")


@rule(
    "PG-AUDIT-READS",
    "pgaudit records who reads patients' data",
    on=SERVER,
    severity="high",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Name the role whose tables' reads are recorded in pgaudit.role, or add read to pgaudit.log.",
    source="github.com/pgaudit/pgaudit, README: object audit logging; 45 CFR 164.312(b): recording of activity",
    where=is_primary,
)
def reads_audited(server: Resource, stack: Stack) -> Iterator[str]:
    declared = parameters(server, stack)
    if not declared.get("pgaudit.role") and "read" not in audited(declared.get("pgaudit.log", "none")):
        yield "neither pgaudit.role names a role nor does pgaudit.log include read"


@rule(
    "PG-PARAMETERS",
    "Every parameter that is declared is known, and no weaker than it may be",
    on=SERVER,
    severity="high",
    controls=["164.312(a)(1)", "164.312(b)", "164.312(a)(2)(iii)"],
    remediation="Give the parameter the value that the message names. A new parameter needs a row in "
    "policies/data/postgres_parameters.yaml, with what may be set and why.",
    source="policies/data/postgres_parameters.yaml; lists fail closed: one that nobody decided may be the worst",
)
def known_parameters(server: Resource, stack: Stack) -> Iterator[str]:
    yield from wrong_parameters(server, stack, "known")
    known = {name.lower() for group in table("postgres_parameters").values() for name in group}
    for name in sorted(parameters(server, stack).keys() - known):
        if stack.ours:
            yield f"nobody decided what parameter {name} may be"
        else:
            server.unknown.append(f"nobody decided what parameter {name} may be")


@rule(
    "PG-STATEMENTS",
    "What is kept of a statement holds no value: no parameter, plan or utility command, and no text in the log",
    on=SERVER,
    severity="high",
    controls=["164.312(a)(1)", "164.312(a)(2)(iv)"],
    remediation="Leave pg_qs.parameters_capture_mode, pg_qs.store_query_plans and pg_qs.emit_query_text at their "
    "defaults, and set track_utility of pg_qs and pg_stat_statements to off.",
    source="Microsoft Learn: query store, whose views everybody in the role public may read; platform defaults in "
    "postgres_parameters.yaml",
    where=is_primary,
)
def statement_parameters(server: Resource, stack: Stack) -> Iterator[str]:
    yield from wrong_parameters(server, stack, "statements")


@rule(
    "PG-MAINTENANCE-WINDOW",
    "The database is maintained at a time of our choice",
    on=SERVER,
    severity="low",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Set maintenanceWindow.customWindow to Enabled with a day and an hour.",
    source="PSRule AZR-000433",
    where=is_primary,
)
def maintenance_window(server: Resource) -> Iterator[str]:
    if not same(server.get("maintenanceWindow.customWindow"), "Enabled"):
        yield f"maintenanceWindow.customWindow is {shown(server.get('maintenanceWindow.customWindow'))}"
