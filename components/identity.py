"""User-assigned managed identities."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity


@dataclass(frozen=True, kw_only=True)
class IdentityOutputs:
    """What others need of an identity.

    id: ARM id (for ``identity`` blocks and key vault references); principal_id: object id (for grants);
    client_id: application id (for an app's ``AZURE_CLIENT_ID``).
    """

    id: pulumi.Output[str]
    principal_id: pulumi.Output[str]
    client_id: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """Arguments of `Identity`.

    identity_name: name in Azure, 3 to 128 characters.
    protect: refuse to delete it. Deleting an identity that unwraps a database's key makes the database unreachable,
    and one created again under the same name does not bring it back.
    """

    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    identity_name: pulumi.Input[str]
    protect: bool = False
    tags: dict[str, str] | None = None


class Identity(pulumi.ComponentResource):
    """One managed identity for one duty."""

    outputs: IdentityOutputs

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("medspasync:components:Identity", name, None, opts)
        identity = managedidentity.UserAssignedIdentity(
            name,
            resource_group_name=args.resource_group_name,
            location=args.location,
            resource_name_=args.identity_name,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect or None),
        )
        self.outputs = IdentityOutputs(id=identity.id, principal_id=identity.principal_id, client_id=identity.client_id)
        self.register_outputs(vars(self.outputs))
