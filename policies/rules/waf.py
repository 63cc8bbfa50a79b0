"""Front Door's web application firewall; its custom rules: waf_custom_rules.py."""

from collections.abc import Iterator
from typing import Any

from facts.defaults import default_of
from facts.waf_rule_sets import RuleSet, rule_sets
from policies.compare import same
from policies.resource import Resource, lookup
from policies.rule import judge_each, must, rule
from policies.view import Stack

POLICY, ASSOCIATION = "frontdoor:Policy", "cdn:SecurityPolicy"

OVERRIDE = default_of(POLICY, "managedRules.managedRuleSets[].ruleGroupOverrides[].rules[].enabledState")
"""What Azure takes for an override of a managed rule without enabledState."""
DEFAULT_RULES, BOT_RULES = "Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet"


def managed(policy: Resource, kind: str) -> list[Any]:
    """The managed rule sets of a kind."""
    rule_sets = policy.each("managedRules.managedRuleSets")
    return [rule_set for rule_set in rule_sets if same(lookup(rule_set, "ruleSetType"), kind)]


@rule(
    "WAF-ATTACHED",
    "Every endpoint and every custom domain is behind a firewall policy, on every path",
    on=["cdn:AFDEndpoint", "cdn:AFDCustomDomain"],
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(B)"],
    remediation="Name the endpoint or domain in a SecurityPolicy with wafPolicy and patternsToMatch /*.",
    source="reference defect: Azure Verified Modules' hardened example attaches no firewall at all",
)
def attached(place: Resource, stack: Stack) -> Iterator[str]:
    for association in stack.holders(place, "parameters.associations[].domains[].id", ASSOCIATION):
        # Each association for itself: the one that holds the place must cover every path.
        entries = association.each("parameters.associations")
        if entries and all("/*" in lookup(entry, "patternsToMatch", ()) for entry in entries):
            policies = stack.targets(association, "parameters.wafPolicy.id", POLICY)
            if policies:
                return
    yield "no security policy of this stack puts it behind a firewall policy"


@rule(
    "WAF-LOG-SCRUBBING",
    "The firewall's log holds no URL, no credentials and no arguments, as the access log",
    on=POLICY,
    severity="medium",
    controls=["164.312(a)(1)", "164.312(b)"],
    remediation="Set policySettings.state to Enabled with scrubbing rules for headers, cookies and arguments.",
    source="learn.microsoft.com/azure/web-application-firewall/afds/waf-sensitive-data-protection-frontdoor",
)
def log_scrubbing(policy: Resource) -> Iterator[str]:
    yield from must(policy, "policySettings.state", "Enabled")
    scrubbed = {
        lookup(entry, "matchVariable")
        for entry in policy.each("policySettings.scrubbingRules")
        if same(lookup(entry, "state"), "Enabled") and _scrubs(entry)
    }
    wanted = {
        "RequestUri",
        "RequestHeaderNames",
        "RequestCookieNames",
        "QueryStringArgNames",
        "RequestBodyPostArgNames",
        "RequestBodyJsonArgNames",
    }
    missing = wanted - scrubbed
    if missing:
        yield f"no enabled scrubbing rule for {', '.join(sorted(missing))}"


def _scrubs(entry: Any) -> bool:
    """Whether a rule scrubs every value of its kind; of headers, the one that signs in."""
    return same(lookup(entry, "selectorMatchOperator"), "EqualsAny") or (
        same(lookup(entry, "matchVariable"), "RequestHeaderNames") and same(lookup(entry, "selector"), "Authorization")
    )


@rule(
    "WAF-MANAGED-RULES",
    "Microsoft's default rule set 2.1 or newer blocks known attacks",
    on=POLICY,
    severity="critical",
    controls=["164.308(a)(5)(ii)(B)", "164.312(a)(1)"],
    remediation="Add Microsoft_DefaultRuleSet 2.1 with ruleSetAction Block; it needs the Premium tier.",
    source="PSRule AZR-000308; from 2.0 on a rule set without an action does not block",
)
def managed_rules(policy: Resource) -> Iterator[str]:
    rule_sets = managed(policy, DEFAULT_RULES)
    if not rule_sets:
        yield f"{DEFAULT_RULES} is not among its managed rules"
    for rule_set in rule_sets:
        version = str(lookup(rule_set, "ruleSetVersion", "0"))
        if tuple(int(part) for part in version.split(".") if part.isdigit()) < (2, 1):
            yield f"{DEFAULT_RULES} has version {version}, must be 2.1 or newer"
        if not same(lookup(rule_set, "ruleSetAction"), "Block"):
            yield f"{DEFAULT_RULES} has action {lookup(rule_set, 'ruleSetAction', 'not set')}, must be Block"


@rule(
    "WAF-BOT-RULES",
    "Known bad bots are stopped",
    on=POLICY,
    severity="high",
    controls=["164.308(a)(5)(ii)(B)"],
    remediation="Add Microsoft_BotManagerRuleSet; it needs the Premium tier.",
    source="Azure Policy 'Bot Protection should be enabled for Azure Front Door WAF'",
)
def bot_rules(policy: Resource) -> Iterator[str]:
    rule_sets = managed(policy, BOT_RULES)
    if not rule_sets:
        yield f"{BOT_RULES} is not among its managed rules"
    for action in (lookup(each, "ruleSetAction") for each in rule_sets):
        if action is not None and not same(action, "Block"):
            yield f"{BOT_RULES} has action {action}, must be Block or none"


@rule(
    "WAF-NO-EXCLUSIONS",
    "No part of a request, and no managed rule, is left out",
    on=POLICY,
    severity="high",
    controls=["164.308(a)(5)(ii)(B)"],
    remediation="Remove exclusions and overrides that switch rules off or only log, or register an exception.",
    source="PSRule AZR-000307",
)
def no_exclusions(policy: Resource) -> Iterator[str]:
    if policy.has("managedRules.exceptionsList.exceptions"):
        yield "its managed rules have exceptions"
    yield from judge_each(policy, "managedRules.managedRuleSets", _left_out)


def _left_out(rule_set: Any) -> Iterator[str]:
    kind = lookup(rule_set, "ruleSetType")
    if lookup(rule_set, "exclusions", ()):
        yield f"{kind} has exclusions"
    for group in lookup(rule_set, "ruleGroupOverrides", ()):
        if lookup(group, "exclusions", ()):
            yield f"{kind} has exclusions in {lookup(group, 'ruleGroupName')}"
        for override in lookup(group, "rules", ()):
            rule_id = lookup(override, "ruleId")
            if _weakens(override):
                yield f"{kind} rule {rule_id} is off or only logs"
            if lookup(override, "exclusions", ()):
                yield f"{kind} rule {rule_id} has exclusions"


def _weakens(override: Any) -> bool:
    """Whether an override takes a rule's block away. A rule named without a state is off: Azure's default."""
    state, action = str(lookup(override, "enabledState", OVERRIDE)), str(lookup(override, "action", ""))
    return state.lower() != "enabled" or action.lower() not in ("", "block", "anomalyscoring")


@rule(
    "WAF-KNOWN-RULES",
    "An override names a rule that the rule set has, and switches none on unawares",
    on=POLICY,
    severity="medium",
    controls=["164.308(a)(5)(ii)(B)"],
    remediation="Name the rule that the log shows beside 949110 with the same reference; a rule that is off by default "
    "needs no exclusion, and naming one switches it on.",
    source="facts/waf_rule_sets.yaml; learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-drs",
)
def known_rules(policy: Resource) -> Iterator[str]:
    for rule_set in policy.each("managedRules.managedRuleSets"):
        kind, version = str(lookup(rule_set, "ruleSetType")), str(lookup(rule_set, "ruleSetVersion"))
        known = rule_sets().get(kind, {}).get(version)
        if known is None:
            yield f"{kind} {version} is no rule set that facts/waf_rule_sets.yaml knows"
            continue
        for group in lookup(rule_set, "ruleGroupOverrides", ()):
            for override in lookup(group, "rules", ()):
                yield from _unknown_rule(known, str(lookup(group, "ruleGroupName")), override, f"{kind} {version}")


def _unknown_rule(known: RuleSet, group: str, override: Any, name: str) -> Iterator[str]:
    rule_id = str(lookup(override, "ruleId"))
    actual = known.group_of(rule_id)
    if actual is None:
        yield f"{name} is not known to have a rule {rule_id}"
    elif actual.lower() != group.lower():
        yield f"{name} has rule {rule_id} in group {actual}, not {group}"
    elif rule_id in known.off and str(lookup(override, "enabledState", OVERRIDE)).lower() == "enabled":
        yield f"{name} rule {rule_id} is off by default; naming it switches it on"
