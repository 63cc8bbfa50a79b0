"""How long Front Door keeps an answer whose origin does not say."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import cdn

from components.component import Component, known_after

DURATION = "01:00:00"
"""Hours, minutes and seconds that an answer without Cache-Control is kept. Left to itself, Front Door picks one to
three days at random (learn.microsoft.com/azure/frontdoor/front-door-caching, read 2026-11-29)."""


@dataclass(frozen=True, kw_only=True)
class StaticCacheArgs:
    """Arguments of `StaticCache`. rule_set_name: letters and digits, unique in the profile."""

    resource_group_name: pulumi.Input[str]
    profile_name: pulumi.Input[str]
    rule_set_name: str


@dataclass(frozen=True, kw_only=True)
class StaticCacheOutputs:
    """rule_set_id: the rule set's ARM id, known once its rule exists."""

    rule_set_id: pulumi.Output[str]


class StaticCache(Component[StaticCacheArgs, StaticCacheOutputs]):
    """A rule set for routes of static paths: the origin's Cache-Control holds; without one, an hour.

    Only for routes that cache at all: on another route it would switch caching on.
    """

    def _declare(self, name: str, args: StaticCacheArgs) -> StaticCacheOutputs:
        rule_set = cdn.RuleSet(
            name,
            resource_group_name=args.resource_group_name,
            profile_name=args.profile_name,
            rule_set_name=args.rule_set_name,
            opts=pulumi.ResourceOptions(parent=self),
        )
        rule = cdn.Rule(
            name,
            resource_group_name=args.resource_group_name,
            profile_name=args.profile_name,
            rule_set_name=rule_set.name,
            rule_name="duration",
            order=1,
            conditions=[],
            actions=[
                cdn.DeliveryRuleRouteConfigurationOverrideActionArgs(
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
            ],
            match_processing_behavior=cdn.MatchProcessingBehavior.CONTINUE_,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return StaticCacheOutputs(rule_set_id=known_after(rule_set.id, rule.id))
