"""App registrations of staff-facing apps: who signs in there comes back to these hosts, and to no other."""

import pulumi
import pulumi_azuread as azuread

from bootstrap.github import AUDIENCE
from bootstrap.settings import SignInSettings
from bootstrap.shared import Shared

CALLBACK = "/.auth/login/aad/callback"
"""Where App Service Authentication takes the answer (learn.microsoft.com/azure/app-service/
configure-authentication-provider-aad)."""


def build_registration(shared: Shared, name: str, sign_in: SignInSettings) -> pulumi.Output[str]:
    """The registration's client id. It has no secret: the app's managed identity stands in for one."""
    registration = azuread.Application(
        f"sign-in-{name}",
        display_name=f"{shared.short} {name}",
        sign_in_audience="AzureADMyOrg",
        prevent_duplicate_names=True,
        web=azuread.ApplicationWebArgs(
            redirect_uris=[f"https://{host}{CALLBACK}" for host in sign_in.hosts],
            implicit_grant=azuread.ApplicationWebImplicitGrantArgs(
                access_token_issuance_enabled=False,
                # App Service asks for an id token beside the code (the same page).
                id_token_issuance_enabled=True,
            ),
        ),
        group_membership_claims=["SecurityGroup"],
        service_management_reference=None,
    )
    azuread.ServicePrincipal(
        f"sign-in-{name}",
        client_id=registration.client_id,
        # Nobody signs in who was not assigned.
        app_role_assignment_required=True,
    )
    if sign_in.identity is not None:
        azuread.ApplicationFederatedIdentityCredential(
            f"sign-in-{name}",
            application_id=registration.id,
            display_name="managed-identity-of-the-app",
            issuer=pulumi.Output.concat("https://login.microsoftonline.com/", shared.tenant, "/v2.0"),
            subject=sign_in.identity,
            audiences=[AUDIENCE],
        )
    return registration.client_id
