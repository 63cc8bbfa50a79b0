"""The archive of audit records and its feeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.archive_feed import (
    ARCHIVED_CATEGORIES,
    EXPORTED_TABLES,
    ArchiveTarget,
    archive_activity_log,
    archive_categories,
    export_tables,
)
from components.audit_archive import AuditArchive, AuditArchiveArgs
from components.private_account import Expiry
from facts.log_containers import ACTIVITY_LOG_CONTAINER, category_container, table_container
from stacks.entries import leave_out, list_parts, name_entry, name_parts, stack_entry
from stacks.log_accounts import log_account
from stacks.outputs import Common, Network
from stacks.settings.archive import DATABASE_AUDIT, ArchiveSettings
from stacks.settings.jobs import DatabaseJobSettings
from stacks.vaults import EncryptionKey

ACTIVITY_CATEGORIES = ("Administrative", "Security", "Policy", "Alert", "ServiceHealth", "ResourceHealth")
"""Activity log categories worth six years: who changed what, what Azure reported. Autoscale and advice are not."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """What others need of the archive. id, name: of the account; retired: ARM id of the container of the database's
    retired months, where there is one."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    retired: pulumi.Output[str] | None


def containers(settings: ArchiveSettings, job: DatabaseJobSettings) -> list[str]:
    """Every container that something is written to: the feeds of these settings, and the database's job."""
    return [
        *(table_container(table) for table in settings.tables),
        *(category_container(category) for category in settings.direct.categories),
        *((ACTIVITY_LOG_CONTAINER,) if settings.activity_log else ()),
        *((DATABASE_AUDIT,) if job.image else ()),
    ]


def build_archive(
    settings: ArchiveSettings,
    job: DatabaseJobSettings,
    common: Common,
    network: Network,
    key: EncryptionKey,
    front_door_id: pulumi.Input[str],
    servers: Mapping[str, pulumi.Input[str]],
    tables: Sequence[pulumi.Resource] = (),
) -> Archive:
    """Build the account, a container for each source, and the feeds.

    job: whether there is one that moves retired months of the audit trail here.
    servers: ids of the database servers by part (``primary``, ``replica``).
    tables: of the workspace; Azure refuses an export that names one which is not there yet (Azure/azure-cli#17342).
    """
    with name_entry(stack_entry("archive")):
        archive = AuditArchive(
            "archive",
            AuditArchiveArgs(
                account=log_account(
                    "audit",
                    settings,
                    common,
                    network,
                    key,
                    # No cheaper tiers: Azure cannot move append blobs, which most records are, to one.
                    expiry=Expiry(name="delete-after-retention", days=settings.delete_after_days),
                ),
                containers=containers(settings, job),
                retention_days=settings.retention_days,
            ),
        )
        _feeds(settings, common, archive, front_door_id, servers, tables)
    made = archive.outputs
    return Archive(id=made.id, name=made.name, retired=made.containers.get(DATABASE_AUDIT))


def _feeds(
    settings: ArchiveSettings,
    common: Common,
    archive: AuditArchive,
    front_door_id: pulumi.Input[str],
    servers: Mapping[str, pulumi.Input[str]],
    tables: Sequence[pulumi.Resource],
) -> None:
    target = ArchiveTarget(account_id=archive.outputs.id, ready=archive.policies)
    if settings.tables:
        with name_parts(*list_parts("archive.tables", EXPORTED_TABLES, settings.tables)):
            export_tables(
                "archive",
                workspace_id=common.logs.workspace_id,
                tables=settings.tables,
                target=ArchiveTarget(account_id=target.account_id, ready=[*target.ready, *tables]),
                parent=archive,
            )
    direct: dict[str, tuple[pulumi.Input[str], Sequence[str]]] = {
        "front-door": (front_door_id, settings.direct.front_door)
    }
    direct |= {f"postgres-{part}": (server, settings.direct.database) for part, server in servers.items()}
    for source, (resource_id, categories) in direct.items():
        key = "archive.direct.frontDoor" if source == "front-door" else "archive.direct.database"
        if categories:
            with name_parts(*list_parts(key, ARCHIVED_CATEGORIES, categories)):
                archive_categories(
                    source, resource_id=resource_id, categories=categories, target=target, parent=archive
                )
    if settings.activity_log:
        with name_entry(stack_entry("archive.activityLog")):
            archive_activity_log(
                common.names.regional("archive"), categories=ACTIVITY_CATEGORIES, target=target, parent=archive
            )
    else:
        leave_out("false", stack_entry("archive.activityLog"))
