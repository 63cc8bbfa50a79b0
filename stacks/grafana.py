"""Managed Grafana, where the stack asks for one: the instance, whom it asks as, and what that identity may read."""

import pulumi

from components.identity import Identity, IdentityArgs
from components.managed_grafana import ManagedGrafana, ManagedGrafanaArgs
from components.private_dns import PrivateDns, PrivateDnsArgs
from components.private_endpoint import PrivateAccess
from components.role_assignment import assign_role
from facts.roles import role_id
from stacks.entries import name_entry, stack_entry
from stacks.outputs import Foundation
from stacks.settings.dashboards import ManagedGrafanaSettings

MONITORING_READER = role_id("Monitoring Reader")
"""Built-in role Monitoring Reader: metrics and settings of what is in its scope, and the logs of a workspace in it."""

ZONE = {"grafana": "privatelink.grafana.azure.com"}
"""learn.microsoft.com/azure/private-link/private-endpoint-dns"""


def build_grafana(settings: ManagedGrafanaSettings, foundation: Foundation) -> pulumi.Output[str]:
    """The instance with its identity and rights. Returns its address."""
    common = foundation.common
    with name_entry(stack_entry("dashboards.managedGrafana")):
        identity = Identity(
            "identity-grafana",
            IdentityArgs(
                **common.place("monitoring"),
                identity_name=common.names.regional("id", "grafana"),
            ),
        )
        # The workspace is in the group ``monitoring``: without it, only metrics.
        groups = common.group_ids()
        read = {purpose: group for purpose, group in groups.items() if settings.logs or purpose != "monitoring"}
        for purpose, group in read.items():
            assign_role(
                f"grafana-reads-{purpose}",
                scope=group,
                role_id=MONITORING_READER,
                principal_id=identity.outputs.principal_id,
                parent=identity,
                description="Managed Grafana shows metrics, and logs where the stack says so.",
            )
        grafana = ManagedGrafana(
            "managed-grafana",
            ManagedGrafanaArgs(
                **common.place("monitoring"),
                instance_name=common.names.global_name("amg"),
                version=settings.version,
                zone_redundant=settings.zone_redundant,
                identity=identity.outputs,
                private_access=None if settings.public_network else _private_access(foundation),
                logs=common.logs,
            ),
        )
    return grafana.outputs.endpoint


def _private_access(foundation: Foundation) -> PrivateAccess:
    """A zone of its own: the network's other zones are there in every stack."""
    common, network = foundation.common, foundation.network
    zones = PrivateDns(
        "grafana-dns",
        PrivateDnsArgs(
            resource_group_name=common.groups["platform"],
            network_id=network.vnet_id,
            link_name=common.names.regional("link"),
            zones=ZONE,
            tags=dict(common.tags),
        ),
    )
    return PrivateAccess(subnet_id=network.subnets["private-endpoints"], dns_zone_id=zones.outputs.zone_ids["grafana"])
