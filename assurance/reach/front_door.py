"""Front Door: the hosts that answer on the Internet, the firewall before them, and the way to each site."""

from __future__ import annotations

from dataclasses import dataclass

from assurance.joins import Joins, get
from assurance.reach.public import public_side
from assurance.reach.targets import SITE, SLOT, Target
from assurance.reach.verdict import Step, Verdict, closed, opened
from assurance.record import UNKNOWN, Resource

ENDPOINT, DOMAIN, ROUTE, ORIGIN_GROUP = "cdn:AFDEndpoint", "cdn:AFDCustomDomain", "cdn:Route", "cdn:AFDOriginGroup"
ORIGIN, SECURITY, POLICY, PROFILE = "cdn:AFDOrigin", "cdn:SecurityPolicy", "frontdoor:Policy", "cdn:Profile"


@dataclass(frozen=True, kw_only=True)
class Host:
    """A name that answers on the Internet. by: the domain or endpoint; sites: what its routes lead to.

    firewall: the policy that every request passes, None without one.
    """

    name: str
    by: Resource
    routes: tuple[Resource, ...]
    sites: tuple[Resource, ...]
    firewall: Resource | None


def hosts(joins: Joins) -> list[Host]:
    """Every host of every enabled endpoint that has an enabled route."""
    found: dict[str, tuple[Resource, list[Resource]]] = {}
    for endpoint in joins.of(ENDPOINT):
        if not _enabled(endpoint):
            continue
        for route in joins.holders(endpoint, "endpointName", ROUTE, by="endpointName"):
            if not _enabled(route):
                continue
            owners = joins.targets(route, "customDomains[].id", DOMAIN)
            if get(route, "linkToDefaultDomain", "Enabled") == "Enabled":
                owners = [*owners, endpoint]
            for owner in owners:
                found.setdefault(owner.urn, (owner, []))[1].append(route)
    return sorted((_host(joins, owner, routes) for owner, routes in found.values()), key=lambda host: host.name)


def _host(joins: Joins, owner: Resource, routes: list[Resource]) -> Host:
    sites = {site.urn: site for route in routes for site in _sites(joins, route)}
    return Host(
        name=host_name(owner),
        by=owner,
        routes=tuple(routes),
        sites=tuple(sites.values()),
        firewall=next(iter(firewalls(joins, owner)), None),
    )


def host_name(owner: Resource) -> str:
    """The host name of a custom domain or endpoint; the resource's name while Azure has not made one."""
    name = get(owner, "hostName") or owner.outputs.get("hostName")
    return str(name) if name and name != UNKNOWN else f"(endpoint {owner.name})"


def firewalls(joins: Joins, owner: Resource) -> list[Resource]:
    """The enabled firewall policies whose association covers every path of a domain or endpoint."""
    found = []
    for security in joins.of(SECURITY):
        covering = [each for each in get(security, "parameters.associations", ()) if "/*" in each["patternsToMatch"]]
        domains = joins.targets(security, "parameters.associations[].domains[].id", owner.type)
        if covering and owner in domains:
            found += joins.targets(security, "parameters.wafPolicy.id", POLICY)
    return [policy for policy in found if get(policy, "policySettings.enabledState") == "Enabled"]


def _sites(joins: Joins, route: Resource) -> list[Resource]:
    """The sites and slots that answer the requests of a route."""
    origins = [
        origin
        for group in joins.targets(route, "originGroup.id", ORIGIN_GROUP)
        for origin in joins.holders(group, "originGroupName", ORIGIN, by="originGroupName")
    ]
    return [site for origin in origins for site in origin_sites(joins, origin)]


def origin_sites(joins: Joins, origin: Resource) -> list[Resource]:
    """The sites that an origin sends to: by private link, or by host name."""
    linked = joins.targets(origin, "sharedPrivateLinkResource.privateLink.id", SITE)
    return linked or joins.targets(origin, "hostName", SITE, SLOT, by="defaultHostName")


def to_site(joins: Joins, target: Target) -> Verdict:
    """Whether requests at some host of Front Door reach a site: endpoint, route, origin, link or restrictions."""
    site = target.resource
    origins = [origin for origin in joins.of(ORIGIN) if site in origin_sites(joins, origin)]
    if target.kind in ("scm", "slot scm"):
        # An origin sends its own host name, and SCM answers to another one.
        origins = [origin for origin in origins if ".scm." in str(get(origin, "hostName"))]
    verdict = closed(f"no origin of Front Door leads to {target.name}", site)
    for origin in origins:
        verdict = _by(joins, origin, target)
        if verdict.open:
            return verdict
    return verdict


def _by(joins: Joins, origin: Resource, target: Target) -> Verdict:
    site = target.resource
    if not _enabled(origin):
        return closed(f"origin {origin.name} is disabled", origin)
    groups = joins.targets(origin, "originGroupName", ORIGIN_GROUP, by="originGroupName")
    routes = [
        route for host in hosts(joins) for route in host.routes
        if set(groups_of(joins, route)) & {group.urn for group in groups}
    ]  # fmt: skip
    if not routes:
        return closed(f"no enabled route of an enabled endpoint leads to origin {origin.name}", origin)
    step = Step(f"route {routes[0].name} leads to origin {origin.name}", routes[0])
    if not get(origin, "sharedPrivateLinkResource"):
        return public_side(joins, target, "our front door").after(step)
    profiles = joins.targets(origin, "profileName", PROFILE, by="profileName")
    if get(origin, "sharedPrivateLinkResource.groupId") != "sites":
        return closed(f"the private link of {origin.name} is not to the group sites", origin).after(step)
    if not any(get(profile, "sku.name") == "Premium_AzureFrontDoor" for profile in profiles):
        return closed(f"private link needs Front Door Premium, which the profile of {origin.name} is not", origin)
    return opened(
        f"{origin.name} has a private link to {site.name}", origin, "once its connection is approved (deployment/)"
    ).after(step)


def groups_of(joins: Joins, route: Resource) -> list[str]:
    """URNs of the origin groups of a route."""
    return [group.urn for group in joins.targets(route, "originGroup.id", ORIGIN_GROUP)]


def _enabled(resource: Resource) -> bool:
    return bool(get(resource, "enabledState", "Enabled") == "Enabled")
