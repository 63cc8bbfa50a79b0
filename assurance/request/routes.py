"""Which route of Front Door takes a path.

Source: learn.microsoft.com/azure/frontdoor/front-door-route-matching: an exact path first, then the longest pattern;
``/abc/*`` takes ``/abc/`` and what is below, not ``/abc``; upper and lower case are the same.
"""

from collections.abc import Sequence

from assurance.reach.front_door import DOMAIN, ENDPOINT, ROUTE, host_name
from assurance.record import Record, Resource, get


def path_matches(pattern: str, path: str) -> bool:
    """Whether a pattern takes a path."""
    pattern, path = pattern.lower(), path.lower()
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def most_specific(patterns: Sequence[str], path: str) -> str | None:
    """The pattern that takes a path: the path itself, else the longest."""
    matching = [pattern for pattern in patterns if path_matches(pattern, path)]
    return max(matching, key=lambda pattern: (not pattern.endswith("*"), len(pattern)), default=None)


def owner_of(record: Record, host: str) -> Resource | None:
    """The custom domain or endpoint that has a host name."""
    return record.remember(_owners).get(host)


def _owners(record: Record) -> dict[str, Resource]:
    """By host name; of two that have the same, the first."""
    return {host_name(each).lower(): each for each in reversed(record.of_type(DOMAIN, ENDPOINT))}


def routes_of(record: Record, owner: Resource) -> list[Resource]:
    """The enabled routes of a custom domain, or of an endpoint's own name."""
    found = []
    for route in record.of_type(ROUTE):
        endpoints = record.targets(route, "endpointName", ENDPOINT, by="endpointName")
        if get(route, "enabledState", "Enabled") != "Enabled":
            continue
        if not any(get(endpoint, "enabledState", "Enabled") == "Enabled" for endpoint in endpoints):
            continue
        own = get(route, "linkToDefaultDomain", "Enabled") == "Enabled" and owner in endpoints
        if own or owner in record.targets(route, "customDomains[].id", DOMAIN):
            found.append(route)
    return found


def choose(routes: Sequence[Resource], scheme: str, path: str) -> tuple[Resource, str] | None:
    """The route, and its pattern, that takes a request; None when none does."""
    by_pattern = {
        pattern: route
        for route in routes
        if scheme.lower() in {protocol.lower() for protocol in get(route, "supportedProtocols", ["Http", "Https"])}
        for pattern in get(route, "patternsToMatch", ())
    }
    pattern = most_specific(list(by_pattern), path)
    return (by_pattern[pattern], pattern) if pattern else None
