"""What each layer gives to the next: ids, names and small frozen values, never components."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.component import Place
from components.diagnostics import LogDestination
from components.front_door import FrontDoorOutputs
from components.identity import IdentityOutputs
from components.private_endpoint import PrivateAccess
from components.protection import Protection
from stacks.naming import Names


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every layer needs of the stack itself.

    groups: resource group names by purpose: ``platform`` (network, apps, edge), ``data`` (vaults, database, cache,
    archive, backup), ``monitoring``; a paired-region group ``paired`` where config asks for geo redundancy.
    """

    names: Names
    location: str
    paired_location: str | None
    tags: Mapping[str, str]
    tenant_id: pulumi.Output[str]
    subscription_id: pulumi.Output[str]
    groups: Mapping[str, pulumi.Output[str]]
    logs: LogDestination
    protection: Protection

    @property
    def subscription(self) -> pulumi.Output[str]:
        """The subscription's ARM id."""
        return pulumi.Output.concat("/subscriptions/", self.subscription_id)

    def group_ids(self) -> dict[str, pulumi.Output[str]]:
        """ARM ids of the resource groups by purpose."""
        return {
            purpose: pulumi.Output.concat(self.subscription, "/resourceGroups/", name)
            for purpose, name in self.groups.items()
        }

    def place(self, purpose: str, location: str | None = None) -> Place:
        """Where a resource lies: the group of a purpose, in the stack's region where no other is named."""
        group = self.groups[purpose]
        return {"resource_group_name": group, "location": location or self.location, "tags": dict(self.tags)}


@dataclass(frozen=True, kw_only=True)
class Network:
    """Subnet ids by purpose (``apps``, ``postgres``, ``private-endpoints``, ``jobs``, ``runner``) and private DNS
    zone ids by service (``vault``, ``postgres``, ``redis``, ``blob``, ``sites``, ``servicebus``).

    egress_address, nat_gateway_id: the public address that outbound calls come from and the ARM id of the NAT gateway
    that gives it, where there is one."""

    vnet_id: pulumi.Output[str]
    subnets: Mapping[str, pulumi.Output[str]]
    dns_zones: Mapping[str, pulumi.Output[str]]
    egress_address: pulumi.Output[str] | None = None
    nat_gateway_id: pulumi.Output[str] | None = None

    def private_access(self, service: str) -> PrivateAccess:
        """Where a private endpoint of ``service`` goes."""
        return PrivateAccess(subnet_id=self.subnets["private-endpoints"], dns_zone_id=self.dns_zones[service])


@dataclass(frozen=True, kw_only=True)
class Identities:
    """apps: one identity per app; duties: one per other duty (``encryption``, ``geo-encryption``,
    ``database-bootstrap``, ``database-migration`` ...)."""

    apps: Mapping[str, IdentityOutputs]
    duties: Mapping[str, IdentityOutputs]


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """workspace_id, app_insights_id: ARM ids; action_groups: ids by channel (``critical``, ``warning``, ``security``);
    connection_string: secret, where telemetry goes; tables: of the workspace, for who exports one to wait for."""

    workspace_id: pulumi.Output[str]
    app_insights_id: pulumi.Output[str]
    connection_string: pulumi.Output[str]
    action_groups: Mapping[str, pulumi.Output[str]]
    tables: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True, kw_only=True)
class EdgeEntry(FrontDoorOutputs):
    """The Front Door profile and its endpoints, made early because others need their ids.

    private_link_message: secret, what our requests for private links say, None where no origin is private.
    """

    private_link_message: pulumi.Output[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """All that the foundation layer gives."""

    common: Common
    network: Network
    identities: Identities
    monitoring: Monitoring
    edge: EdgeEntry


@dataclass(frozen=True, kw_only=True)
class SecretReference:
    """A secret as an app reads it: environment variable and versionless URI."""

    environment: str
    uri: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class Data:
    """All that the data layer gives.

    vault_names: by app; secrets: each app's references, in the catalogue's order; settings: plain
    (non-secret) environment values that come from resources, by app.
    alert_targets: ids of resources that alerts watch, by kind (``keyvault``, ``postgres``, ``redis``, ``storage``,
    ``servicebus``, ``jobs``).
    backup_instance_id: the database's protection in the backup vault, None without one.
    """

    vault_names: Mapping[str, pulumi.Output[str]]
    secrets: Mapping[str, list[SecretReference]]
    settings: Mapping[str, Mapping[str, pulumi.Input[str]]]
    alert_targets: Mapping[str, Mapping[str, pulumi.Output[str]]]
    backup_instance_id: pulumi.Output[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Bus:
    """All that the event bus gives; empty where a stack has none.

    settings: environment values of the apps on the bus, by app; alert_targets: namespace ids, for the alerts of kind
    ``servicebus``.
    """

    settings: Mapping[str, Mapping[str, pulumi.Input[str]]]
    alert_targets: Mapping[str, pulumi.Output[str]]


@dataclass(frozen=True, kw_only=True)
class Site:
    """One app as the edge and the alerts see it. id: the site's ARM id; host: its default host name."""

    id: pulumi.Output[str]
    host: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class Apps:
    """All that the apps layer gives: sites by app, plans by name."""

    sites: Mapping[str, Site]
    plans: Mapping[str, pulumi.Output[str]]


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """API Management, where a stack has it. id: its ARM id; host: what Front Door sends to; apis: apps behind it, each
    below a path of its name."""

    id: pulumi.Output[str]
    host: pulumi.Output[str]
    apis: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Edge:
    """All that the edge layer gives: WAF policy ids by exposure class."""

    waf_policies: Mapping[str, pulumi.Output[str]]
