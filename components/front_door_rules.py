"""Rule sets of Front Door: rules that every request of a route meets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import cdn

from components.component import known_after


@dataclass(frozen=True, kw_only=True)
class RuleSetArgs:
    """Where a rule set is. rule_set_name: letters and digits, unique in the profile."""

    resource_group_name: pulumi.Input[str]
    profile_name: pulumi.Input[str]
    rule_set_name: str


@dataclass(frozen=True, kw_only=True)
class RuleSetOutputs:
    """rule_set_id: the rule set's ARM id, known once its rules exist, so that no route serves without them."""

    rule_set_id: pulumi.Output[str]


def declare_rules(
    parent: pulumi.Resource, name: str, args: RuleSetArgs, rules: Sequence[tuple[str, str, Sequence[Any]]]
) -> RuleSetOutputs:
    """A rule set, and its rules in this order: each one's resource name, name in Azure and actions on every request."""
    profile = {"resource_group_name": args.resource_group_name, "profile_name": args.profile_name}
    child = pulumi.ResourceOptions(parent=parent)
    rule_set = cdn.RuleSet(name, **profile, rule_set_name=args.rule_set_name, opts=child)
    made = [
        cdn.Rule(
            resource_name,
            **profile,
            rule_set_name=rule_set.name,
            rule_name=rule_name,
            order=order,
            conditions=[],
            actions=actions,
            match_processing_behavior=cdn.MatchProcessingBehavior.CONTINUE_,
            opts=child,
        )
        for order, (resource_name, rule_name, actions) in enumerate(rules, start=1)
    ]
    return RuleSetOutputs(rule_set_id=known_after(rule_set.id, *(rule.id for rule in made)))
