"""Whether subnets have an address for everything that the sections put into them."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from documents.problems import Problem
from stacks.settings.jobs import installs_credentials
from stacks.settings.model import Settings
from stacks.settings.network import NetworkSettings, subnet_key
from stacks.settings.plans import PlanSettings

# learn.microsoft.com/azure/virtual-network/virtual-networks-faq: network, gateway, two for DNS, broadcast.
AZURE_RESERVED = 5

SMALLEST_SUBNET = 29
"""Prefix length of the smallest subnet that Azure allows."""


def private_endpoints(settings: Settings) -> int:
    """How many private endpoints the stack makes: vaults, archive, flow logs, cache, bus, gateway, Grafana, apps and
    slots that are reached privately."""
    vaults = len(settings.apps) + 1 + int(settings.database.geo_redundant_backup)
    vaults += int(installs_credentials(settings.database_job, settings.apps))
    sites = sum(1 + int(app.slot) for app in settings.apps.values() if app.ingress == "privateLink")
    grafana = settings.dashboards.managed_grafana
    single = (
        settings.cache is not None,
        settings.network.flow_logs is not None,
        settings.event_bus.tier == "premium",
        settings.api_management.on,
        grafana is not None and not grafana.public_network,
    )
    return vaults + 1 + sites + single.count(True)


def private_endpoint_problems(network: NetworkSettings, count: int) -> Iterator[Problem]:
    """The subnet for private endpoints must have an address for each of ``count`` endpoints."""
    yield from _room(network.subnets.private_endpoints, "private-endpoints", count, f"{count} private endpoints")


def app_instance_problems(network: NetworkSettings, instances: int) -> Iterator[Problem]:
    """The subnet for apps must hold twice ``instances``, the most instances that all plans together may have.

    App Service needs the double while a plan changes size
    (learn.microsoft.com/azure/app-service/overview-vnet-integration, subnet requirements).
    """
    for purpose in ("apps", "frontends"):
        if text := network.subnets.by_purpose.get(purpose):
            yield from _room(text, purpose, 2 * instances, f"{instances} instances, twice while a plan changes size")


def _room(text: str, purpose: str, needed: int, what: str) -> Iterator[Problem]:
    """A subnet with fewer than ``needed`` usable addresses is a problem. The key is a full path."""
    if usable(text) < needed:
        allowed = f"/{prefix_for(needed)} or larger: it has {usable(text)} usable addresses, and there are {what}"
        yield Problem(f"network.{subnet_key(purpose)}", text, allowed)


def address_problems(settings: Settings) -> Iterator[Problem]:
    """Every subnet has room for what lies in it. Keys are full paths without the namespace."""
    yield from private_endpoint_problems(settings.network, private_endpoints(settings))
    yield from app_instance_problems(settings.network, sum(map(_most_workers, settings.plans.values())))


def _most_workers(plan: PlanSettings) -> int:
    quiet = [plan.schedule.quiet.maximum] if plan.schedule else []
    return max(plan.instances.maximum, *quiet, 0)


def usable(text: str) -> int:
    """Addresses of a subnet that resources can have: all but the five that Azure keeps."""
    return max(0, IPv4Network(text).num_addresses - AZURE_RESERVED)


def prefix_for(addresses: int) -> int:
    """Prefix length of the smallest subnet with room for ``addresses`` resources (at least 0)."""
    return min(SMALLEST_SUBNET, 32 - (addresses + AZURE_RESERVED - 1).bit_length())
