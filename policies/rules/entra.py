"""App registrations of Entra: where a sign-in ends, and who may sign in."""

import re
from collections.abc import Iterator

from policies.resource import Resource
from policies.rule import must, rule

APPLICATION = "azuread:index/application:Application"
PRINCIPAL = "azuread:index/servicePrincipal:ServicePrincipal"
_PLATFORMS = ("web", "singlePageApplication", "publicClient")
_HOST = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[^*\s]*)?")


@rule(
    "ENTRA-SIGN-IN",
    "Tokens of a sign-in go to whole https addresses of this tenant's apps, and only assigned people get one",
    on=[APPLICATION, PRINCIPAL],
    severity="high",
    controls=["164.312(d)", "164.312(a)(1)"],
    remediation="Name whole https redirect URIs, AzureADMyOrg as audience, no access tokens from the sign-in page, and "
    "set appRoleAssignmentRequired.",
    source="learn.microsoft.com/entra/identity-platform/security-best-practices-for-app-registration",
)
def sign_in(resource: Resource) -> Iterator[str]:
    if resource.type == PRINCIPAL:
        yield from must(resource, "appRoleAssignmentRequired", True)
        return
    yield from must(resource, "signInAudience", "AzureADMyOrg")
    yield from must(resource, "web.implicitGrant.accessTokenIssuanceEnabled", False)
    for platform in _PLATFORMS:
        for uri in resource.each(f"{platform}.redirectUris"):
            if not _HOST.fullmatch(str(uri)):
                yield f"{platform}.redirectUris has {uri}, must be a whole https address"
    if resource.has("password") or resource.has("passwords"):
        yield "it has a password"
