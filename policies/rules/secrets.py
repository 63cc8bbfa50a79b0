"""Secrets that are not treated as such."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.rule import rule
from policies.rules.app_settings import NO_SECRET, SECRET_NAME, SETTINGS
from policies.view import UNKNOWN, Resource, token

MASK = "[secret]"
"""What a record shows in place of a secret."""

SECRET_INPUTS = {
    token("keyvault:Secret"): ["properties.value"],
    token("dbforpostgresql:Server"): ["administratorLoginPassword"],
    token("monitor:ActionGroup"): ["webhookReceivers[].serviceUri"],
}

LITERALS = {
    "a Stripe key": re.compile(r"\b[sr]k_(live|test)_[0-9A-Za-z]{8,}"),
    "a webhook secret": re.compile(r"\bwhsec_[0-9A-Za-z]{8,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a storage or Service Bus key": re.compile(r"(AccountKey|SharedAccessKey)=[0-9A-Za-z+/]{20,}"),
    "a signed token": re.compile(r"\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\."),
    "an address with a password": re.compile(r"\b[a-z][a-z0-9+]*://[^/\s:@]*:[^/\s:@]{3,}@"),
    "an AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[0-9A-Za-z]{30,}"),
    "a development secret": re.compile(r"\bdev_jwt_secret\b"),
}
"""What secrets look like (the first two and the last are those that the old system had in its code)."""

WHY_OFFLINE = "the engine shows policies secrets in plain text, so that a marked one cannot be told from another"


@rule(
    "SEC-MARKED",
    "An input that carries a secret is marked as one",
    on=list(SECRET_INPUTS),
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(D)"],
    remediation="Wrap the value in Output.secret, or the state file holds it in plain text.",
    source="requirement S05",
    offline=WHY_OFFLINE,
)
def marked(resource: Resource) -> Iterator[str]:
    for path in SECRET_INPUTS[resource.type]:
        for value in resource.leaves(path):
            if value != MASK:
                yield f"{path} is not marked as a secret"


@rule(
    "SEC-SETTINGS-MARKED",
    "A setting that is a secret is marked as one, or is a Key Vault reference",
    on=SETTINGS,
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(D)"],
    remediation="Use a Key Vault reference; where a value must be there, wrap it in Output.secret.",
    source="requirement S05",
    offline=WHY_OFFLINE,
)
def settings_marked(settings: Resource) -> Iterator[str]:
    for name in settings.get("properties", {}):
        if not SECRET_NAME.search(name):
            continue
        value = next(iter(settings.leaves(f"properties.{name}")))
        if value is not UNKNOWN and value != MASK and not str(value).startswith("@Microsoft.KeyVault("):
            kind = "an address" if name in NO_SECRET else "a secret"
            yield f"{name} holds {kind} in plain text"


@rule(
    "SEC-NO-LITERAL",
    "Nothing in plain text looks like a secret",
    on="*",
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(D)"],
    remediation="Take the value from config (`pulumi config set --secret`) or a vault, and change it: it was seen.",
    source="requirement S05; the old system had sk_test_, whsec_ and dev_jwt_secret in its code",
    offline=WHY_OFFLINE,
)
def no_literal(resource: Resource) -> Iterator[str]:
    for path, text in resource.texts():
        for kind, pattern in LITERALS.items():
            if pattern.search(text):
                yield f"{path} looks like {kind}"
