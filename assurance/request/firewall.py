"""The firewall before a host: its custom rules in order of priority, then its managed rule sets.

Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules (order and actions) and
.../waf-front-door-rate-limit (counting by address and window; per edge server, so a limit is a little higher in fact).
"""

from typing import Any

from assurance.reach.front_door import POLICY, SECURITY
from assurance.record import Record, Resource, get
from assurance.request.conditions import UndecidedError, holds
from assurance.request.message import Request
from assurance.request.outcome import Outcome
from assurance.request.routes import path_matches


def policies(record: Record, owner: Resource, path: str) -> list[Resource]:
    """The firewall policies of a domain or endpoint whose association covers a path."""
    return [
        policy
        for security in record.of_type(SECURITY)
        if owner in record.targets(security, "parameters.associations[].domains[].id", owner.type)
        and any(
            path_matches(pattern, path)
            for association in get(security, "parameters.associations", ())
            for pattern in association["patternsToMatch"]
        )
        for policy in record.targets(security, "parameters.wafPolicy.id", POLICY)
    ]


def inspect(policy: Resource, request: Request, outcome: Outcome) -> bool:
    """Let a policy decide about a request. Whether the request goes on; ``outcome`` has the steps."""
    if get(policy, "policySettings.enabledState") != "Enabled":
        outcome.decide("firewall", policy.name, "the policy is disabled", policy)
        return True
    prevention = get(policy, "policySettings.mode") == "Prevention"
    rules = sorted(get(policy, "customRules.rules", ()), key=lambda rule: int(rule["priority"]))
    for rule in rules:
        if rule.get("enabledState", "Enabled") != "Enabled":
            continue
        try:
            matched, why = _matches(rule, request)
        except UndecidedError as error:
            outcome.undecided.append(rule["name"])
            outcome.decide("firewall", rule["name"], f"not decided: it needs {error}", policy)
            continue
        action = str(rule["action"])
        if not matched:
            outcome.decide("firewall", rule["name"], f"does not apply: {why}", policy)
            continue
        if action == "Log" or (action != "Allow" and not prevention):
            outcome.logged.append(rule["name"])
            mode = "" if prevention else ", and the policy only detects"
            outcome.decide("firewall", rule["name"], f"{action}: {why}; it is logged{mode}", policy)
            continue
        outcome.decide("firewall", rule["name"], f"{action}: {why}", policy)
        if action == "Allow":
            return True
        _stop(policy, rule, action, outcome)
        return False
    for managed in get(policy, "managedRules.managedRuleSets", ()):
        name = f"{managed['ruleSetType']} {managed['ruleSetVersion']}"
        outcome.managed.append(name)
        outcome.decide("firewall", name, "looks at the request; what it finds is not evaluated here", policy)
    return True


def _stop(policy: Resource, rule: dict[str, Any], action: str, outcome: Outcome) -> None:
    outcome.rule = rule["name"]
    if action == "Redirect":
        outcome.kind, outcome.status = "redirected", 302
        outcome.location = str(get(policy, "policySettings.redirectUrl", ""))
    else:
        outcome.kind = "blocked"
        outcome.status = int(get(policy, "policySettings.customBlockResponseStatusCode", 403))


def _matches(rule: dict[str, Any], request: Request) -> tuple[bool, str]:
    """Whether every condition of a rule holds and, for a rate limit, the client is above it."""
    reasons = []
    undecided = None
    for condition in rule.get("matchConditions") or ():
        try:
            result, why = holds(condition, request)
        except UndecidedError as error:
            undecided = error
            continue
        if not result:
            return False, why
        reasons.append(why)
    if undecided:
        raise undecided
    if rule.get("ruleType") == "RateLimitRule":
        threshold, window = int(rule["rateLimitThreshold"]), int(rule.get("rateLimitDurationInMinutes", 1))
        count, minutes = request.rate
        in_window = count if minutes <= window else count * window / minutes
        message = f"{in_window:g} requests in {window} min, the limit is {threshold}"
        return in_window > threshold, f"{message} ({'; '.join(reasons)})"
    return True, "; ".join(reasons)
