"""Response headers that Front Door sets and removes on everything it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import cdn

from components.component import Component, known_after

ACTIONS_PER_RULE = 5
"""Most actions that one rule may hold (learn.microsoft.com/azure/frontdoor/front-door-rules-engine-actions)."""

HEADER_NAMES = "actions[].parameters.headerName"
"""Where a rule holds the headers that it sets or removes."""


@dataclass(frozen=True, kw_only=True)
class ResponseHeadersArgs:
    """Arguments of `ResponseHeaders`.

    rule_set_name: letters and digits, unique in the profile.
    overwrite: header values by name, at most 640 characters each (Azure's front-door-limits, "Other limits"); they
    replace what the origin sent.
    remove: headers of the origin that no client needs.
    """

    resource_group_name: pulumi.Input[str]
    profile_name: pulumi.Input[str]
    rule_set_name: str
    overwrite: Mapping[str, str]
    remove: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ResponseHeadersOutputs:
    """rule_set_id: the rule set's ARM id, known once its rules exist, so that no route serves without them."""

    rule_set_id: pulumi.Output[str]


class ResponseHeaders(Component[ResponseHeadersArgs, ResponseHeadersOutputs]):
    """A rule set whose rules, five actions each, match every request."""

    def _declare(self, name: str, args: ResponseHeadersArgs) -> ResponseHeadersOutputs:
        rule_set = cdn.RuleSet(
            name,
            resource_group_name=args.resource_group_name,
            profile_name=args.profile_name,
            rule_set_name=args.rule_set_name,
            opts=pulumi.ResourceOptions(parent=self),
        )
        actions = [_action(cdn.HeaderAction.OVERWRITE, header, value) for header, value in args.overwrite.items()]
        actions += [_action(cdn.HeaderAction.DELETE, header, None) for header in args.remove]
        chunks = [actions[start : start + ACTIONS_PER_RULE] for start in range(0, len(actions), ACTIONS_PER_RULE)]
        rules = [
            cdn.Rule(
                f"{name}-{order}",
                resource_group_name=args.resource_group_name,
                profile_name=args.profile_name,
                rule_set_name=rule_set.name,
                rule_name=f"headers{order}",
                order=order,
                conditions=[],
                actions=chunk,
                match_processing_behavior=cdn.MatchProcessingBehavior.CONTINUE_,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for order, chunk in enumerate(chunks, start=1)
        ]
        return ResponseHeadersOutputs(rule_set_id=known_after(rule_set.id, *(rule.id for rule in rules)))


def _action(action: cdn.HeaderAction, header: str, value: str | None) -> cdn.DeliveryRuleResponseHeaderActionArgs:
    return cdn.DeliveryRuleResponseHeaderActionArgs(
        name="ModifyResponseHeader",
        parameters=cdn.HeaderActionParametersArgs(
            type_name="DeliveryRuleHeaderActionParameters",
            header_action=action,
            header_name=header,
            value=value,
        ),
    )
