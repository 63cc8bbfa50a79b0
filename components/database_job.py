"""Container jobs inside a virtual network, for work on a database that only the network reaches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import app

from components.app_service import PULL
from components.component import Component, Placed
from components.diagnostics import LogDestination, diagnose
from components.identity import IdentityOutputs
from components.role_assignment import assign_role
from components.role_conditions import only_this_repository

PROFILE = "Consumption"
"""The workload profile that costs nothing while no job runs."""


@dataclass(frozen=True, kw_only=True)
class JobImage:
    """Where the jobs' image comes from.

    reference: ``registry/repository@sha256:…``; repository: the part of it; login_server: the registry's host name;
    registry_id: its ARM id.
    """

    reference: str
    login_server: str
    repository: str
    registry_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job.

    key: short name, part of the logical resource names. job_name: 2 to 32 lower-case letters, digits and hyphens.
    identity: whom it works as, and who pulls the image. Jobs that share one name it alike.
    command: what runs in the container.
    environment: plain variables; there is no way to give a secret, none is needed with managed identities.
    files: content by file name, mounted read-only under ``mount_path``.
    cron: when it runs, in UTC (``minute hour day month weekday``); None: only when started.
    timeout_seconds: after which a run is stopped and counts as failed.
    """

    key: str
    job_name: str
    identity: IdentityOutputs
    command: Sequence[str]
    environment: Mapping[str, pulumi.Input[str]]
    timeout_seconds: int
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    mount_path: str = "/run/files"
    cron: str | None = None


@dataclass(frozen=True, kw_only=True)
class DatabaseJobsArgs(Placed):
    """Arguments of `DatabaseJobs`.

    subnet_id: delegated to Microsoft.App/environments, /27 or larger. infrastructure_group: name of the resource group
    that Azure makes for the environment's load balancer. zone_redundant: spread over zones; both are fixed at creation.
    cpu: cores of a run, 0.25 to 4 in quarters; memory is 2 GiB a core, as Azure pairs them.
    """

    environment_name: str
    infrastructure_group: str
    subnet_id: pulumi.Input[str]
    zone_redundant: bool
    image: JobImage
    cpu: float
    jobs: Sequence[Job]
    logs: LogDestination


@dataclass(frozen=True, kw_only=True)
class DatabaseJobsOutputs:
    """jobs: ARM ids by key."""

    jobs: Mapping[str, pulumi.Output[str]]


class DatabaseJobs(Component[DatabaseJobsArgs, DatabaseJobsOutputs]):
    """An environment without any way in, and jobs in it that work as managed identities.

    Who may start a job may also give it another image for that run, and so work as its identity: only the deployment's
    identity should be allowed to (``Microsoft.App/jobs/start/action``).
    """

    def _declare(self, name: str, args: DatabaseJobsArgs) -> DatabaseJobsOutputs:
        environment = app.ManagedEnvironment(
            name,
            **args.place,
            environment_name=args.environment_name,
            infrastructure_resource_group=args.infrastructure_group,
            vnet_configuration=app.VnetConfigurationArgs(infrastructure_subnet_id=args.subnet_id, internal=True),
            public_network_access=app.PublicNetworkAccess.DISABLED,
            zone_redundant=args.zone_redundant,
            workload_profiles=[app.WorkloadProfileArgs(name=PROFILE, workload_profile_type=PROFILE)],
            # Through a diagnostic setting: the other destination, log-analytics, takes the workspace's shared key.
            app_logs_configuration=app.AppLogsConfigurationArgs(destination="azure-monitor"),
            peer_authentication=app.ManagedEnvironmentPeerAuthenticationArgs(mtls=app.MtlsArgs(enabled=True)),
            peer_traffic_configuration=app.ManagedEnvironmentPeerTrafficConfigurationArgs(
                encryption=app.ManagedEnvironmentEncryptionArgs(enabled=True)
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        diagnose(name, environment.id, args.logs, parent=self)
        pulls = self._pulls(name, args)
        jobs = {job.key: self._job(name, args, job, environment, pulls) for job in args.jobs}
        return DatabaseJobsOutputs(jobs={key: made.id for key, made in jobs.items()})

    def _pulls(self, name: str, args: DatabaseJobsArgs) -> list[pulumi.Resource]:
        """The right to pull, once for each identity: a first pull without it fails."""
        identities: list[tuple[str, IdentityOutputs]] = []
        for job in args.jobs:
            if all(job.identity is not known for _, known in identities):
                identities.append((job.key, job.identity))
        return [
            assign_role(
                f"{name}-{key}-pull",
                scope=args.image.registry_id,
                role_id=PULL,
                principal_id=identity.principal_id,
                parent=self,
                condition=only_this_repository(args.image.repository, writes=False),
            )
            for key, identity in identities
        ]

    def _job(
        self,
        name: str,
        args: DatabaseJobsArgs,
        job: Job,
        environment: app.ManagedEnvironment,
        pulls: Sequence[pulumi.Resource],
    ) -> app.Job:
        once = {"parallelism": 1, "replica_completion_count": 1}
        return app.Job(
            f"{name}-{job.key}",
            **args.place,
            job_name=job.job_name,
            environment_id=environment.id,
            workload_profile_name=PROFILE,
            identity=app.ManagedServiceIdentityArgs(
                type=app.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[job.identity.id]
            ),
            configuration=app.JobConfigurationArgs(
                trigger_type=app.TriggerType.SCHEDULE if job.cron else app.TriggerType.MANUAL,
                manual_trigger_config=None if job.cron else app.JobConfigurationManualTriggerConfigArgs(**once),
                schedule_trigger_config=(
                    app.JobConfigurationScheduleTriggerConfigArgs(cron_expression=job.cron, **once)
                    if job.cron
                    else None
                ),
                replica_timeout=job.timeout_seconds,
                replica_retry_limit=0,
                registries=[app.RegistryCredentialsArgs(server=args.image.login_server, identity=job.identity.id)],
                # A job mounts files from its secrets only; these are none, but are kept as such.
                secrets=[
                    app.SecretArgs(name=_secret_name(file), value=pulumi.Output.secret(content))
                    for file, content in job.files.items()
                ],
            ),
            template=app.JobTemplateArgs(
                containers=[
                    app.ContainerArgs(
                        name=job.key,
                        image=args.image.reference,
                        command=list(job.command),
                        env=[app.EnvironmentVarArgs(name=key, value=value) for key, value in job.environment.items()]
                        # Which of a job's identities the code signs in as.
                        + [app.EnvironmentVarArgs(name="AZURE_CLIENT_ID", value=job.identity.client_id)],
                        resources=app.ContainerResourcesArgs(cpu=args.cpu, memory=f"{2 * args.cpu:g}Gi"),
                        volume_mounts=(
                            [app.VolumeMountArgs(volume_name="files", mount_path=job.mount_path)] if job.files else []
                        ),
                    )
                ],
                volumes=[_volume(job)] if job.files else [],
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(pulls)),
        )


def _volume(job: Job) -> app.VolumeArgs:
    return app.VolumeArgs(
        name="files",
        storage_type=app.StorageType.SECRET,
        secrets=[app.SecretVolumeItemArgs(secret_ref=_secret_name(file), path=file) for file in job.files],
    )


def _secret_name(file: str) -> str:
    """Names of a job's secrets hold lower-case letters, digits and hyphens."""
    return file.lower().replace(".", "-").replace("_", "-")
