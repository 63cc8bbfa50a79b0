"""The database jobs of the stack: bootstrap, apply, credentials, maintain, retire, verify, each as the one identity
whose duty it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pulumi
import yaml

from components.database_job import DatabaseJobs, DatabaseJobsArgs, Job, JobImage
from components.identity import IdentityOutputs
from components.key_vault import KeyVault
from components.role_assignment import STORAGE_BLOB_DATA_CONTRIBUTOR, assign_role
from stacks.archive import Archive
from stacks.catalogues.database_roles import app_role
from stacks.database import Database
from stacks.database_credentials import manifest
from stacks.entries import leave_out, name_entry, stack_entry
from stacks.foundation import DATABASE_BOOTSTRAP, DATABASE_MAINTENANCE, DATABASE_MIGRATION
from stacks.outputs import Common, Identities, Network
from stacks.registry import registry_id
from stacks.settings.archive import DATABASE_AUDIT
from stacks.settings.jobs import DATABASE_URL
from stacks.settings.model import Settings
from stacks.vaults import DATABASE_CREDENTIALS

MIGRATOR = "medspasync_migrator"
MAINTAINER = "medspasync_maintainer"
CREDENTIALS = "medspasync_credentials"
PRINCIPALS = "principals.yaml"
MOUNT = "/run/database"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Debian's certificate authorities, in the image. Not ``system``: the OpenSSL inside psycopg looks elsewhere."""


def build_database_job(
    settings: Settings,
    common: Common,
    network: Network,
    identities: Identities,
    database: Database,
    archive: Archive,
    vault: KeyVault | None,
) -> dict[str, pulumi.Output[str]]:
    """Build the jobs and return their ids by name (``bootstrap``, ``apply``, ``credentials``, ``maintain``,
    ``retire``, ``verify``); none without an image.

    archive: where ``retire`` moves what is past retention.
    vault: what ``credentials`` reads; without it there is no such job.
    """
    job, registry = settings.database_job, settings.registry
    if job.image is None:
        leave_out("it names no image", stack_entry("databaseJob"))
        return {}
    assert registry is not None, "cross_problems wants a registry for an image"
    with name_entry(stack_entry("databaseJob")):
        jobs = DatabaseJobs(
            "database-jobs",
            DatabaseJobsArgs(
                resource_group_name=common.groups["data"],
                location=common.location,
                environment_name=common.names.regional("cae", "jobs"),
                infrastructure_group=common.names.regional("rg", "jobs-infrastructure"),
                subnet_id=network.subnets["jobs"],
                zone_redundant=job.zone_redundant,
                image=JobImage(
                    reference=f"{registry.login_server}/{job.image.repository}@{job.image.digest}",
                    login_server=registry.login_server,
                    repository=job.image.repository,
                    registry_id=registry_id(registry, common),
                ),
                cpu=job.cpu,
                jobs=_jobs(settings, common, identities, database, archive, vault),
                logs=common.logs,
                tags=dict(common.tags),
            ),
        )
        assert archive.retired is not None, "stacks/archive.py makes the container where there is an image"
        assign_role(
            "database-jobs-retire-archive",
            scope=archive.retired,
            role_id=STORAGE_BLOB_DATA_CONTRIBUTOR,
            principal_id=identities.duties[DATABASE_MAINTENANCE].principal_id,
            parent=jobs,
            description="Moves retired months of the audit trail into this container, which lets nobody alter them.",
        )
    return dict(jobs.outputs.jobs)


def _jobs(
    settings: Settings,
    common: Common,
    identities: Identities,
    database: Database,
    archive: Archive,
    vault: KeyVault | None,
) -> list[Job]:
    job, duties = settings.database_job, identities.duties
    once = job.timeout_minutes * 60
    principals = _principals(settings, identities)
    # Named in the environment, so that a changed principal is a changed job, which the deployment runs again.
    checksum = principals.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())

    def made(
        key: str,
        duty: str,
        role: str,
        *arguments: str,
        timeout_seconds: int,
        cron: str | None = None,
        environment: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> Job:
        bootstrap = key == "bootstrap"
        return Job(
            key=key,
            job_name=common.names.regional("job", key),
            identity=duties[duty],
            command=["python", "-m", "database", key, *arguments],
            environment={
                "MEDSPASYNC_DSN": _dsn(database, role),
                "MEDSPASYNC_ENTRA": "true",
                **({"PRINCIPALS_SHA256": checksum} if bootstrap else {}),
                **(environment or {}),
            },
            files={PRINCIPALS: principals} if bootstrap else {},
            mount_path=MOUNT,
            timeout_seconds=timeout_seconds,
            cron=cron,
        )

    def scheduled(key: str) -> Job:
        plan = job.maintenance if key == "maintain" else job.verification
        # The report goes to the log as a whole: its chain heads are what an altered database is compared with.
        return made(
            key,
            DATABASE_MAINTENANCE,
            MAINTAINER,
            "--json",
            "-",
            timeout_seconds=plan.timeout_minutes * 60,
            cron=plan.cron,
        )

    retire = made(
        "retire",
        DATABASE_MAINTENANCE,
        MAINTAINER,
        timeout_seconds=job.retirement.timeout_minutes * 60,
        cron=job.retirement.cron,
        environment={
            # A name of Azure's public cloud, resolved to the account's private endpoint.
            "MEDSPASYNC_ARCHIVE": pulumi.Output.concat(
                "https://", archive.name, ".blob.core.windows.net/", DATABASE_AUDIT
            )
        },
    )

    def credentials(vault: KeyVault) -> Job:
        # Names and dates only. A rotation is another text, and so a changed job, which the deployment runs again.
        wanted = manifest(job, settings.vaults, settings.apps)
        return made(
            "credentials",
            DATABASE_CREDENTIALS,
            CREDENTIALS,
            timeout_seconds=job.credentials.timeout_minutes * 60,
            cron=job.credentials.cron,
            environment={"MEDSPASYNC_VAULT": vault.outputs.uri, "MEDSPASYNC_CREDENTIALS": wanted},
        )

    administrator = common.names.regional("id", DATABASE_BOOTSTRAP)
    return [
        made(
            "bootstrap",
            DATABASE_BOOTSTRAP,
            administrator,
            "--principals",
            f"{MOUNT}/{PRINCIPALS}",
            timeout_seconds=once,
        ),
        made("apply", DATABASE_MIGRATION, MIGRATOR, timeout_seconds=once),
        *([credentials(vault)] if vault is not None else []),
        scheduled("maintain"),
        retire,
        scheduled("verify"),
    ]


def _dsn(database: Database, role: str) -> pulumi.Output[str]:
    """Past PgBouncer, which keeps no session; no credential: the token is the password."""
    return pulumi.Output.format(
        "host={0} port={1} dbname={2} user={3} sslmode=verify-full sslrootcert={4}",
        database.host,
        database.direct_port,
        database.database,
        role,
        AUTHORITIES,
    )


def _principals(settings: Settings, identities: Identities) -> pulumi.Output[str]:
    """Which Entra object signs in as which role, as `python -m database bootstrap --principals` reads it."""
    services: dict[str, IdentityOutputs] = {
        MIGRATOR: identities.duties[DATABASE_MIGRATION],
        MAINTAINER: identities.duties[DATABASE_MAINTENANCE],
    }
    if DATABASE_CREDENTIALS in identities.duties:
        services[CREDENTIALS] = identities.duties[DATABASE_CREDENTIALS]
    apps = [app for app, app_settings in settings.apps.items() if DATABASE_URL in app_settings.secrets]
    by_password = settings.database.app_authentication == "password"
    services |= {} if by_password else {app_role(app): identities.apps[app] for app in apps}
    people = settings.database_job.people

    def written(ids: Mapping[str, str]) -> str:
        entries = {role: {"object_id": object_id, "type": "service"} for role, object_id in ids.items()}
        entries |= {app_role(app): {"type": "password"} for app in apps} if by_password else {}
        entries |= {role: {"object_id": who.object_id, "type": who.type} for role, who in people.items()}
        return yaml.safe_dump(entries, sort_keys=True)

    return pulumi.Output.all(**{role: identity.principal_id for role, identity in services.items()}).apply(written)
