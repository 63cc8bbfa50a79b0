"""Resource providers: registered, and offering each declared type in its region with the API version that is sent.

The engine's provider registers nothing (pulumi/pulumi-azure-native#3479): the first resource of an unregistered
namespace fails after minutes of `up`.
"""

from collections import defaultdict
from collections.abc import Iterator

from deployment.preflight.subscription import Subscription
from deployment.record import Record
from deployment.step import Result
from facts.regions import region_name
from facts.resource_providers import resource_providers


def needed_namespaces(record: Record) -> dict[str, str]:
    """Namespaces that the record needs, and what for: the types in it, and what their work needs beside (facts)."""
    needed: dict[str, str] = {}
    for one in record.resources:
        namespace = one.arm.partition("/")[0]
        if namespace:
            needed.setdefault(_spelt(namespace), one.arm)
    declared = {one.type for one in record.resources}
    for namespace, row in resource_providers().items():
        for type_ in sorted(declared & set(row.also_needed_by)):
            needed.setdefault(namespace, row.also_needed_by[type_])
    return dict(sorted(needed.items()))


def check_registered(subscription: Subscription) -> Iterator[Result]:
    """Every namespace that the record needs is registered."""
    needed = needed_namespaces(subscription.record)
    missing = 0
    for namespace, reason in needed.items():
        state = subscription.providers.get(namespace.lower(), {}).get("registrationState", "unknown to Azure")
        if state != "Registered":
            missing += 1
            yield Result(namespace, "missing", f"{state} ({reason}): az provider register --wait -n {namespace}")
    if not missing:
        yield Result("subscription", "holds", f"{len(needed)} resource providers are registered")


def check_offered(subscription: Subscription) -> Iterator[Result]:
    """Every declared type is offered in its region, and its API version has not been taken away."""
    places: dict[tuple[str, str], str] = {}
    versions: defaultdict[str, set[str]] = defaultdict(set)
    for one in subscription.record.resources:
        if one.location:
            places.setdefault((one.arm, one.location), one.name)
        if one.api_version:
            versions[one.arm].add(one.api_version)
    wrong = 0
    for (arm, location), name in sorted(places.items()):
        regions = {region_name(text) for text in (subscription.offered(arm) or {}).get("locations") or []}
        if regions and location not in regions:
            wrong += 1
            yield Result(name, "missing", f"{arm} is not offered in {location} (offered: {', '.join(sorted(regions))})")
    for arm, sent in sorted(versions.items()):
        known = (subscription.offered(arm) or {}).get("apiVersions") or []
        for version in sorted(sent - set(known)) if known else ():
            wrong += 1
            yield Result(arm, "missing", f"API version {version} is not there any more (newest: {max(known)})")
    if not wrong:
        yield Result("subscription", "holds", f"{len(places)} types in their regions, {len(versions)} API versions")


def _spelt(namespace: str) -> str:
    """A namespace as facts spell it: ids of the record differ in case."""
    known = {name.lower(): name for name in resource_providers()}
    return known.get(namespace.lower(), namespace)
