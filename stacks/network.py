"""The network of the foundation layer: subnets, security groups, the way out, private DNS, peers."""

from components.flow_logs import FLOWS, FlowLogs, FlowLogsArgs
from components.identity import IdentityOutputs
from components.nat_gateway import NatGateway, NatGatewayArgs
from components.network import RULE_NAMES, Subnet, SubnetArgs, VirtualNetwork, VirtualNetworkArgs, peer_network
from components.private_account import Expiry
from components.private_dns import PrivateDns, PrivateDnsArgs
from facts.regions import regions
from facts.types import private_link_zone
from stacks.catalogues.network_flows import CATALOGUE, flow_table
from stacks.entries import Entry, Part, leave_out, name_entry, name_parts, stack_entry
from stacks.flows import has_both_ends, security_rules
from stacks.log_accounts import log_account
from stacks.outputs import Common, Network
from stacks.settings.network import SUBNETS, FlowLogSettings, NetworkSettings, subnet_key
from stacks.vaults import EncryptionKey

PRIVATE_SERVICES = {
    "vault": "keyvault:Vault",
    "redis": "redisenterprise:RedisEnterprise",
    "blob": "storage:StorageAccount",
    "sites": "web:WebApp",
    "servicebus": "servicebus:Namespace",
}
"""Services that every stack may reach privately, by the name of their zone, which costs about half a dollar a month.
The zone of `sites` also holds their SCM sites."""
GATEWAY = {"gateway": "apimanagement:ApiManagementService"}
"""API Management, where a stack has it."""


def build_network(settings: NetworkSettings, common: Common) -> Network:
    """The virtual network of the stack, complete: whoever uses a subnet or a zone waits for it."""
    names = common.names
    group = common.groups["platform"]
    with name_entry(stack_entry("network")):
        vnet = VirtualNetwork(
            "network",
            VirtualNetworkArgs(
                **common.place("platform"),
                network_name=names.regional("vnet"),
                address_space=settings.address_space,
                logs=common.logs,
                encryption=settings.encryption,
                ddos_plan_id=settings.ddos_plan_id,
            ),
        )
    way_out = _nat_gateway(settings, common)
    subnets = _subnets(settings, common, vnet, way_out)
    with name_entry(stack_entry("network")):
        zones = PrivateDns(
            "private-dns",
            PrivateDnsArgs(
                resource_group_name=group,
                network_id=vnet.outputs.id,
                link_name=names.regional("link"),
                zones=private_zones(gateway=settings.subnets.gateway is not None)
                | {"postgres": postgres_zone(names.short, names.code)},
                tags=dict(common.tags),
            ),
        )
    for index, peer in enumerate(settings.peers):
        with name_entry(stack_entry(f"network.peers[{index}]")):
            peer_network(
                f"peer-{peer.name}",
                resource_group_name=group,
                virtual_network_name=vnet.outputs.name,
                remote_network_id=peer.network_id,
                use_remote_gateways=peer.use_remote_gateways,
                after=[subnet.made for subnet in subnets.values()],
            )
    return Network(
        vnet_id=vnet.outputs.id,
        subnets={purpose: subnet.outputs.id for purpose, subnet in subnets.items()},
        dns_zones=zones.outputs.zone_ids,
        egress_address=way_out.outputs.address if way_out else None,
        nat_gateway_id=way_out.outputs.id if way_out else None,
    )


def private_zones(*, gateway: bool) -> dict[str, str]:
    """Private DNS zones of the services that have private endpoints, by the services' short names."""
    services = PRIVATE_SERVICES | (GATEWAY if gateway else {})
    return {name: private_link_zone(f"azure-native:{type_}") for name, type_ in services.items()}


def postgres_zone(short: str, code: str) -> str:
    """The zone of servers inside the network, which must not bear a server's own name
    (learn.microsoft.com/azure/postgresql/network/concepts-networking-private)."""
    return f"{short}-{code}.private.postgres.database.azure.com"


def build_flow_logs(
    settings: FlowLogSettings, common: Common, network: Network, *, identity: IdentityOutputs, key: EncryptionKey
) -> FlowLogs:
    """Flow logs of the stack's network, to a storage account of their own and to the stack's workspace.

    key: encrypts the account; identity: writes to it.
    """
    with name_entry(stack_entry("network.flowLogs")):
        return FlowLogs(
            "network-flows",
            FlowLogsArgs(
                location=common.location,
                # As Azure names the one that it makes in each region by itself.
                watcher_name=f"NetworkWatcher_{common.location}",
                watcher_group="NetworkWatcherRG",
                flow_log_name=common.names.regional("flow"),
                target_id=network.vnet_id,
                account=log_account(
                    "flows",
                    settings,
                    common,
                    network,
                    key,
                    expiry=Expiry(name="delete-flows", days=settings.retention_days, prefix=FLOWS),
                ),
                identity=identity,
                workspace_id=common.logs.workspace_id,
                workspace_region=common.location,
                analytics_minutes=settings.analytics_minutes,
                tags=dict(common.tags),
            ),
        )


def _nat_gateway(settings: NetworkSettings, common: Common) -> NatGateway | None:
    if settings.nat_gateway is None:
        return None
    with name_entry(stack_entry("network.natGateway")):
        return NatGateway(
            "egress",
            NatGatewayArgs(
                **common.place("platform"),
                gateway_name=common.names.regional("ng"),
                address_name=common.names.regional("pip", "egress"),
                logs=common.logs,
                zone=settings.nat_gateway.zone,
                address_zones=["1", "2", "3"] if regions()[common.location].zones else [],
                protect=common.protection.protect,
            ),
        )


def _subnets(
    settings: NetworkSettings, common: Common, vnet: VirtualNetwork, way_out: NatGateway | None
) -> dict[str, Subnet]:
    """One subnet for each purpose, made one after the other: ARM refuses parallel writes to one network."""
    made: dict[str, Subnet] = {}
    table = flow_table()
    keys = table.keys_by_rule()
    for purpose, address_prefix in settings.subnets.by_purpose.items():
        kind = SUBNETS[purpose]
        rules = security_rules(purpose, settings, table)
        parts = [Part(Entry(CATALOGUE, keys[rule.name]), RULE_NAMES, rule.name) for rule in rules]
        with name_entry(stack_entry(f"network.{subnet_key(purpose)}")), name_parts(*parts):
            made[purpose] = Subnet(
                f"subnet-{purpose}",
                SubnetArgs(
                    **common.place("platform"),
                    virtual_network_name=vnet.outputs.name,
                    subnet_name=common.names.regional("snet", purpose),
                    address_prefix=address_prefix,
                    security_group_name=common.names.regional("nsg", purpose),
                    rules=rules,
                    logs=common.logs,
                    delegation=kind.delegation,
                    service_endpoints=kind.service_endpoints,
                    nat_gateway_id=way_out.outputs.id if way_out and kind.outbound else None,
                    after=[subnet.made for subnet in made.values()][-1:],
                ),
            )
    for key, row in table.keys().items():
        if not has_both_ends(row, settings):
            leave_out(f"this stack has no {row.start} or no {row.end}", Entry(CATALOGUE, key))
    return made
