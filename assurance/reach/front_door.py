"""Front Door: the hosts that answer on the Internet, the firewall before them, and the way to each site."""

from dataclasses import dataclass, replace

from assurance.reach.gateway import GROUP as GATEWAY_GROUP
from assurance.reach.gateway import apis_for, gateways_of, sites_of
from assurance.reach.inside import SUBNET, to_target
from assurance.reach.public import public_side
from assurance.reach.targets import SITE, SLOT, Target
from assurance.reach.verdict import Step, Verdict, closed, opened
from assurance.record import UNKNOWN, Record, Resource, get

ENDPOINT, DOMAIN, ROUTE, ORIGIN_GROUP = "cdn:AFDEndpoint", "cdn:AFDCustomDomain", "cdn:Route", "cdn:AFDOriginGroup"
ORIGIN, SECURITY, POLICY, PROFILE = "cdn:AFDOrigin", "cdn:SecurityPolicy", "frontdoor:Policy", "cdn:Profile"


@dataclass(frozen=True, kw_only=True)
class Host:
    """A name that answers on the Internet. by: the domain or endpoint; sites: what its routes lead to; dead: its routes
    that lead to no site.

    firewall: the policy that every request passes, None without one.
    """

    name: str
    by: Resource
    routes: tuple[Resource, ...]
    sites: tuple[Resource, ...]
    dead: tuple[Resource, ...]
    firewall: Resource | None


def hosts(record: Record) -> list[Host]:
    """Every host of every enabled endpoint that has an enabled route."""
    found: dict[str, tuple[Resource, list[Resource]]] = {}
    for endpoint in record.of_type(ENDPOINT):
        if not _enabled(endpoint):
            continue
        for route in record.holders(endpoint, "endpointName", ROUTE, by="endpointName"):
            if not _enabled(route):
                continue
            owners = record.targets(route, "customDomains[].id", DOMAIN)
            if get(route, "linkToDefaultDomain", "Enabled") == "Enabled":
                owners = [*owners, endpoint]
            for owner in owners:
                found.setdefault(owner.urn, (owner, []))[1].append(route)
    return sorted((_host(record, owner, routes) for owner, routes in found.values()), key=lambda host: host.name)


def _host(record: Record, owner: Resource, routes: list[Resource]) -> Host:
    by_route = {route.urn: _sites(record, route) for route in routes}
    sites = {site.urn: site for found in by_route.values() for site in found}
    return Host(
        name=host_name(owner),
        by=owner,
        routes=tuple(routes),
        sites=tuple(sites.values()),
        dead=tuple(route for route in routes if not by_route[route.urn]),
        firewall=next(iter(firewalls(record, owner)), None),
    )


def host_name(owner: Resource) -> str:
    """The host name of a custom domain or endpoint; the resource's name while Azure has not made one."""
    name = get(owner, "hostName") or owner.outputs.get("hostName")
    return str(name) if name and name != UNKNOWN else f"(endpoint {owner.name})"


def firewalls(record: Record, owner: Resource) -> list[Resource]:
    """The enabled firewall policies whose association covers every path of a domain or endpoint."""
    found = []
    for security in record.of_type(SECURITY):
        covering = [each for each in get(security, "parameters.associations", ()) if "/*" in each["patternsToMatch"]]
        domains = record.targets(security, "parameters.associations[].domains[].id", owner.type)
        if covering and owner in domains:
            found += record.targets(security, "parameters.wafPolicy.id", POLICY)
    return [policy for policy in found if get(policy, "policySettings.enabledState") == "Enabled"]


def _sites(record: Record, route: Resource) -> list[Resource]:
    """The sites and slots that answer the requests of a route."""
    origins = [
        origin
        for group in record.targets(route, "originGroup.id", ORIGIN_GROUP)
        for origin in record.holders(group, "originGroupName", ORIGIN, by="originGroupName")
    ]
    return [site for origin in origins for site in origin_sites(record, origin, route)]


def origin_sites(record: Record, origin: Resource, route: Resource) -> list[Resource]:
    """The sites that an origin sends a route's requests to: by private link, by host name, or through a gateway."""
    gateways = gateways_of(record, origin)
    if gateways:
        return [site for api in apis_for(record, gateways[0], route) for site in sites_of(record, api)]
    linked = record.targets(origin, "sharedPrivateLinkResource.privateLink.id", SITE)
    return linked or record.targets(origin, "hostName", SITE, SLOT, by="defaultHostName")


def to_site(record: Record, target: Target) -> Verdict:
    """Whether requests at some host of Front Door reach a site: endpoint, route, origin, link or restrictions."""
    site = target.resource
    origins = [origin for origin in record.of_type(ORIGIN) if _leads_to(record, origin, target)]
    if target.kind in ("scm", "slot scm"):
        # An origin sends its own host name, and SCM answers to another one; so does a gateway.
        origins = [origin for origin in origins if ".scm." in str(get(origin, "hostName"))]
    verdict = closed(f"no origin of Front Door leads to {target.name}", site)
    for origin in origins:
        verdict = _by(record, origin, target)
        if verdict.open:
            return verdict
    return verdict


def _leads_to(record: Record, origin: Resource, target: Target) -> bool:
    """Whether an origin, by any route to its group or by none yet, is for this target."""
    if target.resource in gateways_of(record, origin):
        return True
    groups = record.targets(origin, "originGroupName", ORIGIN_GROUP, by="originGroupName")
    routes = [route for group in groups for route in record.holders(group, "originGroup.id", ROUTE)]
    routes = [route for route in routes if takes_every_path(route)] or routes
    return any(target.resource in origin_sites(record, origin, route) for route in routes or [origin])


def _by(record: Record, origin: Resource, target: Target) -> Verdict:
    if not _enabled(origin):
        return closed(f"origin {origin.name} is disabled", origin)
    groups = record.targets(origin, "originGroupName", ORIGIN_GROUP, by="originGroupName")
    routes = [
        route for host in hosts(record) for route in host.routes
        if takes_every_path(route) and set(groups_of(record, route)) & {group.urn for group in groups}
    ]  # fmt: skip
    if not routes:
        return closed(f"no enabled route of an enabled endpoint leads every path to origin {origin.name}", origin)
    step = Step(f"route {routes[0].name} leads to origin {origin.name}", routes[0])
    if not get(origin, "sharedPrivateLinkResource"):
        return public_side(record, target, "our front door").after(step)
    gateways = gateways_of(record, origin)
    linked = _linked(record, origin, gateways[0] if gateways else target.resource, bool(gateways)).after(step)
    if not linked.open or not gateways or target.resource in gateways:
        return linked
    return replace(_through(record, gateways[0], target).after(*linked.steps), condition=linked.condition)


def _through(record: Record, gateway: Resource, target: Target) -> Verdict:
    """Whether calls of a gateway reach a site: out of its subnet, by the site's private name."""
    subnets = record.targets(gateway, "virtualNetworkConfiguration.subnetResourceId", SUBNET)
    if not subnets:
        return closed(f"{gateway.name} is not integrated with a subnet of the network", gateway)
    step = Step(f"{gateway.name} calls out of {subnets[0].name}", gateway)
    return to_target(record, subnets[0], target).after(step)


def _linked(record: Record, origin: Resource, end: Resource, gateway: bool) -> Verdict:
    """Whether the private link of an origin carries anything."""
    profiles = record.targets(origin, "profileName", PROFILE, by="profileName")
    group = GATEWAY_GROUP if gateway else "sites"
    if get(origin, "sharedPrivateLinkResource.groupId") != group:
        return closed(f"the private link of {origin.name} is not to the group {group}", origin)
    if not any(get(profile, "sku.name") == "Premium_AzureFrontDoor" for profile in profiles):
        return closed(f"private link needs Front Door Premium, which the profile of {origin.name} is not", origin)
    return opened(
        f"{origin.name} has a private link to {end.name}", origin, "once its connection is approved (deployment/)"
    )


def takes_every_path(route: Resource) -> bool:
    """Whether a route takes what no more specific one does; sign-ins and static files have routes of their own."""
    return "/*" in (get(route, "patternsToMatch") or ())


def groups_of(record: Record, route: Resource) -> list[str]:
    """URNs of the origin groups of a route."""
    return [group.urn for group in record.targets(route, "originGroup.id", ORIGIN_GROUP)]


def _enabled(resource: Resource) -> bool:
    return bool(get(resource, "enabledState", "Enabled") == "Enabled")
