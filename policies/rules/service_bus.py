"""Service Bus namespaces."""

from collections.abc import Iterator

from policies.rule import must, rule
from policies.view import Resource

NAMESPACE = "servicebus:Namespace"


@rule(
    "BUS-ENTRA-ONLY",
    "Only Entra identities reach the message bus; shared keys are off",
    on=NAMESPACE,
    severity="critical",
    controls=["164.312(d)", "164.312(a)(2)(i)"],
    remediation="Set disableLocalAuth to true.",
    source="Azure Policy 'Azure Service Bus namespaces should have local authentication methods disabled'",
)
def entra_only(namespace: Resource) -> Iterator[str]:
    yield from must(namespace, "disableLocalAuth", True)


@rule(
    "BUS-TLS",
    "The message bus refuses TLS below 1.2",
    on=NAMESPACE,
    severity="critical",
    controls=["164.312(e)(1)", "164.312(e)(2)(ii)"],
    remediation="Set minimumTlsVersion to 1.2.",
    source="PSRule Azure.ServiceBus.MinTLS",
)
def minimum_tls(namespace: Resource) -> Iterator[str]:
    yield from must(namespace, "minimumTlsVersion", "1.2", "1.3")


@rule(
    "BUS-PRIVATE",
    "The message bus has no public address",
    on=NAMESPACE,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Set publicNetworkAccess to Disabled and give it a private endpoint (Premium tier).",
    source="Azure Policy 'Service Bus Namespaces should disable public network access'",
)
def private_bus(namespace: Resource) -> Iterator[str]:
    yield from must(namespace, "publicNetworkAccess", "Disabled")
