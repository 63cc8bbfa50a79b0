"""The container registry, which the bootstrap makes."""

import pulumi

from stacks.outputs import Common
from stacks.settings.registry import RegistrySettings


def registry_id(registry: RegistrySettings, common: Common) -> pulumi.Output[str]:
    """The registry's ARM id; in the stack's subscription, where config names no other."""
    return pulumi.Output.format(
        "/subscriptions/{0}/resourceGroups/{1}/providers/Microsoft.ContainerRegistry/registries/{2}",
        registry.subscription or common.subscription_id,
        registry.resource_group,
        registry.name,
    )
