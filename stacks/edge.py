"""The edge layer: what stands between the Internet and the apps.

Built in two steps. `build_entry` makes what others need early: the profile (its id guards the apps' ingress), endpoints
and domains. `build_edge` makes what needs the apps: origins, routes, headers, and the firewall over all of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_random as random

from components.api_management import GATEWAY_GROUP
from components.front_door import HOST_NAMES, DnsZone, FrontDoor, FrontDoorArgs
from components.front_door_app import FrontDoorApp, FrontDoorAppArgs, PrivateLink
from components.front_door_headers import HEADER_NAMES, ResponseHeaders, ResponseHeadersArgs
from components.waf import WafPolicy, WafPolicyArgs
from components.waf_managed import FieldExclusion, ManagedRuleChange
from components.waf_rules import BodyLargerThan, GeoFilter, LongerThan, RateLimit, WafRule
from stacks.catalogues.rate_limits import RATE_LIMITS, rate_limits, sign_in_paths
from stacks.catalogues.security_headers import SECURITY_HEADERS, security_headers
from stacks.edge_apps import EdgeApp, edge_apps, sent_headers
from stacks.edge_entries import alphanumeric, header_entries, leave_out_classes, policy_parts
from stacks.entries import Entry, Part, list_parts, name_entry, name_parts, stack_entry
from stacks.naming import Names
from stacks.outputs import Apps, Common, Edge, EdgeEntry, Foundation, Gateway, Site
from stacks.settings.apps import AppSettings
from stacks.settings.edge import BOT_RULE_SET, RULE_SET_TYPES, DnsZoneSettings, FrontDoorSettings, WafSettings

GROUP = "platform"
"""Purpose of the resource group that holds the edge."""


def private_link_message(names: Names) -> pulumi.Output[str]:
    """What the approver of a private link sees, at most 140 characters.

    `deployment` approves connections with exactly this message, which it reads from our own profile. Its end is made
    once and kept, secret, in the state: who does not read our profile cannot ask in our name.
    """
    unguessable = random.RandomPassword("private-link-message", length=32, special=False)
    return pulumi.Output.format("Front Door {0} {1}", profile_name(names), unguessable.result)


def profile_name(names: Names) -> str:
    """Name of the Front Door profile."""
    return names.regional("afd")


def build_entry(front_door: FrontDoorSettings, app_settings: Mapping[str, AppSettings], common: Common) -> EdgeEntry:
    """The profile, one endpoint for each exposure class in use, and a domain for each host of an app."""
    apps = edge_apps(app_settings)
    zone = front_door.dns_zone
    domains = [part for app in apps for part in list_parts(f"apps.{app.name}.hostNames", HOST_NAMES, app.hosts)]
    with name_entry(stack_entry("frontDoor")), name_parts(*domains):
        outputs = FrontDoor(
            "front-door",
            FrontDoorArgs(
                resource_group_name=common.groups[GROUP],
                profile_name=profile_name(common.names),
                sku=front_door.sku,
                origin_response_timeout_seconds=front_door.origin_response_timeout_seconds,
                endpoints={exposure: common.names.global_name("fde", exposure) for exposure in _exposures(apps)},
                domains={host: app.exposure for app in apps for host in app.hosts},
                dns_zone=_dns_zone(zone, common) if zone else None,
                logs=common.logs,
                protect=common.protection.protect,
                tags=dict(common.tags),
            ),
        ).outputs
        private = any(app.ingress == "privateLink" for app in apps)
        message = private_link_message(common.names) if private else None
    return EdgeEntry(**vars(outputs), private_link_message=message)


def build_edge(
    front_door: FrontDoorSettings,
    waf: WafSettings,
    app_settings: Mapping[str, AppSettings],
    foundation: Foundation,
    apps: Apps,
    gateway: Gateway | None,
) -> Edge:
    """Origins, routes and headers for each app, and a firewall policy over each exposure class."""
    seen = edge_apps(app_settings, gateway.apis if gateway else ())
    firewalls: dict[str, WafPolicy] = {}
    for exposure in _exposures(seen):
        # One after the other: a host that moves to another class is in one policy when the next is written.
        firewalls[exposure] = _policy(exposure, seen, front_door.sku, waf, foundation, after=list(firewalls.values()))
    for app in seen:
        origin = _origin(app, apps.sites[app.name], gateway)
        # The firewall stands before a host answers, and goes after it.
        _app(app, seen, front_door, foundation, origin, firewall=firewalls[app.exposure])
    leave_out_classes(_exposures(seen))
    return Edge(waf_policies={exposure: firewall.outputs.id for exposure, firewall in firewalls.items()})


@dataclass(frozen=True, kw_only=True)
class _Origin:
    """Where an app's requests go. group_id: sub-resource of its private link; path: what its paths begin with."""

    id: pulumi.Output[str]
    host: pulumi.Output[str]
    group_id: str
    path: str | None


def _origin(app: EdgeApp, site: Site, gateway: Gateway | None) -> _Origin:
    """The app's own site, or the gateway before it, where each app has a path of its own."""
    if gateway and app.gateway:
        return _Origin(id=gateway.id, host=gateway.host, group_id=GATEWAY_GROUP, path=f"/{app.name}")
    return _Origin(id=site.id, host=site.host, group_id="sites", path=None)


def _app(
    app: EdgeApp,
    apps: Sequence[EdgeApp],
    front_door: FrontDoorSettings,
    foundation: Foundation,
    origin: _Origin,
    *,
    firewall: WafPolicy,
) -> None:
    common, entry = foundation.common, foundation.edge
    sent = sent_headers(app, apps)
    parts = [Part(entry, HEADER_NAMES, header) for header, entry in header_entries(app, sent).items()]
    with name_entry(Entry(SECURITY_HEADERS, f"exposures.{app.exposure}")), name_parts(*parts):
        headers = ResponseHeaders(
            f"headers-{app.name}",
            ResponseHeadersArgs(
                resource_group_name=common.groups[GROUP],
                profile_name=entry.profile_name,
                rule_set_name=alphanumeric("headers", app.name),
                overwrite=sent,
                remove=security_headers().remove,
            ),
        ).outputs
    with name_entry(stack_entry(f"apps.{app.name}")):
        FrontDoorApp(
            f"edge-{app.name}",
            FrontDoorAppArgs(
                resource_group_name=common.groups[GROUP],
                profile_name=entry.profile_name,
                endpoint_name=entry.endpoint_names[app.exposure],
                app=app.name,
                domain_ids=[entry.domains[host] for host in app.hosts],
                origin_host=origin.host,
                origin_path=origin.path,
                private_link=_private_link(origin, foundation) if app.ingress == "privateLink" else None,
                health_check_path=(origin.path or "") + app.health_check_path,
                probe_interval_seconds=front_door.probe_interval_seconds,
                rule_set_ids=[headers.rule_set_id],
                static_paths=app.static_paths,
                sign_in_paths=sign_in_paths(app.exposure),
                after=[firewall],
            ),
        )


def _private_link(origin: _Origin, foundation: Foundation) -> PrivateLink:
    message = foundation.edge.private_link_message
    assert message is not None, "build_entry makes one where an app is reached by private link"
    return PrivateLink(
        target_id=origin.id,
        group_id=origin.group_id,
        location=foundation.common.location,
        request_message=message,
    )


def _policy(
    exposure: str,
    apps: Sequence[EdgeApp],
    sku: Literal["standard", "premium"],
    waf: WafSettings,
    foundation: Foundation,
    *,
    after: Sequence[WafPolicy],
) -> WafPolicy:
    common, entry = foundation.common, foundation.edge
    exposed = [app for app in apps if app.exposure == exposure]
    parts = policy_parts(exposure, exposed, waf)
    with name_entry(Entry(RATE_LIMITS, exposure)), name_parts(*parts):
        return WafPolicy(
            f"waf-{exposure}",
            WafPolicyArgs(
                resource_group_name=common.groups[GROUP],
                policy_name=common.names.waf(exposure),
                sku=sku,
                mode=waf.mode,
                managed_rules=waf.managed_rules,
                default_rule_set=waf.default_rule_set,
                bot_rule_set=BOT_RULE_SET,
                managed_rule_changes=managed_rule_changes(exposure, waf),
                rules=waf_rules(exposure, exposed, waf),
                profile_name=entry.profile_name,
                security_policy_name=exposure,
                protected=[
                    entry.endpoints[exposure],
                    *(entry.domains[host] for app in exposed for host in app.hosts),
                ],
                after=after,
                tags=dict(common.tags),
            ),
        )


def waf_rules(exposure: str, apps: Sequence[EdgeApp], waf: WafSettings) -> list[WafRule]:
    """Custom rules of a class in order of evaluation: where from, how large, how often."""
    rules: list[WafRule] = []
    if waf.geo:
        rules.append(
            GeoFilter(
                name="Geography",
                countries=waf.geo.countries,
                block="unlisted" if waf.geo.action == "allow" else "listed",
            )
        )
    rules += [
        LongerThan(name="UrlSize", part="url", limit=waf.max_url_characters),
        LongerThan(name="QuerySize", part="query", limit=waf.max_query_characters),
        BodyLargerThan(name="BodySize", limit=waf.max_body_bytes),
    ]
    exempt = [str(network) for network in waf.rate_limit_exempt_addresses]
    for app in apps:
        if limit := waf.app_limits.get(app.name):
            rules.append(
                RateLimit(
                    name=alphanumeric("RateApp", app.name),
                    threshold=limit.threshold,
                    window_minutes=limit.window_minutes,
                    group_by="SocketAddr",
                    action="Block",
                    hosts=app.hosts,
                    exempt_addresses=exempt,
                )
            )
    for name, entry in rate_limits()[exposure].items():
        changed = waf.rate_limits.get(f"{exposure}.{name}")
        own = changed.model_dump(exclude_none=True) if changed else {}
        rules.append(
            RateLimit(
                name=alphanumeric("Rate", name),
                threshold=own.get("threshold", entry.threshold),
                window_minutes=entry.window_minutes,
                group_by=entry.group_by,
                action=own.get("action", entry.action),
                paths=entry.paths,
                methods=entry.methods,
                exempt_addresses=exempt,
            )
        )
    return rules


def managed_rule_changes(exposure: str, waf: WafSettings) -> list[ManagedRuleChange]:
    """What the stack changes about managed rules of a class."""
    return [
        ManagedRuleChange(
            rule_set=RULE_SET_TYPES[change.rule_set],
            group=change.group,
            rule_id=change.rule,
            enabled=change.enabled,
            action=change.action,
            exclusions=[
                FieldExclusion(variable=field.variable, operator=field.operator, selector=field.selector)
                for field in change.exclude
            ],
        )
        for change in waf.managed_rule_changes.get(exposure, [])
    ]


def _exposures(apps: Sequence[EdgeApp]) -> list[str]:
    """Exposure classes in use, in the apps' order."""
    return list(dict.fromkeys(app.exposure for app in apps))


def _dns_zone(zone: DnsZoneSettings, common: Common) -> DnsZone:
    zone_id = pulumi.Output.format(
        "/subscriptions/{0}/resourceGroups/{1}/providers/Microsoft.Network/dnsZones/{2}",
        common.subscription_id,
        zone.resource_group,
        zone.zone,
    )
    return DnsZone(id=zone_id, resource_group_name=zone.resource_group, zone_name=zone.zone)
