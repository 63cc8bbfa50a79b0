"""Storage accounts and their containers."""

from collections.abc import Iterator

from policies.rule import at_least, must, must_have, rule
from policies.view import Resource, Stack

ACCOUNT, CONTAINER = "storage:StorageAccount", "storage:BlobContainer"
IMMUTABILITY = "storage:BlobContainerImmutabilityPolicy"

SIX_YEARS = 2192
"""Days in any six calendar years. Policy choice: 164.316(b)(2)(i) asks six years for documentation, not for logs."""


@rule(
    "ST-NO-SHARED-KEY",
    "Only Entra identities reach a storage account; shared keys are off",
    on=ACCOUNT,
    severity="critical",
    controls=["164.312(d)", "164.312(a)(2)(i)"],
    remediation="Set allowSharedKeyAccess to false.",
    source="Azure Policy 'Storage accounts should prevent shared key access'; Azure Verified Modules leave it on",
)
def no_shared_key(account: Resource) -> Iterator[str]:
    yield from must(account, "allowSharedKeyAccess", False)


@rule(
    "ST-TLS",
    "A storage account refuses plain HTTP and TLS below 1.2",
    on=ACCOUNT,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Set enableHttpsTrafficOnly to true and minimumTlsVersion to TLS1_2.",
    source="Azure Policy 'Secure transfer to storage accounts should be enabled'",
)
def tls(account: Resource) -> Iterator[str]:
    yield from must(account, "enableHttpsTrafficOnly", True)
    yield from must(account, "minimumTlsVersion", "TLS1_2", "TLS1_3")


@rule(
    "ST-PRIVATE",
    "A storage account is reachable only through its private endpoint",
    on=ACCOUNT,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Set publicNetworkAccess to Disabled and networkRuleSet.defaultAction to Deny.",
    source="Azure Policy 'Storage accounts should restrict network access'",
)
def private_account(account: Resource) -> Iterator[str]:
    yield from must(account, "publicNetworkAccess", "Disabled")
    yield from must(account, "networkRuleSet.defaultAction", "Deny")
    for kind in ("ipRules", "virtualNetworkRules"):
        if account.has(f"networkRuleSet.{kind}"):
            yield f"networkRuleSet.{kind} lets networks in beside the private endpoint"


@rule(
    "ST-NO-ANONYMOUS-READ",
    "Nobody reads a blob without signing in",
    on=ACCOUNT,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(d)"],
    remediation="Set allowBlobPublicAccess to false.",
    source="Azure Policy 'Storage account public access should be disallowed'",
)
def no_anonymous_read(account: Resource) -> Iterator[str]:
    yield from must(account, "allowBlobPublicAccess", False)


@rule(
    "ST-CONTAINER-PRIVATE",
    "A container offers nothing to anonymous readers",
    on=CONTAINER,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(d)"],
    remediation="Set publicAccess to None.",
    source="CIS Azure Foundations 3.7",
)
def private_container(container: Resource) -> Iterator[str]:
    yield from must(container, "publicAccess", "None")


@rule(
    "ST-INFRASTRUCTURE-ENCRYPTION",
    "Stored data is encrypted twice, by service and by infrastructure",
    on=ACCOUNT,
    severity="medium",
    controls=["164.312(a)(2)(iv)"],
    remediation="Set encryption.requireInfrastructureEncryption to true; it is fixed when the account is created.",
    source="Azure Policy 'Storage accounts should have infrastructure encryption'",
)
def infrastructure_encryption(account: Resource) -> Iterator[str]:
    yield from must(account, "encryption.requireInfrastructureEncryption", True)


@rule(
    "ST-CMK",
    "Stored data is encrypted with a key of ours",
    on=ACCOUNT,
    severity="high",
    controls=["164.312(a)(2)(iv)"],
    remediation="Set encryption.keySource to Microsoft.Keyvault with keyVaultProperties and an encryption identity.",
    source="Azure Policy 'Storage accounts should use customer-managed key for encryption'",
)
def customer_managed_key(account: Resource) -> Iterator[str]:
    yield from must(account, "encryption.keySource", "Microsoft.Keyvault")
    yield from must_have(
        account, "encryption.keyVaultProperties.keyName", "encryption.encryptionIdentity.encryptionUserAssignedIdentity"
    )


@rule(
    "ST-NO-CROSS-TENANT",
    "Blobs are not copied to another tenant",
    on=ACCOUNT,
    severity="medium",
    controls=["164.312(a)(1)"],
    remediation="Set allowCrossTenantReplication to false.",
    source="Azure Policy 'Storage accounts should prevent cross tenant object replication'",
)
def no_cross_tenant(account: Resource) -> Iterator[str]:
    yield from must(account, "allowCrossTenantReplication", False)


@rule(
    "ST-WORM",
    "What is archived cannot be changed or deleted for six years, and can be appended to",
    on=CONTAINER,
    severity="high",
    controls=["164.312(c)(1)", "164.312(c)(2)", "164.316(b)(2)(i)"],
    remediation="Give the container an immutability policy of 2192 days or more that allows protected append writes.",
    source="policy choice: six years, as 164.316(b)(2)(i) asks for documentation; diagnostics write append blobs",
)
def worm(container: Resource, stack: Stack) -> Iterator[str]:
    policies = stack.holders(container, "containerName", IMMUTABILITY, by="containerName")
    if not policies:
        yield "it has no immutability policy"
    for policy in policies:
        for message in at_least(policy, "immutabilityPeriodSinceCreationInDays", SIX_YEARS, "days"):
            yield f"{policy}: {message}"
        if not (policy.get("allowProtectedAppendWrites") or policy.get("allowProtectedAppendWritesAll")):
            yield f"{policy}: protected append writes are not allowed, so a log cannot grow"
