"""Key Vaults, keys and secrets."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

from documents.durations import days
from policies.access import ENCRYPT_WITH_KEYS, READ_SECRETS, permissions
from policies.compare import same
from policies.merged import Part
from policies.resource import UNKNOWN, Resource, lookup, peek, shown_at
from policies.rule import at_least, judge_each, must, rule
from policies.view import Stack

VAULT, KEY, SECRET = "keyvault:Vault", "keyvault:Key", "keyvault:Secret"

REDIS, NAMES_A_VERSION = (
    "redisenterprise:RedisEnterprise",
    "encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl",
)
FOLLOW_ROTATION = (
    ("dbforpostgresql:Server", "dataEncryption.primaryKeyURI", "keyUri"),
    ("dbforpostgresql:Server", "dataEncryption.geoBackupKeyURI", "keyUri"),
    ("storage:StorageAccount", "encryption.keyVaultProperties.keyName", "keyName"),
)
"""Who names a key without its version, where, and what of the key it names."""


@rule(
    "KV-AUTHORIZATION-EXPLICIT",
    "A vault states its authorization model, and carries no access that the model ignores",
    on=VAULT,
    severity="high",
    controls=["164.308(a)(4)(ii)(B)", "164.312(a)(1)"],
    remediation="Set properties.enableRbacAuthorization; with RBAC leave accessPolicies empty.",
    source="learn.microsoft.com/azure/key-vault/general/access-control-default: the default is changing",
)
def explicit_authorization(vault: Resource) -> Iterator[str]:
    yield from must(vault, "properties.enableRbacAuthorization", True, False)
    if same(vault.get("properties.enableRbacAuthorization"), True) and vault.has("properties.accessPolicies"):
        yield "properties.accessPolicies are ignored while RBAC is on"


@rule(
    "KV-LEAST-PRIVILEGE",
    "An access policy grants reading secrets or encrypting with keys, exactly and never both",
    on=[VAULT, "keyvault:AccessPolicy"],
    severity="critical",
    controls=["164.308(a)(4)(ii)(B)", "164.308(a)(4)(ii)(C)", "164.312(a)(1)"],
    remediation="Grant an app exactly get and list on secrets; the encryption identity exactly get, list, wrapKey and "
    "unwrapKey on keys; certificates and storage nothing.",
    source="PSRule AZR-000118 (no all, no purge); requirement S01",
)
def least_privilege(vault: Resource) -> Iterator[str]:
    if vault.type.endswith(":AccessPolicy"):
        yield from _granted(vault.get("policy"))
    else:
        yield from judge_each(vault, "properties.accessPolicies", _granted_inside)


def _granted_inside(policy: Any) -> Iterator[str]:
    # One that stands apart is judged where it stands.
    yield from () if isinstance(policy, Part) else _granted(policy)


def _granted(policy: Any) -> Iterator[str]:
    granted = permissions(policy)
    whose = shown_at(policy, "objectId")
    if granted not in (READ_SECRETS.permissions, ENCRYPT_WITH_KEYS.permissions):
        message = "; ".join(f"{kind}: {', '.join(sorted(names))}" for kind, names in granted.items() if names)
        yield f"access policy of {whose} grants {message or 'nothing'}"
    if peek(policy, "applicationId"):
        yield f"access policy of {whose} is for the application {shown_at(policy, 'applicationId')} too"


@rule(
    "KV-KEY-ROTATION",
    "A key ends some day, and at least 30 days before it rotates itself, or tells where its user cannot follow",
    on=KEY,
    severity="high",
    controls=["164.312(a)(2)(iv)", "164.308(a)(7)(ii)(C)"],
    remediation="Give the key an expiry date and a rotation policy with an expiry time and a rotate action 30 days or "
    "more before it. A key whose user names a version (Redis) has a notify action instead, and no rotate action.",
    source="PSRule AZR-000123; learn.microsoft.com/azure/key-vault/keys/how-to-configure-key-rotation: rotation and "
    "notification before expiry need an expiry date on the key; an expired key makes PostgreSQL inaccessible within "
    "the hour (security-data-encryption)",
)
def key_rotation(key: Resource, stack: Stack) -> Iterator[str]:
    if not key.has("properties.attributes.expires"):
        yield "the key has no expiry date, so that Azure would neither rotate it nor tell of it"
    expiry = key.get("properties.rotationPolicy.attributes.expiryTime")
    if expiry is None:
        yield "the rotation policy has no expiry time"
        return
    life = _days_left(expiry, expiry, None)
    if not 30 < life <= LONGEST:
        yield f"the rotation policy lets a version live {life} days, must be more than 30 and at most {LONGEST}"
    margins: dict[str, float] = {}
    for action in key.each("properties.rotationPolicy.lifetimeActions"):
        before, after = lookup(action, "trigger.timeBeforeExpiry"), lookup(action, "trigger.timeAfterCreate")
        kind = str(lookup(action, "action.type")).lower()
        margins[kind] = max(margins.get(kind, 0), _days_left(before, expiry, after))
    if "rotate" in margins:
        for user in stack.holders(key, NAMES_A_VERSION, REDIS, by="keyUriWithVersion"):
            yield f"{user} names a version of the key and would stay on one that ends: it must not rotate"
        if not 30 <= margins["rotate"] < life:
            yield f"the key rotates {margins['rotate']} days before it expires, must be 30 or more, within its life"
    elif followers := [user for type_, path, by in FOLLOW_ROTATION for user in stack.holders(key, path, type_, by=by)]:
        yield f"no lifetime action rotates the key, which {followers[0]} would follow"
    elif margins.get("notify", 0) < 30:
        yield f"nothing rotates the key, and it tells {margins.get('notify', 0)} days before it expires, not 30"


def _days_left(before: object, expiry: object, after: object) -> float:
    """How long before the expiry an action comes; 0 where a duration cannot be read."""
    try:
        return days(str(before)) if before else days(str(expiry)) - days(str(after))
    except ValueError:
        return 0


ONE_USE = ({"wrapKey", "unwrapKey"}, {"encrypt", "decrypt"})


@rule(
    "KV-KEY-STRENGTH",
    "An encryption key is RSA of 3072 bits or more and has one use: wrapping keys, or encrypting",
    on=KEY,
    severity="high",
    controls=["164.312(a)(2)(iv)"],
    remediation="Use RSA or RSA-HSM with keySize 3072 or 4096 and keyOps wrapKey and unwrapKey (services of Azure), or "
    "encrypt and decrypt (the engine's secrets provider).",
    source="NIST SP 800-57 part 1 table 2 (128-bit strength) and 5.2 (one use for a key); PostgreSQL takes RSA only",
)
def key_strength(key: Resource) -> Iterator[str]:
    yield from must(key, "properties.kty", "RSA", "RSA-HSM")
    yield from at_least(key, "properties.keySize", 3072, "bits")
    allowed = {str(operation) for operation in key.each("properties.keyOps")}
    if not allowed or not any(allowed <= use for use in ONE_USE):
        message = ", ".join(sorted(allowed)) or "everything"
        yield f"keyOps allow {message}, must be wrapKey and unwrapKey, or encrypt and decrypt"


@rule(
    "KV-RETAINED",
    "Keys and secrets stay in their vault when the stack lets go of them",
    on=[KEY, SECRET],
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(7)(ii)(A)"],
    remediation="Set retain_on_delete: the provider deletes over the data plane, which a deployer cannot reach.",
    source="pulumi-azure-native deletes keys and secrets over https://<vault>.vault.azure.net",
    offline="the engine does not show policies the retain-on-delete option",
)
def retained(item: Resource) -> Iterator[str]:
    if item.retained is not True:
        yield "retain_on_delete is not set"


@rule(
    "KV-KEYS-APART",
    "Encryption keys and application secrets are in different vaults",
    on=KEY,
    severity="medium",
    controls=["164.312(a)(1)", "164.308(a)(4)(ii)(B)"],
    remediation="Keep keys in a vault of their own, which no app's identity can open.",
    source="requirement S01; access policies hold for a whole vault",
)
def keys_apart(key: Resource, stack: Stack) -> Iterator[str]:
    for vault in stack.owners(key, "vaultName", VAULT):
        for secret in stack.parts(vault, "vaultName", SECRET):
            yield f"its vault {vault} also holds the secret {secret}"


LONGEST = 1100
"""Days that a key or secret may last. Policy choice: three years and a little; NIST SP 800-57 part 1 table 1 gives keys
that protect others' keys one to two."""


@rule(
    "KV-USABLE",
    "A key or secret is enabled, has begun, ends in reach, and a key cannot be exported",
    on=[KEY, SECRET],
    severity="critical",
    controls=["164.312(a)(2)(iv)", "164.308(a)(7)(ii)(C)"],
    remediation="Set attributes.enabled to true, attributes.expires to a day of the next three years, "
    "attributes.notBefore to none that is to come, and a key's attributes.exportable to false.",
    source="MicrosoftDocs security-data-encryption: a disabled or expired key makes PostgreSQL inaccessible within the "
    "hour; an exported key is in nobody's hands any more",
)
def usable(item: Resource, stack: Stack) -> Iterator[str]:
    attributes = "properties.attributes"
    if same(item.known(f"{attributes}.enabled"), False):
        yield f"{attributes}.enabled is false"
    if same(item.known(f"{attributes}.exportable"), True):
        yield f"{attributes}.exportable is true"
    today = datetime.combine(stack.today, time(), UTC).timestamp()
    expires, begins = item.known(f"{attributes}.expires"), item.known(f"{attributes}.notBefore")
    begins = item.known(f"{attributes}.nbf") if begins is None else begins  # as ARM itself calls it
    for name, value in (("expires", expires), ("notBefore", begins)):
        if not (value is None or value is UNKNOWN or isinstance(value, (int, float))):
            yield f"{attributes}.{name} is {value}, must be a number of seconds since 1970"
    if isinstance(expires, (int, float)) and expires <= today:
        yield f"{attributes}.expires is {datetime.fromtimestamp(expires, UTC):%Y-%m-%d}, which is past"
    if isinstance(expires, (int, float)) and expires > today + LONGEST * 86_400:
        yield f"{attributes}.expires is {datetime.fromtimestamp(expires, UTC):%Y-%m-%d}, more than {LONGEST} days away"
    if isinstance(begins, (int, float)) and begins > today + 86_400:
        yield f"{attributes}.notBefore is {datetime.fromtimestamp(begins, UTC):%Y-%m-%d}, which is to come"
