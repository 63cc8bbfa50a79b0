"""What API Management does with a request that Front Door sends it: which API takes it, and what that asks for.

Sources: learn.microsoft.com/azure/api-management/add-api-manually (the longest path comes first, wildcard operations),
.../api-management-subscriptions.
"""

from xml.etree.ElementTree import Element

from assurance.record import Record, Resource, get
from policies.rules.api_management import API, API_POLICY, OPERATION, inbound


def path_of(api: Resource) -> str:
    """The beginning of an API's paths, with a slash; it is taken off before the app gets the request."""
    return f"/{str(get(api, 'path', '')).strip('/')}"


def api_for(record: Record, gateway: Resource, path: str) -> Resource | None:
    """The API with the longest path that the request's begins with."""
    fitting = [
        api
        for api in record.holders(gateway, "serviceName", API, by="serviceName")
        if f"{path.lower()}/".startswith(f"{path_of(api).lower()}/")
    ]
    return max(fitting, key=lambda api: len(path_of(api)), default=None)


def takes(record: Record, api: Resource, method: str, path: str) -> bool:
    """Whether one of its operations is for the method and the rest of the path; browsers' preflights always are."""
    rest = path[len(path_of(api)) :] or "/"
    if method == "OPTIONS":
        return any(section.find("cors") is not None for section in _policies(record, api))
    return any(
        get(operation, "method") == method and get(operation, "urlTemplate") in ("/*", rest)
        for operation in record.holders(api, "apiId", OPERATION, by="apiId")
    )


def describe_requirements(record: Record, api: Resource) -> str:
    """In words, what an API asks of a caller and how often it answers one."""
    sections = _policies(record, api)
    asked = ["a subscription's key"] if get(api, "subscriptionRequired") is True else []
    asked += ["a checked token"] if any(section.find("validate-jwt") is not None for section in sections) else []
    limits = [
        f"{limit.get('calls')} calls in {limit.get('renewal-period')} s for each {_counter(limit)}"
        for section in sections
        for limit in section.findall("rate-limit-by-key")
    ]
    return f"asks for {' and '.join(asked) or 'nothing'}, answers {' and '.join(limits) or 'without a limit'}"


def _counter(limit: Element) -> str:
    """Who is counted together, by the expression of a limit's key."""
    key = str(limit.get("counter-key"))
    known = {"token": "user", "Subscription": "subscription", "X-Azure-SocketIP": "address"}
    return next((who for part, who in known.items() if part in key), "key")


def _policies(record: Record, api: Resource) -> list[Element]:
    return [inbound(str(get(policy, "value", ""))) for policy in record.holders(api, "apiId", API_POLICY, by="apiId")]
