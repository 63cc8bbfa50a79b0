"""The firewall's custom rules: rate limits, and what lets requests past the others."""

from collections.abc import Iterator
from typing import Any

from facts.defaults import default_of
from policies.compare import same
from policies.resource import Resource, lookup
from policies.rule import rule, shown
from policies.rules.waf import POLICY

ON = default_of(POLICY, "customRules.rules[].enabledState")
"""What Azure takes for a custom rule without enabledState."""
SAID = ("RequestHeader", "Cookies", "PostArgs", "RequestBody")
"""Parts of a request by which who asks could leave a limit; the path and method are what it asks."""
ADDRESS_OPERATORS = ("IPMatch", "GeoMatch", "ServiceTagMatch", "AsnMatch")


SIGN_IN = frozenset(
    {"auth", "login", "signin", "sign-in", "register", "signup", "token", "password", "mfa", "otp", "oauth", "oauth2"}
)
"""Parts of a path behind which somebody signs in, or gets another password."""
MOST_SIGN_INS = 120
"""Requests a minute, of one address, that a limit on sign-in lets pass at most (policy choice: two a second, a clinic
behind one address; pages.nist.gov/800-63-3/sp800-63b.html 5.2.2 allows 100 failed attempts in a row for an account)."""
EMBARGOED = frozenset({"CU", "IR", "KP"})
"""Countries with which no business may be done (31 CFR 515, 560 and 510), so that nobody means to let them alone in."""


def _limits_rates(entry: Any) -> bool:
    return same(lookup(entry, "ruleType"), "RateLimitRule")


def enabled_rules(policy: Resource, kind: str) -> list[Any]:
    """The custom rules of a kind (MatchRule, RateLimitRule) that are on."""
    rules = policy.each("customRules.rules")
    return [r for r in rules if same(lookup(r, "ruleType"), kind) and same(lookup(r, "enabledState", ON), "Enabled")]


@rule(
    "WAF-RATE-LIMIT",
    "A firewall policy limits rates: at least one rule is on and blocks",
    on=POLICY,
    severity="critical",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(C)"],
    remediation="Add an enabled custom rule of type RateLimitRule with action Block, a threshold and a window.",
    source="requirement S18; the built-in policy e52e8487 passes a firewall without any rate-limit rule",
)
def rate_limit(policy: Resource) -> Iterator[str]:
    limits = enabled_rules(policy, "RateLimitRule")
    if not any(
        same(lookup(limit, "action"), "Block") and lookup(limit, "rateLimitThreshold", 0) > 0 for limit in limits
    ):
        yield "it has no enabled rate-limit rule that blocks"


@rule(
    "WAF-RATE-LIMITS-BLOCK",
    "Every rate limit is on and blocks",
    on=POLICY,
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(C)"],
    remediation="Set enabledState to Enabled and action to Block on every RateLimitRule, or register an exception.",
    source="requirement S18",
    each="customRules.rules",
)
def rate_limits_block(limit: Any) -> Iterator[str]:
    state, action = lookup(limit, "enabledState", ON), lookup(limit, "action")
    if _limits_rates(limit) and not (same(state, "Enabled") and same(action, "Block")):
        yield f"rate limit {lookup(limit, 'name')} is {state} with action {action}"


@rule(
    "WAF-RATE-LIMIT-LOW",
    "A rate limit is low enough to hold anybody back",
    on=POLICY,
    severity="medium",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(C)"],
    remediation="Set rateLimitThreshold to 10 to 5000 requests for rateLimitDurationInMinutes 1 or 5, for each address "
    "(groupBy SocketAddr), and on sign-in to 120 a minute or less.",
    source="learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-rate-limit (windows of 1 and 5 "
    "minutes; counted for each client address); policy choice: nobody clicks 5000 times a minute",
    each="customRules.rules",
)
def rate_limit_low(limit: Any) -> Iterator[str]:
    if not _limits_rates(limit):
        return
    name, threshold = lookup(limit, "name"), lookup(limit, "rateLimitThreshold")
    if not isinstance(threshold, (int, float)) or not 10 <= threshold <= 5000:
        yield f"rate limit {name} is {threshold}, must be 10 to 5000"
    if lookup(limit, "rateLimitDurationInMinutes", 1) not in (1, 5):
        yield f"rate limit {name} is for {lookup(limit, 'rateLimitDurationInMinutes')} minutes, must be 1 or 5"
    minutes = lookup(limit, "rateLimitDurationInMinutes", 1)
    if _is_about_sign_in(limit) and isinstance(threshold, (int, float)) and threshold > MOST_SIGN_INS * minutes:
        yield f"rate limit {name} on sign-in is {threshold} in {minutes} minutes, must be {MOST_SIGN_INS} a minute"
    if not lookup(limit, "matchConditions"):
        yield f"rate limit {name} matches nothing: it has no condition"
    yield from (f"rate limit {name} {fault}" for fault in _matches_nothing(limit))


def _is_about_sign_in(limit: Any) -> bool:
    return any(_names(condition, SIGN_IN) for condition in lookup(limit, "matchConditions", ()))


def _names(condition: Any, parts: frozenset[str]) -> bool:
    """Whether a condition is about paths with one of these parts."""
    texts = [str(value).lower() for value in lookup(condition, "matchValue", ())]
    return same(lookup(condition, "matchVariable"), "RequestUri") and any(parts & set(t.split("/")) for t in texts)


def _matches_nothing(entry: Any) -> Iterator[str]:
    """Conditions without a value: what such a rule should stop or count, it does not."""
    for condition in lookup(entry, "matchConditions", ()):
        if not lookup(condition, "matchValue") and not same(lookup(condition, "operator"), "Any"):
            yield f"compares {lookup(condition, 'matchVariable')} with an empty list"


@rule(
    "WAF-CUSTOM-RULES",
    "Every custom rule is on and stops what it matches",
    on=POLICY,
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(B)"],
    remediation="Set enabledState to Enabled and action to Block or a challenge on each MatchRule, or remove it.",
    source="learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules: Log lets pass",
    each="customRules.rules",
)
def custom_rules(entry: Any) -> Iterator[str]:
    state, action = lookup(entry, "enabledState", ON), lookup(entry, "action")
    # What allows is judged by WAF-NO-BYPASS, and what limits rates by WAF-RATE-LIMITS-BLOCK.
    if _limits_rates(entry) or same(action, "Allow"):
        return
    if not same(state, "Enabled") or not same(action, *STOPS):
        yield f"custom rule {lookup(entry, 'name')} is {state} with action {shown(action)}"
    elif not lookup(entry, "matchConditions"):
        yield f"custom rule {lookup(entry, 'name')} has no condition"
    yield from (f"custom rule {lookup(entry, 'name')} {fault}" for fault in (*_matches_nothing(entry), *_turned(entry)))


def _turned(entry: Any) -> Iterator[str]:
    """Negations that stop the harmless and let pass what the condition names."""
    for condition in lookup(entry, "matchConditions", ()):
        if same(lookup(condition, "negateCondition"), True):
            values = {str(value).upper() for value in lookup(condition, "matchValue", ())}
            if same(lookup(condition, "operator"), "GeoMatch") and EMBARGOED & values:
                yield f"lets {', '.join(sorted(EMBARGOED & values))} in, and others not"
            elif same(lookup(condition, "operator"), "GreaterThan", "GreaterThanOrEqual"):
                yield f"stops {lookup(condition, 'matchVariable')} up to {', '.join(values)}, and nothing above"


STOPS = ("Block", "JSChallenge", "CAPTCHA", "Redirect", "AnomalyScoring")
"""Actions of custom rules after which a request does not simply go on."""


@rule(
    "WAF-RATE-LIMIT-EVERYONE",
    "No address is left out of a rate limit",
    on=POLICY,
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(C)"],
    remediation="Remove negated conditions on addresses, sign-in, the API and POST from RateLimitRules, or register an "
    "exception that names who sends "
    "from there and until when.",
    source="requirement S18; learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-rate-limit",
    each="customRules.rules",
)
def rate_limit_everyone(limit: Any) -> Iterator[str]:
    if _limits_rates(limit):
        for condition in lookup(limit, "matchConditions", ()):
            values = ", ".join(str(value) for value in lookup(condition, "matchValue", ()))
            of_addresses = same(lookup(condition, "operator"), *ADDRESS_OPERATORS)
            negated = same(lookup(condition, "negateCondition"), True)
            if negated and (of_addresses or _names(condition, SIGN_IN | {"api"}) or "POST" in values.split(", ")):
                yield f"rate limit {lookup(limit, 'name')} does not count {values}"
            elif of_addresses and values and not {"0.0.0.0/0", "*", "Any"} & set(values.split(", ")):
                yield f"rate limit {lookup(limit, 'name')} counts {values} alone"
            elif same(lookup(condition, "matchVariable"), *SAID) and not same(lookup(condition, "selector"), "Host"):
                what = f"{lookup(condition, 'matchVariable')} {lookup(condition, 'selector', '')}".strip()
                yield f"rate limit {lookup(limit, 'name')} counts by {what}, which who asks may write"


@rule(
    "WAF-NO-BYPASS",
    "No custom rule lets requests past the rules after it",
    on=POLICY,
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(5)(ii)(B)"],
    remediation="Remove custom rules with action Allow, or register an exception that names who needs them.",
    source="learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules: Allow ends evaluation",
    each="customRules.rules",
)
def no_bypass(entry: Any) -> Iterator[str]:
    if same(lookup(entry, "enabledState", ON), "Enabled") and same(lookup(entry, "action"), "Allow"):
        yield f"custom rule {lookup(entry, 'name')} allows requests past the other rules"
