"""Whom the public side of a service lets in: the Internet, our Front Door or another one, Azure's own services.

Sources: learn.microsoft.com/azure/app-service/overview-access-restrictions, .../key-vault/general/network-security,
.../storage/common/storage-network-security, .../postgresql/network/concepts-networking-public.
"""

from collections.abc import Callable
from typing import Any, Literal

from assurance.reach.gateway import only_ours
from assurance.reach.targets import (
    BUS,
    CACHE,
    GATEWAY,
    JOBS,
    SERVER,
    SITE,
    SLOT,
    STORAGE,
    TELEMETRY,
    VAULT,
    Target,
    endpoints_of,
)
from assurance.reach.verdict import Verdict, closed, opened
from assurance.record import UNKNOWN, Record, Resource, get, short_type

Who = Literal["internet", "our front door", "another front door", "trusted services"]
"""internet: any address. another front door: a profile of another customer of Azure. trusted services: Azure's own,
where a firewall lets them pass."""

FRONT_DOOR_TAG = "AzureFrontDoor.Backend"
PROFILE_HEADER = "x-azure-fdid"
ENTRA = "sign-in with Entra ID only"

EVERYWHERE = ("Any", "*", "0.0.0.0/0", "Internet")


def public_side(record: Record, target: Target, who: Who) -> Verdict:
    """Whether the public side of a target answers ``who``."""
    return _SIDES[short_type(target.resource)](record, target, who)


def _site(record: Record, target: Target, who: Who) -> Verdict:
    site = target.resource
    if who == "trusted services":
        return closed("App Service has no way past its restrictions for Azure's services", site)
    access = get(site, "publicNetworkAccess")
    if access == "Disabled":
        return closed(f"publicNetworkAccess of {site.name} is Disabled", site)
    if not access and endpoints_of(record, target):
        return closed(
            f"{site.name} has a private endpoint and no publicNetworkAccess: Azure closes its public side", site
        )
    prefix = "ipSecurityRestrictions"
    if target.kind in ("scm", "slot scm") and not get(site, "siteConfig.scmIpSecurityRestrictionsUseMain"):
        prefix = "scmIpSecurityRestrictions"
    rules = sorted(get(site, f"siteConfig.{prefix}", None) or [], key=lambda rule: int(rule.get("priority", 65000)))
    for rule in rules:
        message = f"{prefix} rule {rule.get('name', rule.get('priority'))} of {site.name}"
        allows = str(rule.get("action", "Allow")).lower() == "allow"
        extent = _extent(record, site, rule, who)
        if extent == "all":
            return opened(f"{message} lets it in", site) if allows else closed(f"{message} turns it away", site)
        if extent and allows:
            return opened(f"{message} lets in {extent}", site)
    default = get(site, f"siteConfig.{prefix}DefaultAction") or ("Deny" if rules else "Allow")
    if default == "Allow":
        return opened(f"{prefix} of {site.name} let in what no rule names", site)
    condition = "but through our own Front Door, known by its header" if _only_our_profile(record, site, rules) else ""
    return closed(f"{prefix}DefaultAction of {site.name} is Deny and no rule lets it in", site, condition)


def _only_our_profile(record: Record, site: Resource, rules: list[dict[str, Any]]) -> bool:
    return any(_extent(record, site, rule, "our front door") == "all" for rule in rules)


def _extent(record: Record, site: Resource, rule: dict[str, Any], who: Who) -> str:
    """How much of ``who`` a restriction is about: ``all``, a part of it in words, or nothing."""
    address = str(rule.get("ipAddress") or rule.get("vnetSubnetResourceId") or "Any")
    headers = {str(name).lower(): values for name, values in (rule.get("headers") or {}).items()}
    ours = PROFILE_HEADER not in headers or _our_profile(record, site, headers[PROFILE_HEADER])
    if address == FRONT_DOOR_TAG:
        if who == "internet":
            # A request of the Internet has no way to come from those addresses, except by someone's Front Door.
            return "" if PROFILE_HEADER in headers and ours else "every customer's Front Door"
        if who == "another front door":
            return "all" if PROFILE_HEADER not in headers else ""
        return "all" if ours else ""
    if address in EVERYWHERE:
        if who == "internet" and headers:
            return "whoever sends the headers it asks for"
        return "all" if ours or who == "internet" else ""
    if rule.get("vnetSubnetResourceId"):
        return ""
    return f"{address}" if who == "internet" else ""


def _our_profile(record: Record, site: Resource, wanted: list[str]) -> bool:
    """Whether every profile id that a rule accepts is that of a Front Door profile of this record."""
    path = f"siteConfig.ipSecurityRestrictions[].headers.{PROFILE_HEADER}[]"
    ours = record.targets(site, path, "cdn:Profile", by="frontDoorId")
    ids = {str(profile.outputs.get("frontDoorId")).lower() for profile in ours}
    return bool(ours) and all(value == UNKNOWN or str(value).lower() in ids for value in wanted)


def _database(record: Record, target: Target, who: Who) -> Verdict:
    server = target.resource
    if get(server, "network.delegatedSubnetResourceId"):
        return closed(f"{server.name} is in a delegated subnet and has no public address", server)
    if get(server, "network.publicNetworkAccess") == "Disabled":
        return closed(f"publicNetworkAccess of {server.name} is Disabled", server)
    for rule in record.holders(server, "serverName", "dbforpostgresql:FirewallRule", by="serverName"):
        start, end = get(rule, "startIpAddress"), get(rule, "endIpAddress")
        azure = start == end == "0.0.0.0"  # noqa: S104 - how Azure spells "any Azure service"
        if who == "internet" or azure:
            message = "every customer's services in Azure" if azure else f"{start} to {end}"
            return opened(f"firewall rule {rule.name} of {server.name} lets in {message}", rule)
    return closed(f"{server.name} is public and no firewall rule of the record lets anyone in", server)


def _firewalled(access: str, rules: str, fields: tuple[str, str]) -> Callable[[Record, Target, Who], Verdict]:
    """Vaults and storage: public access, then a default action, ranges and the bypass for trusted services."""

    def evaluate(_record: Record, target: Target, who: Who) -> Verdict:
        service = target.resource
        bypass = "AzureServices" in str(get(service, f"{rules}.bypass", "AzureServices"))
        if who == "trusted services":
            message = f"{rules}.bypass of {service.name}"
            if bypass:
                return opened(f"{message} lets Azure's trusted services pass", service, "with a right of their own")
            if get(service, access) == "Disabled":
                return closed(f"{message} lets no service pass", service)
        if get(service, access) == "Disabled":
            return closed(f"publicNetworkAccess of {service.name} is Disabled", service)
        if get(service, f"{rules}.defaultAction", "Allow") == "Allow":
            message = f"publicNetworkAccess of {service.name} is not Disabled and {rules} allow everything"
            # A vault has no other way to sign in; an account has its shared keys, unless they are off.
            keys_off = "allowSharedKeyAccess" not in service.inputs and service.type.endswith("Vault")
            return opened(message, service, ENTRA if keys_off or get(service, "allowSharedKeyAccess") is False else "")
        ranges = [str(rule.get(fields[0]) or rule.get(fields[1])) for rule in get(service, f"{rules}.ipRules", ())]
        if ranges and who == "internet":
            return opened(f"{rules}.ipRules of {service.name} let in {', '.join(ranges)}", service)
        return closed(f"{rules}.defaultAction of {service.name} is Deny and no address is let in", service)

    return evaluate


def _cache(_record: Record, target: Target, who: Who) -> Verdict:
    cache = target.resource
    if get(cache, "publicNetworkAccess") == "Disabled":
        return closed(f"publicNetworkAccess of {cache.name} is Disabled", cache)
    if who == "trusted services":
        return closed("Managed Redis has no way past its public access for Azure's services", cache)
    return opened(f"publicNetworkAccess of {cache.name} is not Disabled", cache)


def _bus(record: Record, target: Target, who: Who) -> Verdict:
    bus = target.resource
    if get(bus, "publicNetworkAccess") == "Disabled":
        return closed(f"publicNetworkAccess of {bus.name} is Disabled", bus)
    for rules in record.holders(bus, "namespaceName", "servicebus:NamespaceNetworkRuleSet", by="namespaceName"):
        if get(rules, "publicNetworkAccess") == "Disabled":
            return closed(f"publicNetworkAccess of {rules.name} is Disabled", rules)
        if get(rules, "defaultAction") == "Deny":
            ranges = [str(rule.get("ipMask")) for rule in get(rules, "ipRules", ())]
            if who == "internet" and ranges:
                return opened(f"ipRules of {rules.name} let in {', '.join(ranges)}", rules, _entra(bus))
            return closed(f"defaultAction of {rules.name} is Deny", rules)
    return opened(f"publicNetworkAccess of {bus.name} is not Disabled", bus, _entra(bus))


def _jobs(_record: Record, target: Target, _who: Who) -> Verdict:
    environment = target.resource
    if get(environment, "publicNetworkAccess") == "Disabled":
        return closed(f"publicNetworkAccess of {environment.name} is Disabled", environment)
    if get(environment, "vnetConfiguration.internal") is True:
        return closed(f"{environment.name} is internal to its network", environment)
    return opened(f"{environment.name} is neither internal nor closed to public access", environment)


def _gateway(record: Record, target: Target, who: Who) -> Verdict:
    gateway = target.resource
    if get(gateway, "publicNetworkAccess") == "Disabled":
        return closed(f"publicNetworkAccess of {gateway.name} is Disabled", gateway)
    if who == "trusted services":
        return closed("API Management has no way past its policy for Azure's services", gateway)
    message = f"publicNetworkAccess of {gateway.name} is not Disabled"
    if not only_ours(record, gateway):
        return opened(f"{message}, and no policy of it asks for our Front Door's id", gateway)
    if who == "another front door":
        # Front Door writes its own id over what a client sends.
        return closed(f"{message}, but its policy wants our Front Door's id", gateway)
    return opened(f"{message}: it answers whoever sends our Front Door's id", gateway)


def _telemetry(_record: Record, target: Target, _who: Who) -> Verdict:
    service = target.resource
    sides = {
        "ingestion": get(service, "publicNetworkAccessForIngestion", "Enabled"),
        "queries": get(service, "publicNetworkAccessForQuery", "Enabled"),
    }
    answering = [side for side, access in sides.items() if access != "Disabled"]
    if not answering:
        return closed(f"public ingestion and queries of {service.name} are Disabled", service)
    local = get(service, "features.disableLocalAuth") or get(service, "disableLocalAuth")
    return opened(f"{service.name} takes {' and '.join(answering)} from anywhere", service, ENTRA if local else "")


def _entra(bus: Resource) -> str:
    return ENTRA if get(bus, "disableLocalAuth") is True else ""


_SIDES: dict[str, Callable[[Record, Target, Who], Verdict]] = {
    SITE: _site,
    SLOT: _site,
    SERVER: _database,
    VAULT: _firewalled("properties.publicNetworkAccess", "properties.networkAcls", ("value", "value")),
    STORAGE: _firewalled("publicNetworkAccess", "networkRuleSet", ("iPAddressOrRange", "ipAddressOrRange")),
    CACHE: _cache,
    BUS: _bus,
    JOBS: _jobs,
    GATEWAY: _gateway,
    **dict.fromkeys(TELEMETRY, _telemetry),
}
