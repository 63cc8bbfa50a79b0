"""User-assigned managed identities."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import managedidentity

from components.component import Component, Placed


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
class IdentityArgs(Placed):
    """Arguments of `Identity`.

    identity_name: name in Azure, 3 to 128 characters.
    protect: refuse to delete it. Deleting an identity that unwraps a database's key makes the database unreachable,
    and one created again under the same name does not bring it back.
    """

    identity_name: pulumi.Input[str]
    protect: bool = False


class Identity(Component[IdentityArgs, IdentityOutputs]):
    """One managed identity for one duty."""

    def _declare(self, name: str, args: IdentityArgs) -> IdentityOutputs:
        identity = managedidentity.UserAssignedIdentity(
            name,
            **args.place,
            resource_name_=args.identity_name,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect or None),
        )
        return IdentityOutputs(id=identity.id, principal_id=identity.principal_id, client_id=identity.client_id)
