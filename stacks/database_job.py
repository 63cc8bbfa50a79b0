"""The database jobs of the stack: bootstrap, apply, credentials, maintain, retire, verify, each as the one identity
whose duty it is."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from stacks.settings.jobs import DATABASE_URL, ScheduleSettings
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
                **common.place("data"),
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


@dataclass(frozen=True)
class _Jobs:
    """What all jobs of the stack have in common."""

    common: Common
    identities: Identities
    database: Database

    def make(
        self,
        key: str,
        duty: str,
        role: str,
        minutes: int,
        *,
        cron: str | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, pulumi.Input[str]] | None = None,
        files: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> Job:
        """A run of ``python -m database KEY``. minutes: after which it is stopped; cron: none, only when started."""
        return Job(
            key=key,
            job_name=self.common.names.regional("job", key),
            identity=self.identities.duties[duty],
            command=["python", "-m", "database", key, *arguments],
            environment={
                "MEDSPASYNC_DSN": _dsn(self.database, role),
                "MEDSPASYNC_ENTRA": "true",
                **(environment or {}),
            },
            files=files or {},
            mount_path=MOUNT,
            timeout_seconds=minutes * 60,
            cron=cron,
        )

    def on_schedule(
        self,
        key: str,
        schedule: ScheduleSettings,
        duty: str = DATABASE_MAINTENANCE,
        role: str = MAINTAINER,
        **more: Any,
    ) -> Job:
        """A job that runs by itself. more: as of `make`."""
        return self.make(key, duty, role, schedule.timeout_minutes, cron=schedule.cron, **more)


def _jobs(
    settings: Settings,
    common: Common,
    identities: Identities,
    database: Database,
    archive: Archive,
    vault: KeyVault | None,
) -> list[Job]:
    job, jobs = settings.database_job, _Jobs(common, identities, database)
    principals = _principals(settings, identities)
    made = [
        jobs.make(
            "bootstrap",
            DATABASE_BOOTSTRAP,
            common.names.regional("id", DATABASE_BOOTSTRAP),
            job.timeout_minutes,
            arguments=["--principals", f"{MOUNT}/{PRINCIPALS}"],
            # So that a changed principal is a changed job, which the deployment runs again.
            environment={"PRINCIPALS_SHA256": principals.apply(_checksum)},
            files={PRINCIPALS: principals},
        ),
        jobs.make("apply", DATABASE_MIGRATION, MIGRATOR, job.timeout_minutes),
    ]
    if vault is not None:
        # Names and dates only. A rotation is another text, and so a changed job, which the deployment runs again.
        wanted = manifest(job, settings.vaults, settings.apps)
        environment = {"MEDSPASYNC_VAULT": vault.outputs.uri, "MEDSPASYNC_CREDENTIALS": wanted}
        made.append(
            jobs.on_schedule("credentials", job.credentials, DATABASE_CREDENTIALS, CREDENTIALS, environment=environment)
        )
    # The report goes to the log as a whole: its chain heads are what an altered database is compared with.
    report = ["--json", "-"]
    # A name of Azure's public cloud, resolved to the account's private endpoint.
    blobs = pulumi.Output.concat("https://", archive.name, ".blob.core.windows.net/", DATABASE_AUDIT)
    return [
        *made,
        jobs.on_schedule("maintain", job.maintenance, arguments=report),
        jobs.on_schedule("retire", job.retirement, environment={"MEDSPASYNC_ARCHIVE": blobs}),
        jobs.on_schedule("verify", job.verification, arguments=report),
    ]


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


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
    others = {app_role(app): {"type": "password"} for app in apps} if by_password else {}
    others |= {
        role: {"object_id": person.object_id, "type": person.type}
        for role, person in settings.database_job.people.items()
    }
    return pulumi.Output.all(**{role: identity.principal_id for role, identity in services.items()}).apply(
        lambda ids: yaml.safe_dump(
            {role: {"object_id": object_id, "type": "service"} for role, object_id in ids.items()} | others
        )
    )
