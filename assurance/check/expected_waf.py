"""That the firewall of every exposure class holds the custom rules which the stack file and the catalogue ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from assurance.check.demand import Demand, demand, made_from
from assurance.check.findings import LATER
from assurance.check.places import Places
from assurance.record import UNKNOWN, Resource
from assurance.references import References, get
from policies.rule import RuleInfo
from stacks.catalogues.rate_limits import RATE_LIMITS, rate_limits
from stacks.settings.edge import WafSettings
from stacks.settings.edge_rules import EdgeApp, edge_apps
from stacks.settings.model import Settings

WAF = partial(RuleInfo, source="the stack's file")(
    "EXPECT-WAF",
    "Every firewall policy has the custom rules of its exposure class, and is as strict as the file says",
    "high",
    ("164.308(a)(1)(ii)(B)", "164.308(a)(5)(ii)(D)", "164.312(a)(1)"),
    "Make the rule as the file says: stacks/catalogues/rate_limits.yaml, and medspasync:waf for what a stack changes.",
)
POLICY = "frontdoor:Policy"
BODY = "BodySize"
Condition = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A rule that must be there. file, key: the entry that asks for it; inputs: what it must be."""

    file: str
    key: str
    inputs: dict[str, Any]


def waf_demands(references: References, settings: Settings, places: Places) -> Iterator[Demand]:
    """One for the policy of each exposure class in use, and one for each of its custom rules."""
    classes: dict[str, list[EdgeApp]] = {}
    for app in edge_apps(settings.apps):
        classes.setdefault(app.exposure, []).append(app)
    file = f"Pulumi.{references.record.stack}.yaml"
    for exposure, apps in classes.items():
        asked = list(_asked(exposure, apps, settings.waf, file))
        found = made_from(references.by_type(POLICY), exposure, RATE_LIMITS)
        policy = demand(WAF, f"firewall policy of class {exposure}", places.of(RATE_LIMITS, exposure), found)
        if not found or _unknown(found[0]):
            yield policy if not found else replace(policy, unknown=[f"{LATER}customRules"])
            continue
        rules = {rule.get("name"): rule for rule in get(found[0], "customRules.rules", [])}
        strange = sorted(str(name) for name in rules.keys() - {each.inputs["name"] for each in asked})
        yield replace(policy, problems=[f"no file asks for its rule {name}" for name in strange])
        for place, each in enumerate(asked, start=1):
            name = f"firewall rule {each.inputs['name']} of class {exposure}"
            of_name = [replace(found[0], inputs=rules[each.inputs["name"]])] if each.inputs["name"] in rules else []
            told = demand(WAF, name, places.of(each.file, each.key), of_name, {**each.inputs, "priority": place})
            yield _with_body(told, settings.waf.max_body_bytes) if each.inputs["name"] == BODY else told


def _unknown(policy: Resource) -> bool:
    """Whether only a deployment knows its rules."""
    rules = get(policy, "customRules.rules", [])
    return UNKNOWN in (policy.inputs.get("customRules"), rules, *rules)


def _with_body(told: Demand, limit: int) -> Demand:
    """With what the expression on Content-Length lets through, where the rest of the rule is as it must be."""
    if told.resource is None or told.problems or told.unknown:
        return told
    (condition,) = told.resource.inputs["matchConditions"]
    values = condition.get("matchValue") or []
    if UNKNOWN in (values, *values):
        return replace(told, unknown=[f"{LATER}matchConditions[0].matchValue"])
    return replace(told, problems=list(_body_problems(values, limit)))


def _asked(exposure: str, apps: Sequence[EdgeApp], waf: WafSettings, file: str) -> Iterator[_Asked]:
    """The custom rules of a class in order of evaluation."""
    # Whoever answers an incident changes the addresses: the rule is asked for, not what stands in it.
    incident = _block("IncidentAddresses", _condition("SocketAddr", "IPMatch"))
    yield _Asked(file=RATE_LIMITS, key=exposure, inputs=incident)
    if waf.geo:
        where = _condition("SocketAddr", "GeoMatch", waf.geo.countries, negate=waf.geo.action == "allow")
        yield _Asked(file=file, key="medspasync:waf.geo", inputs=_block("Geography", where))
    url = _condition("RequestUri", "GreaterThan", [str(waf.max_url_characters)])
    yield _Asked(file=file, key="medspasync:waf.maxUrlCharacters", inputs=_block("UrlSize", url))
    query = _condition("QueryString", "GreaterThan", [str(waf.max_query_characters)])
    yield _Asked(file=file, key="medspasync:waf.maxQueryCharacters", inputs=_block("QuerySize", query))
    body = _condition("RequestHeader", "RegEx", selector="Content-Length", transforms=["Trim"])
    yield _Asked(file=file, key="medspasync:waf.maxBodyBytes", inputs=_block(BODY, body))
    yield from _limits(exposure, apps, waf, file)


def _limits(exposure: str, apps: Sequence[EdgeApp], waf: WafSettings, file: str) -> Iterator[_Asked]:
    """Rate limits: of single apps, then of the class."""
    exempt = [str(network) for network in waf.rate_limit_exempt_addresses]
    but = [_condition("SocketAddr", "IPMatch", exempt, negate=True)] if exempt else []
    for app in apps:
        if own := waf.app_limits.get(app.name):
            name = "RateApp" + "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]", app.name))
            hosts = [_text("RequestHeader", "Equal", app.hosts, "Host")] if app.hosts else [_EVERY_REQUEST]
            rate = _rate(name, own.threshold, own.window_minutes, "SocketAddr", "Block", [*hosts, *but])
            yield _Asked(file=file, key=f"medspasync:waf.appLimits.{app.name}", inputs=rate)
    for label, entry in rate_limits()[exposure].items():
        key = f"{exposure}.{label}"
        changed = waf.rate_limits.get(key)
        limit = entry.model_copy(update=changed.model_dump(exclude_none=True)) if changed else entry
        conditions = [_text("RequestUri", "Contains", limit.paths)] if limit.paths else []
        conditions += [_condition("RequestMethod", "Equal", limit.methods)] if limit.methods else []
        yield _Asked(
            file=RATE_LIMITS,
            key=key,
            inputs=_rate(
                f"Rate{label.capitalize()}", limit.threshold, limit.window_minutes, limit.group_by, limit.action,
                [*(conditions or [_EVERY_REQUEST]), *but],
            ),
        )  # fmt: skip


def _block(name: str, condition: Condition) -> dict[str, Any]:
    common = {"name": name, "enabledState": "Enabled", "ruleType": "MatchRule"}
    return {**common, "action": "Block", "matchConditions": [condition]}


def _rate(
    name: str, threshold: int, minutes: int, group_by: str, action: str, conditions: list[Condition]
) -> dict[str, Any]:
    return {
        "name": name,
        "enabledState": "Enabled",
        "ruleType": "RateLimitRule",
        "rateLimitThreshold": threshold,
        "rateLimitDurationInMinutes": minutes,
        "groupBy": [{"variableName": group_by}],
        "action": action,
        "matchConditions": conditions,
    }


def _condition(
    variable: str,
    operator: str,
    values: Sequence[str] | None = None,
    *,
    selector: str | None = None,
    negate: bool = False,
    transforms: Sequence[str] = (),
) -> Condition:
    """A condition; without ``values`` it may hold any."""
    held = {} if values is None else {"matchValue": list(values)}
    condition = {"matchVariable": variable, "operator": operator, "selector": selector, "negateCondition": negate}
    return {**condition, **held, "transforms": list(transforms)}


def _text(variable: str, operator: str, values: Sequence[str], selector: str | None = None) -> Condition:
    """Text, whatever its case and however it is percent-encoded."""
    lower = [value.lower() for value in values]
    return _condition(variable, operator, lower, selector=selector, transforms=["UrlDecode", "Lowercase"])


_EVERY_REQUEST = _condition("RequestHeader", "GreaterThan", ["0"], selector="Host")
"""A rule needs a condition; every valid request has a host header."""


def _body_problems(values: Sequence[str], limit: int) -> Iterator[str]:
    """What expressions on a length let through although it is more than ``limit``, or stop although it is not.

    However they are written, they are tried on numbers that differ from the limit in each of its digits.
    """
    try:
        stops = [re.compile(value) for value in values]
    except re.error as error:
        yield f"its matchValue is no regular expression: {error}"
        return
    passed = [size for size in _larger(limit) if not any(each.search(str(size)) for each in stops)]
    if passed:
        yield f"it lets a body of {min(passed)} bytes through, must stop more than {limit}"
    if any(each.search(str(limit)) for each in stops):
        yield f"it stops a body of {limit} bytes, which is allowed"


def _larger(limit: int) -> Iterator[int]:
    """Numbers above ``limit``: for each of its digits every higher one, with least and most behind it; and longer."""
    length = len(str(limit))
    for place in range(length):
        step = 10**place
        for higher in range(1, 10 - limit // step % 10):
            yield (limit // step + higher) * step
            yield (limit // step + higher + 1) * step - 1
    for longer in range(length, length + 8):
        yield 10**longer
        yield 10 ** (longer + 1) - 1
