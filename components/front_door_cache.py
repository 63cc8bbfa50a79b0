"""How long Front Door keeps an answer whose origin does not say."""

from pulumi_azure_native import cdn

from components.component import Component
from components.front_door_rules import RuleSetArgs, RuleSetOutputs, declare_rules

DURATION = "01:00:00"
"""Hours, minutes and seconds that an answer without Cache-Control is kept. Left to itself, Front Door picks one to
three days at random (learn.microsoft.com/azure/frontdoor/front-door-caching, read 2026-11-29)."""


class StaticCache(Component[RuleSetArgs, RuleSetOutputs]):
    """A rule set for routes of static paths: the origin's Cache-Control holds; without one, an hour.

    Only for routes that cache at all: on another route it would switch caching on.
    """

    def _declare(self, name: str, args: RuleSetArgs) -> RuleSetOutputs:
        action = cdn.DeliveryRuleRouteConfigurationOverrideActionArgs(
            name="RouteConfigurationOverride",
            parameters=cdn.RouteConfigurationOverrideActionParametersArgs(
                type_name="DeliveryRuleRouteConfigurationOverrideActionParameters",
                cache_configuration=cdn.CacheConfigurationArgs(
                    cache_behavior=cdn.RuleCacheBehavior.OVERRIDE_IF_ORIGIN_MISSING,
                    cache_duration=DURATION,
                    is_compression_enabled=cdn.RuleIsCompressionEnabled.ENABLED,
                    query_string_caching_behavior=cdn.RuleQueryStringCachingBehavior.USE_QUERY_STRING,
                ),
            ),
        )
        return declare_rules(self, name, args, [(name, "duration", [action])])
