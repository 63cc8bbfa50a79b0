"""Azure Managed Grafana: an instance of its own, beside the dashboards that the portal shows without one."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import dashboard

from components.component import Component, Placed, enabled
from components.diagnostics import LogDestination, diagnose
from components.identity import IdentityOutputs
from components.private_endpoint import PrivateAccess, private_endpoint


@dataclass(frozen=True, kw_only=True)
class ManagedGrafanaArgs(Placed):
    """Arguments of `ManagedGrafana`.

    instance_name: 2 to 23 letters, digits and hyphens, a letter first; unique in Azure.
    version: major version of Grafana, one that Azure offers. zone_redundant: fixed at creation.
    identity: whom it asks Azure Monitor as. Whoever may open a dashboard sees what this identity may read.
    private_access: where its private endpoint goes; None leaves it open to the Internet, signed in to Entra.
    """

    instance_name: pulumi.Input[str]
    version: str
    zone_redundant: bool
    identity: IdentityOutputs
    private_access: PrivateAccess | None
    logs: LogDestination


@dataclass(frozen=True, kw_only=True)
class ManagedGrafanaOutputs:
    """id: ARM id; endpoint: its address, https."""

    id: pulumi.Output[str]
    endpoint: pulumi.Output[str]


class ManagedGrafana(Component[ManagedGrafanaArgs, ManagedGrafanaOutputs]):
    """A Standard instance that people enter by Entra only. Its dashboards, data sources and users are data plane."""

    def _declare(self, name: str, args: ManagedGrafanaArgs) -> ManagedGrafanaOutputs:
        instance = dashboard.Grafana(
            name,
            **args.place,
            workspace_name=args.instance_name,
            sku=dashboard.ResourceSkuArgs(name="Standard"),
            identity=dashboard.ManagedServiceIdentityArgs(
                type=dashboard.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[args.identity.id]
            ),
            properties=dashboard.ManagedGrafanaPropertiesArgs(
                # A key or service account token would be a way in past Entra.
                api_key=dashboard.ApiKey.DISABLED,
                public_network_access=enabled(args.private_access is None),
                # Its calls come from addresses of its own, which a data source's firewall can name.
                deterministic_outbound_ip=dashboard.DeterministicOutboundIP.ENABLED,
                zone_redundancy=enabled(args.zone_redundant),
                grafana_major_version=args.version,
                grafana_configurations=dashboard.GrafanaConfigurationsArgs(
                    # A snapshot on snapshots.raintank.io would take what it shows out of the tenant.
                    snapshots=dashboard.SnapshotsArgs(external_enabled=False)
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        diagnose(name, instance.id, args.logs, parent=self)
        if args.private_access is not None:
            private_endpoint(name, instance.id, "grafana", args.private_access, place=args.place, parent=self)
        return ManagedGrafanaOutputs(
            id=instance.id, endpoint=instance.properties.apply(lambda properties: properties.endpoint)
        )
