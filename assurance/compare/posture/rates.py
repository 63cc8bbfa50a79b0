"""How many requests a client may send, and which requests a firewall rule stops."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assurance.compare.posture.item import Posture, Sides, item
from assurance.compare.posture.strength import shown
from assurance.reach.front_door import POLICY
from assurance.record import Resource, get

STOPS = ("Block", "JSChallenge", "CAPTCHA", "Redirect")
CALLS = re.compile(r"<(rate-limit|rate-limit-by-key|quota|quota-by-key)\b([^>]*)>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')


def rate_items(sides: Sides) -> Iterator[Posture]:
    """Every rule of a firewall policy, and every limit of API Management, that changed."""
    for base, head in sides.both:
        if head.type.endswith(POLICY):
            yield from _rules(base, head)
        elif ":apimanagement:" in head.type and head.type.endswith("Policy"):
            yield from _calls(base, head)


def _rules(base: Resource, head: Resource) -> Iterator[Posture]:
    before, after = _by_name(base), _by_name(head)
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield from _gone_or_new(base, head, old, new)
        else:
            yield from _changed(head, old, new)


def _by_name(policy: Resource) -> dict[str, tuple[int, Mapping[str, Any]]]:
    rules = enumerate(get(policy, "customRules.rules", ()))
    return {str(r.get("name")): (i, r) for i, r in rules if r.get("enabledState", "Enabled") == "Enabled"}


def _gone_or_new(base: Resource, head: Resource, old: Any, new: Any) -> Iterator[Posture]:
    index, rule = new or old
    weaker = (rule.get("action") in STOPS) == (new is None)
    if rule.get("action") == "Log":
        return
    word = "is new" if new else "is gone or off"
    what = f"rule {rule['name']} of {head.name} {word}: {rule.get('action')} {_limit(rule)}".rstrip()
    values = (None, rule["name"]) if new else (rule["name"], None)
    about = head if new else base
    yield item(_area(rule), weaker, what, values, about, rule["name"], f"customRules.rules[{index}]")


def _area(rule: Mapping[str, Any]) -> Any:
    return "rates" if rule.get("ruleType") == "RateLimitRule" else "edge"


def _limit(rule: Mapping[str, Any]) -> str:
    if rule.get("ruleType") != "RateLimitRule":
        return ""
    return f"{rule.get('rateLimitThreshold')} in {rule.get('rateLimitDurationInMinutes', 1)} min"


def _changed(
    head: Resource, old: tuple[int, Mapping[str, Any]], new: tuple[int, Mapping[str, Any]]
) -> Iterator[Posture]:
    before, (index, after) = old[1], new
    name, path = str(after["name"]), f"customRules.rules[{index}]"
    if (before.get("action") in STOPS) != (after.get("action") in STOPS):
        weaker = after.get("action") not in STOPS
        what = f"rule {name} of {head.name}: {before.get('action')} → {after.get('action')}"
        values = (before.get("action"), after.get("action"))
        yield item(_area(after), weaker, what, values, head, name, path)
    if _limit(before) != _limit(after):
        weaker = _per_minute(after) > _per_minute(before)
        why = ", so that a client may try more" if weaker else ""
        what = f"rule {name} of {head.name}: {_limit(before)} → {_limit(after)}{why}"
        values = (_limit(before), _limit(after))
        yield item("rates", weaker, what, values, head, name, path)
    if before.get("matchConditions") != after.get("matchConditions"):
        yield from _conditions(head, before, after, name, path)


def _per_minute(rule: Mapping[str, Any]) -> float:
    return float(rule.get("rateLimitThreshold") or 0) / float(rule.get("rateLimitDurationInMinutes") or 1)


def _conditions(
    head: Resource, before: Mapping[str, Any], after: Mapping[str, Any], name: str, path: str
) -> Iterator[Posture]:
    """Values that a stopping rule no longer names, or newly names, where its conditions are otherwise the same."""
    olds, news = before.get("matchConditions") or [], after.get("matchConditions") or []
    stops = after.get("action") in STOPS
    if len(olds) != len(news):
        weaker = (len(news) > len(olds)) == stops
        what = f"rule {name} of {head.name} asks for {len(news)} conditions, {len(olds)} before"
        values = (len(olds), len(news))
        yield item(_area(after), weaker, what, values, head, name, path)
        return
    for old, new in zip(olds, news, strict=True):
        had, has = old.get("matchValue") or (), new.get("matchValue") or ()
        gone, came = [each for each in had if each not in has], [each for each in has if each not in had]
        if not (gone or came) or len(had) == len(has) == 1:
            continue  # one limit: the request at the limit says what it does
        names_less = bool(gone) != bool(new.get("negateCondition"))
        weaker = names_less == stops if bool(gone) != bool(came) else stops
        named = (("no longer names", gone), ("now names", came))
        words = " and ".join(f"{word} {shown(values)}" for word, values in named if values)
        yield item(_area(after), weaker, f"rule {name} of {head.name} {words}", (gone, came), head, name, path)


def _calls(base: Resource, head: Resource) -> Iterator[Posture]:
    before, after = _limits(base), _limits(head)
    for kind in sorted({*before, *after}):
        old, new = before.get(kind), after.get(kind)
        if old == new:
            continue
        weaker = old is not None and (new is None or new[0] > old[0])
        what = f"{kind} of {head.name}: {old[1] if old else 'none'} → {new[1] if new else 'none'}"
        values = (old and old[1], new and new[1])
        yield item("rates", weaker, what, values, head, kind, "value")


def _limits(policy: Resource) -> dict[str, tuple[float, str]]:
    found: dict[str, tuple[float, str]] = {}
    for kind, text in CALLS.findall(str(get(policy, "value", ""))):
        values = dict(ATTRIBUTE.findall(text))
        if values.get("calls", "").isdigit() and values.get("renewal-period", "").isdigit():
            calls, period = int(values["calls"]), int(values["renewal-period"])
            found[kind] = (calls / max(period, 1), f"{calls} in {period} s")
    return found
