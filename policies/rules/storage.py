"""Storage accounts and their containers."""

from collections.abc import Iterator

from policies.resource import Resource
from policies.rule import at_least, must, rule
from policies.view import Stack

ACCOUNT, CONTAINER = "storage:StorageAccount", "storage:BlobContainer"
IMMUTABILITY = "storage:BlobContainerImmutabilityPolicy"

SIX_YEARS = 2192
"""Days in any six calendar years. Policy choice: 164.316(b)(2)(i) asks six years for documentation, not for logs."""


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
