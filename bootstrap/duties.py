"""What each duty takes, in operations of Azure."""

from facts.types import resource_types

NOT_OURS = (
    "Microsoft.Authorization",
    "Microsoft.ContainerInstance",
    "Microsoft.ContainerRegistry",
    "Microsoft.CognitiveServices",
    "Microsoft.Search",
    "microsoft.aadiam",
)
"""Namespaces of facts/types.yaml that no stack of the platform makes anything of, and Authorization, whose operations
are named one by one."""

GIVES = (
    "Azure Service Bus Data Receiver",
    "Azure Service Bus Data Sender",
    "Key Vault Crypto Service Encryption User",
    "Key Vault Secrets User",
    "Monitoring Metrics Publisher",
    "Monitoring Reader",
    "Log Analytics Reader",
    "PostgreSQL Flexible Server Long Term Retention Backup Role",
    "Reader",
    "Storage Blob Data Contributor",
)
"""Roles that stacks give to their own identities: none of them can give rights, or change what it does not hold."""

READS = [
    "Microsoft.Web/sites/config/list/action",
    "Microsoft.Web/sites/slots/config/list/action",
]
"""What a refresh asks by POST."""

RELEASES = [
    "Microsoft.Web/sites/read",
    "Microsoft.Web/sites/config/read",
    "Microsoft.Web/sites/slots/read",
    "Microsoft.Web/sites/slots/config/read",
    "Microsoft.Web/sites/slots/config/write",
    "Microsoft.Web/sites/slots/instances/read",
    "Microsoft.Web/sites/slots/start/action",
    "Microsoft.Web/sites/slots/applySlotConfig/action",
    "Microsoft.Web/sites/slots/resetSlotConfig/action",
    "Microsoft.Web/sites/slots/slotsswap/action",
]
"""What `python -m deployment run --image` takes of one site (deployment/actions.py; a test holds both together)."""

NEVER = [
    # Whoever could add one would sign in as any identity of the subscription.
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete",
    # Keys that go round every identity.
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Storage/storageAccounts/listAccountSas/action",
    "Microsoft.Storage/storageAccounts/listServiceSas/action",
    "Microsoft.ServiceBus/namespaces/authorizationRules/listKeys/action",
    "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
    "Microsoft.Web/sites/publishxml/action",
    "Microsoft.Web/sites/slots/publishxml/action",
]
"""Operations below those types that nobody who deploys needs."""


def _below() -> list[str]:
    """The outermost ARM types that a stack may be made of."""
    types = set()
    for row in resource_types().values():
        if isinstance(row.arm, str) and row.arm.split("/")[0] not in NOT_OURS:
            namespace, *parts = row.arm.split("/")
            types.add("/".join([namespace, parts[0]]))
    types.discard("Microsoft.Resources/resourceGroups")
    return sorted(types, key=str.lower)


BELOW = [*_below(), "Microsoft.Resources/subscriptions/resourceGroups"]
"""Types of which `pulumi up` and the steps after it may do everything."""

DEPLOYS = [
    "Microsoft.Authorization/locks/read",
    "Microsoft.Authorization/locks/write",
    "Microsoft.Authorization/locks/delete",
    "Microsoft.Authorization/policyAssignments/read",
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/policyAssignments/delete",
    "Microsoft.Authorization/policyExemptions/read",
    "Microsoft.Authorization/policyExemptions/write",
    "Microsoft.Authorization/policyExemptions/delete",
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Insights/metrics/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.Resources/subscriptions/providers/read",
    "Microsoft.Resources/subscriptions/resources/read",
    "Microsoft.Resources/subscriptions/operationresults/read",
]
"""What they need besides. That a stack's roles and locks can be changed by who deploys it is what makes it the identity
to guard."""
