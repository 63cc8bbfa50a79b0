"""Settings of App Service apps: secrets are Key Vault references, and the references resolve."""

import re
from collections.abc import Iterator

from facts.secret_inputs import says_secret
from policies.access import IDENTITY, READ_SECRETS, may, names_in, vaults_named
from policies.resource import Resource
from policies.rule import rule
from policies.rules.app_service import SITE, SLOT
from policies.view import Stack

SETTINGS = ["web:WebAppApplicationSettings", "web:WebAppApplicationSettingsSlot"]

NO_SECRET = frozenset({"APPLICATIONINSIGHTS_CONNECTION_STRING"})
"""An address rather than a credential: MON-LOCAL-AUTH keeps telemetry from being sent with it alone."""

REFERENCE = re.compile(
    r"^@Microsoft\.KeyVault\(SecretUri=https://(?P<vault>[^.]+)\.vault\.azure\.net/secrets/(?P<secret>[^/)]+)/?\)$"
)
"""A reference by versionless URI: with a version, App Service would never see a rotated secret."""


@rule(
    "APP-SECRETS-REFERENCED",
    "A setting that is a secret is a Key Vault reference",
    on=SETTINGS,
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(D)"],
    remediation="Put the secret into the app's vault and the setting to @Microsoft.KeyVault(SecretUri=...).",
    source="requirements S03, S05; learn.microsoft.com/azure/app-service/app-service-key-vault-references",
)
def secrets_referenced(settings: Resource) -> Iterator[str]:
    properties = settings.get("properties", {})
    for name in properties:
        if not says_secret(name) or name in NO_SECRET:
            continue
        with settings.noting():
            if not str(properties[name]).startswith("@Microsoft.KeyVault("):
                yield f"{name} is not a Key Vault reference"


@rule(
    "APP-REFERENCE-RESOLVES",
    "Every Key Vault reference names a secret of this stack that the app's identity may read",
    on=SETTINGS,
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(4)(ii)(B)", "164.308(a)(7)(ii)(C)"],
    remediation="Refer to a secret of the app's own vault, where its identity has get and list on secrets.",
    source="requirements S01, S03: an app whose reference does not resolve starts without its secret",
)
def reference_resolves(settings: Resource, stack: Stack) -> Iterator[str]:
    properties = settings.get("properties", {})
    for name in properties:
        with settings.noting():
            value = str(properties[name])
            if value.startswith("@Microsoft.KeyVault("):
                yield from _unresolved(name, value, settings, stack)


def _unresolved(name: str, value: str, settings: Resource, stack: Stack) -> Iterator[str]:
    match = REFERENCE.match(value)
    if match is None:
        yield f"{name} is no reference by versionless URI"
        return
    vaults = vaults_named(match.group("vault"), stack)
    if not vaults:
        yield f"{name} refers to the vault {match.group('vault')}, which is not in this stack"
    for vault in vaults:
        if match.group("secret").lower() not in names_in(vault, "keyvault:Secret", "secretName", stack):
            yield f"{name} refers to {match.group('secret')}, which {vault} does not hold"
        for app in _apps_with(settings, stack):
            if not any(may(READ_SECRETS, identity, vault, stack) for identity in _reading(app, stack)):
                yield f"{name}: the identity of {app} may not read secrets of {vault}"


def _apps_with(settings: Resource, stack: Stack) -> list[Resource]:
    """The app, or the slot, that has these settings."""
    sites = stack.owners(settings, "name", SITE)
    if not settings.type.endswith("Slot"):
        return sites
    slots = [slot for site in sites for slot in stack.parts(site, "name", SLOT)]
    return [slot for slot in slots if slot.get("slot") == settings.get("slot")]


def _reading(app: Resource, stack: Stack) -> list[Resource]:
    return stack.targets(app, "keyVaultReferenceIdentity", IDENTITY)
