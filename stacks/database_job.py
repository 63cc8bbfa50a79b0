"""The database jobs of the stack: bootstrap, apply, maintain, verify, each as the one identity whose duty it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pulumi
import yaml

from components.database_job import DatabaseJobs, DatabaseJobsArgs, Job, JobImage
from components.identity import IdentityOutputs
from stacks.database import Database
from stacks.foundation import DATABASE_BOOTSTRAP, DATABASE_MAINTENANCE, DATABASE_MIGRATION
from stacks.outputs import Common, Identities, Network
from stacks.settings.jobs import DATABASE_URL, app_role
from stacks.settings.model import Settings
from stacks.settings.origin import made_from, stack_entry

MIGRATOR = "medspasync_migrator"
MAINTAINER = "medspasync_maintainer"
PRINCIPALS = "principals.yaml"
MOUNT = "/run/database"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Debian's certificate authorities, in the image. Not ``system``: the OpenSSL inside psycopg looks elsewhere."""


def build_database_job(
    settings: Settings, common: Common, network: Network, identities: Identities, database: Database
) -> dict[str, pulumi.Output[str]]:
    """Build the jobs and return their ids by name (``bootstrap``, ``apply``, ``maintain``, ``verify``); none without
    an image."""
    job, registry = settings.database_job, settings.registry
    if job.image is None:
        return {}
    assert registry is not None, "cross_problems wants a registry for an image"
    with made_from(stack_entry("databaseJob")):
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
                    registry_id=pulumi.Output.format(
                        "/subscriptions/{0}/resourceGroups/{1}/providers/Microsoft.ContainerRegistry/registries/{2}",
                        common.subscription_id,
                        registry.resource_group,
                        registry.name,
                    ),
                ),
                cpu=job.cpu,
                jobs=_jobs(settings, common, identities, database),
                logs=common.logs,
                tags=dict(common.tags),
            ),
        )
    return dict(jobs.outputs.jobs)


def _jobs(settings: Settings, common: Common, identities: Identities, database: Database) -> list[Job]:
    job, duties = settings.database_job, identities.duties
    once = job.timeout_minutes * 60
    principals = _principals(settings, identities)
    # Named in the environment, so that a changed principal is a changed job, which the deployment runs again.
    checksum = principals.apply(lambda text: hashlib.sha256(text.encode()).hexdigest())

    def made(key: str, duty: str, role: str, *arguments: str, timeout_seconds: int, cron: str | None = None) -> Job:
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
        scheduled("maintain"),
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
    services |= {
        app_role(app): identities.apps[app]
        for app, app_settings in settings.apps.items()
        if DATABASE_URL in app_settings.secrets
    }
    people = settings.database_job.people

    def written(ids: Mapping[str, str]) -> str:
        entries = {role: {"object_id": object_id, "type": "service"} for role, object_id in ids.items()}
        entries |= {role: {"object_id": who.object_id, "type": who.type} for role, who in people.items()}
        return yaml.safe_dump(entries, sort_keys=True)

    return pulumi.Output.all(**{role: identity.principal_id for role, identity in services.items()}).apply(written)
