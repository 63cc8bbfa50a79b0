"""Who previews, and who deploys each environment: one identity each, with what that takes and no more."""

from collections.abc import Mapping

import pulumi

from bootstrap.duties import BELOW, DEPLOYS, GIVES, NEVER, READS
from bootstrap.github import workflow_identity
from bootstrap.settings import PREVIEW, EnvironmentSettings, Settings
from bootstrap.shared import Shared
from components.custom_role import CustomRole, CustomRoleArgs, custom_role_id
from components.identity import IdentityOutputs
from components.role_assignment import assign_role
from components.role_conditions import only_these_roles, only_this_repository
from facts.roles import role_id

RBAC_ADMINISTRATOR = "Role Based Access Control Administrator"
PULLS = ("Container Registry Repository Reader",)


def build_deployers(
    shared: Shared,
    settings: Settings,
    *,
    containers: Mapping[str, pulumi.Output[str]],
    keys: Mapping[str, pulumi.Output[str]],
    registry_id: pulumi.Output[str],
) -> Mapping[str, IdentityOutputs]:
    """Identities by the GitHub environment whose jobs sign in as them.

    containers, keys: ids by stack.
    """
    decrypt = CustomRole(
        "role-decrypt",
        CustomRoleArgs(
            scope=shared.group_id,
            role_name=shared.name("role", "decrypt-state"),
            description="Decrypt with a key: what reading, and writing, the secrets of a stack takes.",
            actions=[],
            data_actions=["Microsoft.KeyVault/vaults/keys/read", "Microsoft.KeyVault/vaults/keys/decrypt/action"],
        ),
    )
    github = settings.github
    preview = workflow_identity(shared, github, PREVIEW, PREVIEW, github, PREVIEW)
    deployers = {
        name: workflow_identity(shared, github, f"deploy-{name}", "deploy", github, name)
        for name in settings.environments
    }
    subscriptions = dict.fromkeys(environment.subscription for environment in settings.environments.values())
    for number, subscription in enumerate(subscriptions, start=1):
        _may_read(shared, subscription, preview, str(number))
    for name, environment in settings.environments.items():
        identity = deployers[name]
        _may_deploy(shared, name, environment, identity)
        assign_role(
            f"deploy-{name}-pulls",
            scope=registry_id,
            role_id=role_id(RBAC_ADMINISTRATOR),
            principal_id=identity.principal_id,
            description="Gives apps and database jobs the right to pull their images, and no other right.",
            condition=only_these_roles([role_id(pull) for pull in PULLS]),
        )
        for duty, decrypts, whom, role, what in (
            (f"deploy-{name}", name, identity, "Storage Blob Data Contributor", "Reads, writes and locks the state."),
            (f"preview-{name}", f"preview-{name}", preview, "Storage Blob Data Reader", "Reads the state."),
        ):
            assign_role(
                f"{duty}-state",
                scope=containers[name],
                role_id=role_id(role),
                principal_id=whom.principal_id,
                description=what,
            )
            decrypt.give(
                f"decrypt-{decrypts}",
                scope=keys[name],
                principal_id=whom.principal_id,
                description=f"Reads the secrets of {name} in its state and stack file.",
            )
    if settings.registry.images:
        assign_role(
            "deploy-pushes",
            scope=registry_id,
            role_id=role_id("Container Registry Repository Writer"),
            principal_id=deployers[settings.registry.pushes_from].principal_id,
            description="Pushes the platform's own images, which this repository builds.",
            condition=only_this_repository(*settings.registry.images, writes=True),
        )
    return {PREVIEW: preview, **deployers}


def _may_read(shared: Shared, subscription: str, identity: IdentityOutputs, part: str) -> None:
    scope = f"/subscriptions/{subscription}"
    assign_role(
        f"preview-reads-{part}",
        scope=scope,
        role_id=role_id("Reader"),
        principal_id=identity.principal_id,
        description="A preview reads what is deployed, to say what would change.",
    )
    CustomRole(
        f"role-preview-{part}",
        CustomRoleArgs(
            scope=scope,
            role_name=shared.name("role", f"preview-{part}"),
            description="What a refresh asks by POST, which Reader does not allow.",
            actions=READS,
        ),
    ).give(
        f"preview-asks-{part}",
        scope=scope,
        principal_id=identity.principal_id,
        description="A refresh reads app settings by an action.",
    )


def _may_deploy(shared: Shared, name: str, environment: EnvironmentSettings, identity: IdentityOutputs) -> None:
    """Everything below the types that the platform is made of; rights and locks by exact operations."""
    scope = f"/subscriptions/{environment.subscription}"
    defines = ("Microsoft.Authorization/roleDefinitions/write", "Microsoft.Authorization/roleDefinitions/delete")
    CustomRole(
        f"role-deploy-{name}",
        CustomRoleArgs(
            scope=scope,
            role_name=shared.name("role", f"deploy-{name}"),
            description="What `pulumi up` and `python -m deployment` of this stack take.",
            actions=[*DEPLOYS, *(defines if environment.custom_roles else ())],
            below=BELOW,
            never=NEVER,
        ),
    ).give(
        f"deploy-{name}",
        scope=scope,
        principal_id=identity.principal_id,
        description="Makes the resource groups of the stack and what is in them, which no narrower scope allows.",
    )
    given = [role_id(role) for role in GIVES]
    if environment.custom_roles:
        given.append(custom_role_id(f"role-{shared.short}-{name}-firewall-address-blocker"))
    assign_role(
        f"deploy-{name}-gives",
        scope=scope,
        role_id=role_id(RBAC_ADMINISTRATOR),
        principal_id=identity.principal_id,
        description="Gives the stack's own identities the roles of their duties, and no other.",
        condition=only_these_roles(given),
    )
