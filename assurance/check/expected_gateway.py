"""That every API of the stack file is behind the gateway, asks for what the file says, and is counted as it says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from xml.etree.ElementTree import Element

from assurance.check.demand import Demand
from assurance.check.places import Places
from assurance.record import Resource
from assurance.references import References, get
from policies.rule import RuleInfo
from policies.rules.api_management import API, API_POLICY, SERVICE, inbound
from stacks.settings.gateway import GatewayApiSettings
from stacks.settings.model import Settings

BEHIND = partial(RuleInfo, source="the stack's file")(
    "EXPECT-GATEWAY",
    "Every API of the stack file is reached through the gateway alone, which asks and counts as the file says",
    "critical",
    ("164.312(a)(1)", "164.312(d)"),
    "Lead the app's origin to the gateway by private link, and give its API the key, token and limits of the file.",
)
ORIGIN = "cdn:AFDOrigin"


def gateway_demands(references: References, settings: Settings, places: Places) -> Iterator[Demand]:
    """One for each app of ``apiManagement.apis``."""
    for name, api in settings.api_management.apis.items():
        origin = places.of(f"Pulumi.{references.record.stack}.yaml", f"medspasync:apiManagement.apis.{name}")
        found = [each for each in references.by_type(API) if get(each, "apiId") == name]
        problems = [
            *_past(references, name),
            *(_weaker(references, found[0], api) if found else ["there is no such API"]),
        ]
        yield Demand(
            rule=BEHIND, name=f"API {name}", origin=origin, resource=next(iter(found), None), problems=problems
        )


def _past(references: References, app: str) -> Iterator[str]:
    """Origins of the app that do not lead to the gateway."""
    origins = [each for each in references.by_type(ORIGIN) if get(each, "originName") == app]
    if not origins:
        yield "Front Door has no origin for it"
    for each in origins:
        if not references.targets(each, "sharedPrivateLinkResource.privateLink.id", SERVICE):
            yield f"{each.name} leads past the gateway"


def _weaker(references: References, api: Resource, settings: GatewayApiSettings) -> Iterator[str]:
    """What the API asks less than the file."""
    if get(api, "subscriptionRequired") is not settings.subscription_required:
        yield f"subscriptionRequired is {get(api, 'subscriptionRequired')}"
    policies = [
        inbound(str(get(each, "value", ""))) for each in references.holders(api, "apiId", API_POLICY, by="apiId")
    ]
    urls = {each.get("url") for policy in policies for each in policy.findall("validate-jwt/openid-config")}
    if settings.token and urls != {settings.token.open_id_configuration}:
        yield "it does not check tokens with the keys of the file's openIdConfiguration"
    limits = [limit for policy in policies for limit in policy.findall("rate-limit-by-key")]
    for wanted in settings.limits:
        if (str(wanted.calls), str(wanted.seconds)) not in [_limit(each) for each in limits]:
            yield f"no limit of {wanted.calls} calls in {wanted.seconds} s for each {wanted.counter}"


def _limit(limit: Element) -> tuple[str | None, str | None]:
    return limit.get("calls"), limit.get("renewal-period")
