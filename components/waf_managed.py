"""Microsoft's managed rule sets in a Front Door firewall policy, and what a policy changes about single rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from pulumi_azure_native import frontdoor

RuleSet = Literal["Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet"]


@dataclass(frozen=True, kw_only=True)
class FieldExclusion:
    """A part of requests that a rule does not look at.

    variable: kind of field, ``RequestHeaderNames``, ``RequestCookieNames``, ``QueryStringArgNames``,
    ``RequestBodyPostArgNames`` or ``RequestBodyJsonArgNames``.
    operator: ``Equals``, ``StartsWith``, ``EndsWith`` or ``Contains``; selector: the field's name, or the part of it.
    """

    variable: str
    operator: str
    selector: str


@dataclass(frozen=True, kw_only=True)
class ManagedRuleChange:
    """What a policy changes about one managed rule.

    group: the rule's group, for example ``SQLI``; rule_id: for example ``942100``.
    enabled: false switches it off. action: ``Log`` only records; None: the rule set's own action.
    exclusions: fields it does not look at.
    """

    rule_set: RuleSet
    group: str
    rule_id: str
    enabled: bool = True
    action: Literal["Log"] | None = None
    exclusions: Sequence[FieldExclusion] = ()


def managed_rule_sets(
    default_version: str, bot_version: str, changes: Sequence[ManagedRuleChange] = ()
) -> list[frontdoor.ManagedRuleSetArgs]:
    """The default rule set first and the bot rules second: PSRule Azure.FrontDoor.WAF looks at these places."""
    return [
        frontdoor.ManagedRuleSetArgs(
            rule_set_type="Microsoft_DefaultRuleSet",
            rule_set_version=default_version,
            # Required from version 2.0 on: what happens when the anomaly score is reached.
            rule_set_action=frontdoor.ManagedRuleSetActionType.BLOCK,
            exclusions=[],
            rule_group_overrides=_overrides("Microsoft_DefaultRuleSet", changes),
        ),
        frontdoor.ManagedRuleSetArgs(
            rule_set_type="Microsoft_BotManagerRuleSet",
            rule_set_version=bot_version,
            exclusions=[],
            rule_group_overrides=_overrides("Microsoft_BotManagerRuleSet", changes),
        ),
    ]


def _overrides(rule_set: RuleSet, changes: Sequence[ManagedRuleChange]) -> list[frontdoor.ManagedRuleGroupOverrideArgs]:
    """The changes by group. A rule that a group does not name stays as the rule set has it."""
    ours = sorted((change for change in changes if change.rule_set == rule_set), key=lambda change: change.group)
    return [
        frontdoor.ManagedRuleGroupOverrideArgs(
            rule_group_name=group, exclusions=[], rules=[_override(change) for change in changed]
        )
        for group, changed in groupby(ours, key=lambda change: change.group)
    ]


def _override(change: ManagedRuleChange) -> frontdoor.ManagedRuleOverrideArgs:
    state = frontdoor.ManagedRuleEnabledState
    return frontdoor.ManagedRuleOverrideArgs(
        rule_id=change.rule_id,
        # Azure takes a rule that is named without a state for one that is switched off.
        enabled_state=state.ENABLED if change.enabled else state.DISABLED,
        action=frontdoor.ActionType(change.action) if change.action else None,
        exclusions=[
            frontdoor.ManagedRuleExclusionArgs(
                match_variable=frontdoor.ManagedRuleExclusionMatchVariable(exclusion.variable),
                selector_match_operator=frontdoor.ManagedRuleExclusionSelectorMatchOperator(exclusion.operator),
                selector=exclusion.selector,
            )
            for exclusion in change.exclusions
        ],
    )
