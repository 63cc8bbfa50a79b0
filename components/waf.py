"""A web application firewall policy of Front Door, and the endpoints and domains it protects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import cdn, frontdoor

from components.component import Component, IdOutputs
from components.front_door import Sku
from components.waf_managed import ManagedRuleChange, managed_rule_sets
from components.waf_rules import BlockAddresses, WafRule

INCIDENT_RULE = "IncidentAddresses"
"""Name of the reserved rule that blocks addresses during an incident."""

INCIDENT_VALUES = "customRules.rules[0].matchConditions[0].matchValue"
"""Path of the addresses of the incident rule, which is always the first of the policy."""

RULE_NAMES = "customRules.rules[].name"
MANAGED_RULE_IDS = "managedRules.managedRuleSets[].ruleGroupOverrides[].rules[].ruleId"
ADDRESSES = "customRules.rules[].matchConditions[].matchValue[]"
"""Where a policy holds the names of its custom rules, the managed rules that it changes, and addresses."""

_NOBODY = "192.0.2.0/24"
"""Stands in the incident rule while there is no incident: kept for documentation (RFC 5737), no client has it."""


@dataclass(frozen=True, kw_only=True)
class WafPolicyArgs:
    """Arguments of `WafPolicy`.

    policy_name: letters and digits.
    sku: the profile's tier; Azure refuses a policy of another.
    mode: ``Prevention`` blocks, ``Detection`` only logs.
    managed_rules: Microsoft's default and bot rule sets; they need ``premium``.
    default_rule_set, bot_rule_set: their versions, for example ``2.1`` and ``1.1``.
    managed_rule_changes: single managed rules that are off, only log, or do not look at some fields.
    rules: custom rules after the incident rule, in order of evaluation.
    profile_name, security_policy_name: where the association is made.
    protected: ids of endpoints and custom domains. One policy per endpoint or domain.
    after: associations that must be written first: Azure takes a domain into one policy only, so a host that moves
    leaves its old policy before it enters the next.
    """

    resource_group_name: pulumi.Input[str]
    policy_name: str
    sku: Sku
    mode: Literal["Prevention", "Detection"]
    managed_rules: bool
    default_rule_set: str
    bot_rule_set: str
    rules: Sequence[WafRule]
    profile_name: pulumi.Input[str]
    security_policy_name: str
    protected: Sequence[pulumi.Input[str]]
    managed_rule_changes: Sequence[ManagedRuleChange] = ()
    after: Sequence[pulumi.Resource] = ()
    tags: dict[str, str] | None = None


class WafPolicy(Component[WafPolicyArgs, IdOutputs]):
    """A firewall policy on every path of the given endpoints and domains.

    Its first rule is reserved for incidents: whoever answers one puts addresses there in the portal or by CLI, and
    `up` leaves them alone. The engine keeps what its state holds, so `up` must refresh first (``--refresh``, or
    ``options.refresh: always``), or a change elsewhere in the policy would write the addresses of the last refresh.
    Its log hides what the access log hides (URLs and query arguments: they may name a patient), and the authorization
    header, cookies and body arguments; addresses stay, for the alerts.
    """

    def _declare(self, name: str, args: WafPolicyArgs) -> IdOutputs:
        incident = BlockAddresses(name=INCIDENT_RULE, addresses=[_NOBODY])
        policy = frontdoor.Policy(
            name,
            resource_group_name=args.resource_group_name,
            location="Global",
            policy_name=args.policy_name,
            sku=frontdoor.SkuArgs(name=_sku(args.sku)),
            policy_settings=frontdoor.PolicySettingsArgs(
                enabled_state=frontdoor.PolicyEnabledState.ENABLED,
                mode=frontdoor.PolicyMode(args.mode),
                request_body_check=frontdoor.PolicyRequestBodyCheck.ENABLED,
                custom_block_response_status_code=403,
                state=frontdoor.WebApplicationFirewallScrubbingState.ENABLED,
                scrubbing_rules=_scrubbing(),
            ),
            custom_rules=frontdoor.CustomRuleListArgs(
                rules=[rule.arguments(priority) for priority, rule in enumerate([incident, *args.rules], start=1)]
            ),
            managed_rules=frontdoor.ManagedRuleSetListArgs(
                managed_rule_sets=managed_rule_sets(args.default_rule_set, args.bot_rule_set, args.managed_rule_changes)
                if args.managed_rules
                else []
            ),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=[INCIDENT_VALUES]),
        )
        cdn.SecurityPolicy(
            name,
            resource_group_name=args.resource_group_name,
            profile_name=args.profile_name,
            security_policy_name=args.security_policy_name,
            parameters=cdn.SecurityPolicyWebApplicationFirewallParametersArgs(
                type="WebApplicationFirewall",
                waf_policy=cdn.ResourceReferenceArgs(id=policy.id),
                associations=[
                    cdn.SecurityPolicyWebApplicationFirewallAssociationArgs(
                        domains=[cdn.ActivatedResourceReferenceArgs(id=protected) for protected in args.protected],
                        patterns_to_match=["/*"],
                    )
                ],
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.after)),
        )
        return IdOutputs(id=policy.id)


def _sku(sku: Sku) -> frontdoor.SkuName:
    if sku == "premium":
        return frontdoor.SkuName.PREMIUM_AZURE_FRONT_DOOR
    return frontdoor.SkuName.STANDARD_AZURE_FRONT_DOOR


def _scrubbing() -> list[frontdoor.WebApplicationFirewallScrubbingRulesArgs]:
    """The authorization header by name, and everything of the other kinds."""
    variable = frontdoor.ScrubbingRuleEntryMatchVariable
    return [
        frontdoor.WebApplicationFirewallScrubbingRulesArgs(
            match_variable=variable.REQUEST_HEADER_NAMES,
            selector_match_operator=frontdoor.ScrubbingRuleEntryMatchOperator.EQUALS,
            selector="Authorization",
            state=frontdoor.ScrubbingRuleEntryState.ENABLED,
        ),
        *(
            frontdoor.WebApplicationFirewallScrubbingRulesArgs(
                match_variable=kind,
                selector_match_operator=frontdoor.ScrubbingRuleEntryMatchOperator.EQUALS_ANY,
                state=frontdoor.ScrubbingRuleEntryState.ENABLED,
            )
            for kind in (
                variable.REQUEST_COOKIE_NAMES,
                variable.REQUEST_URI,
                variable.QUERY_STRING_ARG_NAMES,
                variable.REQUEST_BODY_POST_ARG_NAMES,
                variable.REQUEST_BODY_JSON_ARG_NAMES,
            )
        ),
    ]
