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

SECRET_KEY = re.compile(
    r"(password|passwd|pwd|accesskey|accountkey|sharedkey|primarykey|secondarykey|connectionstring|sastoken|sasuri"
    r"|clientsecret|secretvalue|privatekey|customdata|storageaccountkey|apikey|bearertoken|authtoken)$",
    re.IGNORECASE,
)
"""Names of inputs, in any type, that carry a secret (ARM marks them x-ms-secret, or should)."""
SECRET_PATHS = {
    token("app:Job"): r"configuration\.secrets\[\d+\]\.value",
    token("app:ContainerApp"): r"configuration\.secrets\[\d+\]\.value",
    token("web:WebAppConnectionStrings"): r"properties\..+\.value",
    token("web:WebAppConnectionStringsSlot"): r"properties\..+\.value",
    token("web:WebAppAzureStorageAccounts"): r"properties\..+\.accessKey",
}
"""Inputs that carry a secret under a name that says nothing."""
PLAIN = frozenset({"MEDSPASYNC_CREDENTIALS"})
"""Variables that name secrets of a vault and hold none (database/, credentials)."""
REFERENCE = "@Microsoft.KeyVault("

LITERALS = {
    "an address with a signature (SAS)": re.compile(r"[?&]sig=[0-9A-Za-z%+/=]{16,}"),
    "a connection string with a password": re.compile(r"\b(password|pwd)\s*=\s*[^;\s@{$\[<]{3,}", re.IGNORECASE),
    "a Slack address or token": re.compile(r"hooks\.slack\.com/services/T\w+|\bxox[abpr]-[0-9A-Za-z-]{10,}"),
    "a Google key": re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b"),
    "a SendGrid key": re.compile(r"\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}"),
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


@rule(
    "SEC-NAMED",
    "An input or variable whose name says secret is marked as one, or is a reference",
    on="*",
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(D)"],
    remediation="Refer to a Key Vault secret; where a value must be there, wrap it in Output.secret.",
    source="requirement S05; ARM type definitions: inputs marked x-ms-secret",
    where=lambda resource: resource.custom,
    offline=WHY_OFFLINE,
)
def named(resource: Resource) -> Iterator[str]:
    texts = resource.texts()
    variables = {path.removesuffix(".name"): text for path, text in texts if path.endswith("].name")}
    pattern = SECRET_PATHS.get(resource.type)
    for path, text in texts:
        if text in ("", MASK) or text.startswith(REFERENCE):
            continue
        holder, _, last = path.rpartition(".")
        if SECRET_KEY.search(last) or (pattern and re.fullmatch(pattern, path)):
            yield f"{path} is in plain text"
        elif last == "value" and _says_secret(variables.get(holder, "")):
            yield f"{variables[holder]} is in plain text"
        elif holder in ("tags", "properties.tags") and _says_secret(last):
            yield f"{path} is a secret in a tag"


def _says_secret(name: str) -> bool:
    return name not in NO_SECRET | PLAIN and SECRET_NAME.search(name) is not None
