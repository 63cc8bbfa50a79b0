"""The container registry, where a right can be on one repository."""

import pulumi
from pulumi_azure_native import resources

from bootstrap.settings import RegistrySettings
from bootstrap.shared import Shared
from components.diagnostics import diagnose

API_VERSION = "2025-11-01"
"""The first stable version with `roleAssignmentMode` (Azure REST specifications, Microsoft.ContainerRegistry). The
SDK's own class sends an older one, without it."""

CATEGORIES = ("ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents")
"""Who signed in, and who pushed, pulled and deleted what."""


def build_registry(shared: Shared, registry: RegistrySettings) -> pulumi.Output[str]:
    """The registry's id. Nobody signs in with its name and a password, and nothing is pulled without an identity."""
    private = shared.access.get("registry")
    made = resources.Resource(
        "registry",
        resource_group_name=shared.group,
        resource_provider_namespace="Microsoft.ContainerRegistry",
        parent_resource_path="",
        resource_type="registries",
        resource_name_=registry.name,
        api_version=API_VERSION,
        location=shared.location,
        sku=resources.SkuArgs(name=registry.sku),
        properties={
            "adminUserEnabled": False,
            "anonymousPullEnabled": False,
            "publicNetworkAccess": "Disabled" if private else "Enabled",
            "networkRuleBypassOptions": "None",
            # A role can be given on one repository; AcrPull and AcrPush mean nothing in this mode.
            "roleAssignmentMode": "AbacRepositoryPermissions",
        },
        tags=shared.tags,
    )
    shared.reach_privately("registry", "registry", made.id)
    diagnose("registry", made.id, shared.logs, parent=None, log_groups=(), log_categories=CATEGORIES)
    pulumi.export("registry", f"{registry.name}.azurecr.io")
    return made.id
