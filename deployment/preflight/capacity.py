"""SKUs and quotas in the region: App Service workers, storage redundancy, counts of what is limited."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from deployment.preflight.subscription import Subscription
from deployment.step import Result
from facts.quotas import quotas
from facts.regions import region_name

WEB = "2024-11-01"
STORAGE = "2024-01-01"


def check_plans(subscription: Subscription) -> Iterator[Result]:
    """Each App Service tier has Linux workers in its region (Microsoft.Web geoRegions)."""
    wanted = {
        (one.inputs["sku"]["tier"], one.location)
        for one in subscription.record.of("azure-native:web:AppServicePlan")
        if one.location and not subscription.is_made(one)
    }
    for tier, location in sorted(wanted):
        path = f"{subscription.id}/providers/Microsoft.Web/geoRegions"
        shown = subscription.arm.list(path, WEB, sku=tier, linuxWorkersEnabled="true")
        regions = {region_name(str(one["name"])) for one in shown}
        if location not in regions:
            near = ", ".join(sorted(regions)) or "none"
            yield Result(tier, "missing", f"no Linux workers in {location} for this subscription (offered: {near})")
        else:
            yield Result(tier, "holds", f"{location} has Linux workers")


def check_storage(subscription: Subscription) -> Iterator[Result]:
    """Each account's redundancy is offered in its region, without a restriction of this subscription's."""
    for one in subscription.record.of("azure-native:storage:StorageAccount"):
        if subscription.is_made(one):
            continue
        name = one.inputs["sku"]["name"]
        rows = [
            sku
            for sku in subscription.listed("Microsoft.Storage/skus", STORAGE)
            if sku["name"] == name and one.location in {region_name(place) for place in sku.get("locations") or []}
        ]
        if not rows or all(_restricted(sku) for sku in rows):
            yield Result(one.last_name, "missing", f"{name} is not offered in {one.location} to this subscription")
        else:
            yield Result(one.last_name, "holds", f"{one.location} offers {name}")


def check_quotas(subscription: Subscription) -> Iterator[Result]:
    """What is still to be made fits into what the subscription has left in its region."""
    needed: Counter[tuple[str, str, str]] = Counter()
    for one in subscription.record.resources:
        row = quotas().get(one.type)
        if row and one.location and not subscription.is_made(one):
            needed[row.path.format(location=one.location), row.version, row.name] += 1
    fit, unlisted = 0, []
    for (path, version, name), count in sorted(needed.items()):
        usages = {str(one["name"]["value"]).lower(): one for one in subscription.listed(path, version)}
        usage = usages.get(name.lower())
        if usage is None:
            unlisted.append(name)
            continue
        left = int(usage["limit"]) - int(usage["currentValue"])
        if left < count:
            yield Result(name, "missing", f"{count} are needed, {left} are left ({path}); ask for more: portal, Quotas")
        else:
            fit += 1
    if unlisted:
        yield Result("quotas", "skipped", f"not listed by Azure, so not examined: {', '.join(unlisted)}")
    yield Result("quotas", "holds", f"{fit} counts fit")


def _restricted(sku: dict[str, Any]) -> bool:
    return any(one.get("type") == "location" for one in sku.get("restrictions") or [])
