"""Response headers that Front Door sets and removes on everything it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi_azure_native import cdn

from components.component import Component
from components.front_door_rules import RuleSetArgs, RuleSetOutputs, declare_rules

ACTIONS_PER_RULE = 5
"""Most actions that one rule may hold (learn.microsoft.com/azure/frontdoor/front-door-rules-engine-actions)."""

HEADER_NAMES = "actions[].parameters.headerName"
"""Where a rule holds the headers that it sets or removes."""


@dataclass(frozen=True, kw_only=True)
class ResponseHeadersArgs(RuleSetArgs):
    """Arguments of `ResponseHeaders`.

    overwrite: header values by name, at most 640 characters each (Azure's front-door-limits, "Other limits"); they
    replace what the origin sent.
    remove: headers of the origin that no client needs.
    """

    overwrite: Mapping[str, str]
    remove: Sequence[str]


class ResponseHeaders(Component[ResponseHeadersArgs, RuleSetOutputs]):
    """A rule set whose rules, five actions each, match every request."""

    def _declare(self, name: str, args: ResponseHeadersArgs) -> RuleSetOutputs:
        actions = [_action(cdn.HeaderAction.OVERWRITE, header, value) for header, value in args.overwrite.items()]
        actions += [_action(cdn.HeaderAction.DELETE, header, None) for header in args.remove]
        chunks = [actions[start : start + ACTIONS_PER_RULE] for start in range(0, len(actions), ACTIONS_PER_RULE)]
        rules = [(f"{name}-{order}", f"headers{order}", chunk) for order, chunk in enumerate(chunks, start=1)]
        return declare_rules(self, name, args, rules)


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
