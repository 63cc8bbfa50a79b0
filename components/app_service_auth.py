"""App Service Authentication with Entra ID, without a client secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
from pulumi_azure_native import web

ASSERTION_SETTING = "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"
"""App setting with the client id of the identity whose tokens stand in for a client secret. It must be sticky
(learn.microsoft.com/azure/app-service/configure-authentication-provider-aad, "managed identity instead of a secret").
"""
TENANTS_SETTING = "WEBSITE_AUTH_AAD_ALLOWED_TENANTS"


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Who may use an app, decided before a request reaches it.

    client_id: the app registration's. Its federated credential must trust the app's identity; registration and
    credential are Microsoft Graph objects, which ARM cannot declare.
    tenant_id: whose users may sign in; nobody else's.
    allowed_groups: object ids of Entra groups; empty admits every user that is assigned to the registration.
    excluded_paths: paths that answer without sign-in. The health check's path is always among them.
    unauthenticated: ``redirect`` sends a browser to the sign-in page, ``refuse`` answers 401.
    session_hours: after so many hours a user signs in again, whatever the user did meanwhile.
    """

    client_id: str
    tenant_id: pulumi.Input[str]
    allowed_groups: Sequence[str] = ()
    excluded_paths: Sequence[str] = ()
    unauthenticated: Literal["redirect", "refuse"] = "redirect"
    session_hours: int = 8


def sign_in_settings(sign_in: SignIn, identity_client_id: pulumi.Input[str]) -> dict[str, pulumi.Input[str]]:
    """App settings that sign-in reads."""
    return {ASSERTION_SETTING: identity_client_id, TENANTS_SETTING: sign_in.tenant_id}


def auth_properties(sign_in: SignIn, health_check_path: str) -> dict[str, Any]:
    """Arguments that `WebAppAuthSettingsV2` and its slot twin have in common."""
    redirects = sign_in.unauthenticated == "redirect"
    actions = web.UnauthenticatedClientActionV2
    return {
        "platform": web.AuthPlatformArgs(enabled=True, runtime_version="~1"),
        "global_validation": web.GlobalValidationArgs(
            require_authentication=True,
            unauthenticated_client_action=actions.REDIRECT_TO_LOGIN_PAGE if redirects else actions.RETURN401,
            redirect_to_provider="azureactivedirectory" if redirects else None,
            excluded_paths=sorted({health_check_path, *sign_in.excluded_paths}),
        ),
        "http_settings": web.HttpSettingsArgs(
            require_https=True,
            routes=web.HttpSettingsRoutesArgs(api_prefix="/.auth"),
            # Behind a proxy the redirect goes to X-Forwarded-Host, not to the app's default host, which is closed.
            forward_proxy=web.ForwardProxyArgs(convention=web.ForwardProxyConvention.STANDARD),
        ),
        "login": web.LoginArgs(
            token_store=web.TokenStoreArgs(enabled=False),
            nonce=web.NonceArgs(validate_nonce=True, nonce_expiration_interval="00:05:00"),
            cookie_expiration=web.CookieExpirationArgs(
                convention=web.CookieExpirationConvention.FIXED_TIME,
                time_to_expiration=f"{sign_in.session_hours:02}:00:00",
            ),
            preserve_url_fragments_for_logins=False,
        ),
        "identity_providers": web.IdentityProvidersArgs(azure_active_directory=_entra(sign_in)),
    }


def _entra(sign_in: SignIn) -> web.AzureActiveDirectoryArgs:
    return web.AzureActiveDirectoryArgs(
        enabled=True,
        registration=web.AzureActiveDirectoryRegistrationArgs(
            client_id=sign_in.client_id,
            client_secret_setting_name=ASSERTION_SETTING,
            open_id_issuer=pulumi.Output.concat("https://login.microsoftonline.com/", sign_in.tenant_id, "/v2.0"),
        ),
        validation=web.AzureActiveDirectoryValidationArgs(
            allowed_audiences=[sign_in.client_id, f"api://{sign_in.client_id}"],
            default_authorization_policy=web.DefaultAuthorizationPolicyArgs(
                allowed_applications=[sign_in.client_id],
                allowed_principals=web.AllowedPrincipalsArgs(groups=list(sign_in.allowed_groups))
                if sign_in.allowed_groups
                else None,
            ),
        ),
    )
