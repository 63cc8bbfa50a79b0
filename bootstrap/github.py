"""Identities that workflows sign in as, each trusting one exact subject."""

from collections.abc import Mapping

import pulumi
from pulumi_azure_native import managedidentity

from bootstrap.settings import ApplicationSettings, GitHubSettings
from bootstrap.shared import Shared
from components.identity import Identity, IdentityArgs, IdentityOutputs

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"
DUTY = "duty"
"""Tag that names what an identity is for; `assurance access` holds its rights to it."""


def subject(github: GitHubSettings, source: GitHubSettings | ApplicationSettings, environment: str) -> str:
    """What the token of a job of ``source``'s repository in ``environment`` says of itself.

    Source: GitHub, OpenID Connect reference, immutable subject claims (repositories made, renamed or moved since
    15 July 2026 name the ids of owner and repository; read 2026-11-29).
    """
    owner, name = github.owner, source.repository
    if github.subject == "ids":
        owner, name = f"{owner}@{github.owner_id}", f"{name}@{source.repository_id}"
    return f"repo:{owner}/{name}:environment:{environment}"


def workflow_identity(
    shared: Shared,
    github: GitHubSettings,
    name: str,
    duty: str,
    source: GitHubSettings | ApplicationSettings,
    environment: str,
) -> IdentityOutputs:
    """An identity that only jobs of one environment of the repository of ``source`` sign in as.

    Never a subject of pull requests: whoever can open one could sign in.
    """
    identity = Identity(
        f"identity-{name}",
        IdentityArgs(
            resource_group_name=shared.group,
            location=shared.location,
            identity_name=shared.name("id", name),
            protect=True,
            tags={**shared.tags, DUTY: duty},
        ),
    )
    managedidentity.FederatedIdentityCredential(
        f"credential-{name}",
        resource_group_name=shared.group,
        resource_name_=identity.outputs.id.apply(lambda arm_id: arm_id.rsplit("/", 1)[-1]),
        federated_identity_credential_resource_name=f"github-{environment}",
        issuer=ISSUER,
        subject=subject(github, source, environment),
        audiences=[AUDIENCE],
        opts=pulumi.ResourceOptions(parent=identity),
    )
    return identity.outputs


def export_clients(identities: Mapping[str, IdentityOutputs]) -> None:
    """Client ids, which GitHub's environments keep as the variable AZURE_CLIENT_ID; no secret."""
    pulumi.export("clientIds", {name: identity.client_id for name, identity in identities.items()})
