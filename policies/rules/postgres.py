"""PostgreSQL flexible servers; their parameters: postgres_parameters.py."""

import re
from collections.abc import Iterator

from policies.compare import same
from policies.resource import Resource
from policies.rule import must, rule, shown
from policies.view import Stack

SERVER = "dbforpostgresql:Server"
ADMINISTRATOR = "dbforpostgresql:AdministratorsMicrosoftEntra"

VERSIONLESS_KEY = re.compile(r"^https://[a-z0-9-]+\.vault\.azure\.net/keys/[A-Za-z0-9-]+/?$", re.IGNORECASE)


def is_primary(server: Resource, stack: Stack) -> bool:
    """Whether a server has backups, high availability and administrators of its own.

    A replica takes them from its source, which must be another server of the stack: the word alone makes none.
    """
    if not same(server.get("createMode"), "Replica"):
        return True
    return not any(source is not server for source in stack.targets(server, "sourceServerResourceId", SERVER))


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
