"""Network Watcher for flow logs, and App Service plans that share a subnet."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterator

from deployment.preflight.subscription import Subscription
from deployment.record import Declared, Record
from deployment.step import Result, name_of

NETWORK = "2024-05-01"
SMALLEST_SHARED = 26
"""Longest prefix of a subnet that several App Service plans join (Azure/AppService, "Announcing Multi-plan subnet
join", 2023-11-14: /26 at least once it is generally available, all plans in one subscription; it does not check whether
addresses are free)."""
RESERVED = 5
"""Addresses that Azure keeps in each subnet."""


def watchers(record: Record) -> dict[str, str]:
    """Ids of the network watchers that flow logs stand on, and their regions."""
    logs = record.of("azure-native:network:FlowLog")
    return {one.id.rpartition("/flowLogs/")[0]: str(one.location) for one in logs}


def check_watcher(subscription: Subscription) -> Iterator[Result]:
    """The network watcher of each flow log is there: Azure makes it with a region's first network, not at once."""
    for watcher, location in watchers(subscription.record).items():
        if subscription.arm.find(subscription.real(watcher), NETWORK) is not None:
            yield Result(name_of(watcher), "holds", "it is there")
        else:
            command = f"az network watcher configure --enabled true -g {watcher.split('/')[4]} -l {location}"
            yield Result(name_of(watcher), "missing", f"flow logs need it: {command}")


def check_shared_subnets(subscription: Subscription) -> Iterator[Result]:
    """Subnets that several plans join are large enough: an address for each instance, twice while a plan is resized."""
    record = subscription.record
    plans: defaultdict[str, set[str]] = defaultdict(set)
    for site in record.of("azure-native:web:WebApp"):
        if (subnet := site.inputs.get("virtualNetworkSubnetId")) and (plan := site.inputs.get("serverFarmId")):
            plans[str(subnet).lower()].add(str(plan).lower())
    declared = {one.id.lower(): one for one in record.resources}
    for subnet, joined in sorted(plans.items()):
        known = declared.get(subnet)
        if known is None or not (prefix := known.inputs.get("addressPrefix")):
            yield Result(name_of(subnet), "skipped", "not declared here: its size is not known")
            continue
        network = ipaddress.ip_network(str(prefix))
        needed = sum(2 * _most_instances(record, declared.get(plan), plan) for plan in joined) + RESERVED
        if len(joined) > 1 and network.prefixlen > SMALLEST_SHARED:
            yield Result(known.last_name, "missing", f"{len(joined)} plans join it, {prefix} is smaller than /26")
        elif network.num_addresses < needed:
            yield Result(known.last_name, "missing", f"{prefix} has {network.num_addresses} addresses, {needed} needed")
        else:
            yield Result(known.last_name, "holds", f"{prefix} for {len(joined)} plans: {needed} addresses at most")


def _most_instances(record: Record, plan: Declared | None, plan_id: str) -> int:
    """The most instances that a plan may have: its own capacity, or what its autoscale setting allows."""
    own = int((plan.inputs.get("sku") or {}).get("capacity") or 1) if plan else 1
    scaled = [
        int(profile["capacity"]["maximum"])
        for one in record.of("azure-native:monitor:AutoscaleSetting")
        if str(one.inputs.get("targetResourceUri", "")).lower() == plan_id
        for profile in one.inputs.get("profiles") or []
    ]
    return max([own, *scaled])
