"""One app behind Front Door: its origin, how its health is seen, and the routes that lead to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import cdn

from components.component import Component
from components.front_door_cache import StaticCache
from components.front_door_rules import RuleSetArgs

SIGN_IN_SUFFIX = "-signin"
"""End of the name of a route that takes sign-ins only; queries of the access log look for it."""

# What Front Door compresses: text that browsers fetch as static files
# (learn.microsoft.com/azure/frontdoor/standard-premium/how-to-compression).
COMPRESSED = (
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/wasm",
    "application/xml",
    "font/otf",
    "font/ttf",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
    "text/xml",
)


@dataclass(frozen=True, kw_only=True)
class PrivateLink:
    """A private-link connection to the origin. It starts as Pending and must be approved on the origin's side.

    target_id: ARM id of the site or gateway; group_id: its sub-resource, ``sites`` or ``Gateway``.
    location: a region where Front Door offers private link, the nearest to the target.
    request_message: what the approver sees, at most 140 characters; it names our profile, and nobody can guess it.
    """

    target_id: pulumi.Input[str]
    group_id: str
    location: str
    request_message: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class FrontDoorAppArgs:
    """Arguments of `FrontDoorApp`.

    app: name of the app, for its children in the profile.
    endpoint_name: the endpoint its routes belong to.
    domain_ids: custom domains it answers for.
    origin_host: the site's default host name, or the gateway's; the host header is the same, as both need it.
    origin_path: what the origin's paths begin with (``/backend``); None: nothing. The health check's path is complete.
    private_link: reach the origin privately (Premium); None: over the Internet, where the site must check X-Azure-FDID.
    health_check_path: answered without authentication and without a redirect.
    probe_interval_seconds: 1 to 255; every edge location probes at this pace.
    rule_set_ids: rule sets on every route.
    static_paths: patterns (``/assets/*``) whose answers may be cached and compressed; no other answer ever is.
    sign_in_paths: patterns (``/auth/*``) with a route of their own, ``<app>-signin``: the access log hides URLs, so the
    route's name is what tells a sign-in from another request.
    after: what must stand before the host answers and go after it: the firewall's association.
    """

    resource_group_name: pulumi.Input[str]
    profile_name: pulumi.Input[str]
    endpoint_name: pulumi.Input[str]
    app: str
    domain_ids: Sequence[pulumi.Input[str]]
    origin_host: pulumi.Input[str]
    private_link: PrivateLink | None
    health_check_path: str
    probe_interval_seconds: int
    rule_set_ids: Sequence[pulumi.Input[str]]
    static_paths: Sequence[str]
    sign_in_paths: Sequence[str] = ()
    origin_path: str | None = None
    after: Sequence[pulumi.Resource] = ()


class FrontDoorApp(Component[FrontDoorAppArgs, None]):
    """Origin group, origin and routes of one app: HTTPS only on both sides, cached on static paths only."""

    def _declare(self, name: str, args: FrontDoorAppArgs) -> None:
        profile = {"resource_group_name": args.resource_group_name, "profile_name": args.profile_name}
        group = cdn.AFDOriginGroup(
            name,
            **profile,
            origin_group_name=args.app,
            session_affinity_state=cdn.EnabledState.DISABLED,
            health_probe_settings=cdn.HealthProbeParametersArgs(
                probe_path=args.health_check_path,
                probe_protocol=cdn.ProbeProtocol.HTTPS,
                probe_request_type=cdn.HealthProbeRequestType.HEAD,
                probe_interval_in_seconds=args.probe_interval_seconds,
            ),
            load_balancing_settings=cdn.LoadBalancingSettingsParametersArgs(
                sample_size=4, successful_samples_required=3, additional_latency_in_milliseconds=50
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        origin = cdn.AFDOrigin(
            name,
            **profile,
            origin_group_name=group.name,
            origin_name=args.app,
            host_name=args.origin_host,
            origin_host_header=args.origin_host,
            http_port=80,
            https_port=443,
            priority=1,
            weight=1000,
            enabled_state=cdn.EnabledState.ENABLED,
            enforce_certificate_name_check=True,
            shared_private_link_resource=_shared(args.private_link),
            opts=pulumi.ResourceOptions(parent=self),
        )

        def route(suffix: str, patterns: Sequence[str], cache: pulumi.Output[str] | None = None) -> None:
            """A route. It waits for the origin: Azure refuses a route to a group that has none."""
            cdn.Route(
                f"{name}{suffix}",
                **profile,
                route_name=f"{args.app}{suffix}",
                origin_group=cdn.ResourceReferenceArgs(id=group.id),
                patterns_to_match=list(patterns),
                **_route_inputs(args, cache),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[origin, *args.after]),
            )

        route("", ["/*"])
        if args.sign_in_paths:
            route(SIGN_IN_SUFFIX, args.sign_in_paths)
        if args.static_paths:
            cache = StaticCache(
                f"{name}-cache",
                RuleSetArgs(**profile, rule_set_name=f"cache{re.sub('[^A-Za-z0-9]', '', args.app)}"),
                pulumi.ResourceOptions(parent=self),
            ).outputs.rule_set_id
            route("-static", args.static_paths, cache)


def _shared(link: PrivateLink | None) -> cdn.SharedPrivateLinkResourcePropertiesArgs | None:
    if link is None:
        return None
    return cdn.SharedPrivateLinkResourcePropertiesArgs(
        group_id=link.group_id,
        private_link=cdn.ResourceReferenceArgs(id=link.target_id),
        private_link_location=link.location,
        request_message=link.request_message,
    )


def _route_inputs(args: FrontDoorAppArgs, cache: pulumi.Output[str] | None) -> dict[str, Any]:
    """What routes of an app have in common. cache: the rule set that says how long answers are cached, None for
    never."""
    rule_sets = [*args.rule_set_ids, *([cache] if cache else [])]
    return {
        "endpoint_name": args.endpoint_name,
        "custom_domains": [cdn.ActivatedResourceReferenceArgs(id=domain_id) for domain_id in args.domain_ids],
        # The azurefd.net name of the endpoint serves nothing.
        "link_to_default_domain": cdn.LinkToDefaultDomain.DISABLED,
        "origin_path": args.origin_path,
        "supported_protocols": [cdn.AFDEndpointProtocols.HTTP, cdn.AFDEndpointProtocols.HTTPS],
        "https_redirect": cdn.HttpsRedirect.ENABLED,
        "forwarding_protocol": cdn.ForwardingProtocol.HTTPS_ONLY,
        "enabled_state": cdn.EnabledState.ENABLED,
        "rule_sets": [cdn.ResourceReferenceArgs(id=rule_set_id) for rule_set_id in rule_sets],
        "cache_configuration": _cache() if cache else None,
    }


def _cache() -> cdn.AfdRouteCacheConfigurationArgs:
    """Cached as long as the origin says, or `StaticCache` where it says nothing; another query string is another
    file."""
    return cdn.AfdRouteCacheConfigurationArgs(
        query_string_caching_behavior=cdn.AfdQueryStringCachingBehavior.USE_QUERY_STRING,
        compression_settings=cdn.CompressionSettingsArgs(
            is_compression_enabled=True, content_types_to_compress=list(COMPRESSED)
        ),
    )
