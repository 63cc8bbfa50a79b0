"""API Management between Front Door and the apps: what it answers, and where a call goes from there.

Source: learn.microsoft.com/azure/api-management/private-endpoint, .../front-door-api-management.
"""

from assurance.reach.targets import GATEWAY, SITE
from assurance.record import UNKNOWN, Record, Resource, get
from policies.rules.api_management import API, NAMED, POLICY, inbound

GROUP = "Gateway"
"""Sub-resource of a gateway's private links."""


def gateways_of(record: Record, origin: Resource) -> list[Resource]:
    """The gateway that an origin has a private link to."""
    return record.targets(origin, "sharedPrivateLinkResource.privateLink.id", GATEWAY)


def apis_for(record: Record, gateway: Resource, route: Resource) -> list[Resource]:
    """The API that takes what a route of Front Door sends: the one at the path that the route puts in front."""
    path = str(get(route, "originPath", "")).strip("/")
    return [
        api
        for api in record.holders(gateway, "serviceName", API, by="serviceName")
        if path and get(api, "path") == path
    ]


def sites_of(record: Record, api: Resource) -> list[Resource]:
    """The sites that an API calls."""
    url = get(api, "serviceUrl", UNKNOWN)
    if url == UNKNOWN:
        return record.targets(api, "serviceUrl", SITE, by="defaultHostName")
    host = str(url).removeprefix("https://").partition("/")[0].lower()
    return [site for site in record.of_type(SITE) if str(site.outputs.get("defaultHostName")).lower() == host]


def only_ours(record: Record, gateway: Resource) -> bool:
    """Whether its policy refuses whatever does not bear the id of a Front Door profile of this record."""
    ours = {
        "{{" + str(get(named, "displayName")) + "}}"
        for named in record.holders(gateway, "serviceName", NAMED, by="serviceName")
        if record.targets(named, "value", "cdn:Profile", by="frontDoorId")
    }
    checks = [
        [str(value.text) for value in check.findall("value")]
        for policy in record.holders(gateway, "serviceName", POLICY, by="serviceName")
        for check in inbound(str(get(policy, "value", ""))).findall("check-header")
        if str(check.get("name")).lower() == "x-azure-fdid"
    ]
    return any(values and ours.issuperset(values) for values in checks)
