"""Builds everything that the platform needs before its first `up`."""

from dataclasses import replace

import pulumi
from pulumi_azure_native import authorization, resources

from bootstrap.alarms import LOGS, Alarms
from bootstrap.deployers import build_deployers
from bootstrap.github import export_clients
from bootstrap.images import build_registry
from bootstrap.network import build_network
from bootstrap.releasers import build_releasers
from bootstrap.settings import Settings
from bootstrap.shared import KEPT, Shared
from bootstrap.sign_in import build_registration
from bootstrap.state_keys import build_keys
from bootstrap.state_store import build_state_store
from bootstrap.tenant_logs import export_tenant_logs
from components.diagnostics import LogDestination
from components.observability import WorkspaceArgs, log_workspace
from components.role_assignment import STORAGE_BLOB_DATA_CONTRIBUTOR, assign_role
from facts.resource_providers import providers_to_register
from facts.roles import role_id

TABLES = (
    "AZKVAuditLogs",
    "AuditLogs",
    "AADManagedIdentitySignInLogs",
    "AADNonInteractiveUserSignInLogs",
    "AADServicePrincipalSignInLogs",
    "ContainerRegistryLoginEvents",
    "ContainerRegistryRepositoryEvents",
    "LAQueryLogs",
    "SigninLogs",
    "StorageBlobLogs",
)
"""Tables that say who did what."""


def build(settings: Settings, stack: str) -> None:
    """Make it. stack: the name of this program's own stack, whose state is kept beside the others."""
    shared = _place(settings)
    if settings.reach.network is not None:
        access, runners = build_network(shared, settings.reach.network)
        shared = replace(shared, access=access)
        pulumi.export("runnerSubnet", runners)
    stacks = [stack, *settings.environments]
    account, containers = build_state_store(shared, stacks)
    vault, keys = build_keys(shared, settings.keys, stacks)
    registry = build_registry(shared, settings.registry)
    _let_people_in(settings, account, vault, registry)
    identities = build_deployers(shared, settings, containers=containers, keys=keys, registry_id=registry)
    releases = build_releasers(shared, settings, registry)
    export_clients({**identities, **{f"release-{name}": each for name, each in releases.items()}})
    registrations = {name: build_registration(shared, name, each) for name, each in settings.sign_in.items()}
    pulumi.export("signInClientIds", registrations)
    pulumi.export("resourceProviders", providers_to_register())


def _place(settings: Settings) -> Shared:
    platform = settings.platform
    tags = {
        "owner": platform.owner,
        "cost-center": platform.cost_center,
        "environment": "shared",
        "workload": platform.short,
    }
    group = resources.ResourceGroup(
        "shared",
        resource_group_name=platform.resource_group,
        location=platform.location,
        tags=tags,
        opts=pulumi.ResourceOptions(protect=True),
    )
    logs = settings.logs
    workspace, _ = log_workspace(
        "logs",
        WorkspaceArgs(
            resource_group_name=group.name,
            location=platform.location,
            workspace_name=f"log-{platform.short}-shared",
            retention_days=logs.retention_days,
            total_retention_days=dict.fromkeys(TABLES, logs.total_retention_days),
            protection=KEPT,
            tags=tags,
        ),
    )
    alarms = Alarms(platform, group.name, logs.receivers, tags)
    alarms.watch("logs", LOGS, workspace.id)
    if logs.tenant:
        export_tenant_logs(workspace.id, logs)
    return Shared(
        short=platform.short,
        suffix=platform.suffix,
        group=group.name,
        group_id=group.id,
        location=platform.location,
        tenant=authorization.get_client_config_output().tenant_id,
        tags=tags,
        logs=LogDestination(workspace_id=workspace.id),
        access={},
        alarms=alarms,
    )


def _let_people_in(
    settings: Settings, account: pulumi.Output[str], vault: pulumi.Output[str], registry: pulumi.Output[str]
) -> None:
    """People who make stacks, and who come in when no workflow can (docs/runbooks/break-glass.md)."""
    rights = {
        "state": (account, STORAGE_BLOB_DATA_CONTRIBUTOR, "Makes stacks, mends a state and takes away a lost lock."),
        "keys": (vault, role_id("Key Vault Crypto User"), "Makes stacks: encrypts their data keys."),
        "images": (
            registry,
            role_id("Container Registry Repository Writer"),
            "Pushes the first images, before any app does.",
        ),
    }
    for name, (scope, role, why) in rights.items():
        assign_role(
            f"people-{name}",
            scope=scope,
            role_id=role,
            principal_id=settings.platform.administrators,
            principal_type=authorization.PrincipalType.GROUP,
            description=why,
        )
