"""What the edge does with requests, before and after: the examples, and one request for each route, host, class of
method and limit of either side."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from assurance.compare.posture.headers import judge_header
from assurance.compare.posture.item import Posture, Sides, item, one_sided
from assurance.reach.front_door import DOMAIN, ENDPOINT, POLICY, ROUTE, host_name
from assurance.record import Record, Resource, get
from assurance.request.edge import Edge
from assurance.request.expectations import load_examples
from assurance.request.message import Request, RequestError, parse_request
from assurance.request.outcome import Outcome
from assurance.stacks import project_root
from documents.counting import first_of

EXAMPLES = "docs/requests.yaml"
METHODS = ("GET", "POST")
KINDS = {"forwarded": 0, "redirected": 1, "blocked": 2, "refused": 2}
"""Later is stronger: a request that goes on reaches an app."""
NEAR = {"GreaterThan": 1, "GreaterThanOrEqual": 0, "LessThan": -1, "LessThanOrEqual": 0}


def edge_items(sides: Sides) -> Iterator[Posture]:
    """Requests that get another answer, by host, told once for each way in which they differ."""
    if not sides.base.of_type(ROUTE) and not sides.head.of_type(ROUTE):
        return
    before, after = Edge(sides.base), Edge(sides.head)
    names_by_group: dict[tuple[str, ...], list[str]] = {}
    first: dict[tuple[str, ...], Posture] = {}
    for name, request in _requests(sides):
        for found in _compared(before.handle(request), after.handle(request)):
            group = (request.host, found.direction, found.aspect, str(found.before), str(found.after))
            first.setdefault(group, found)
            names_by_group.setdefault(group, []).append(name)
    for key, found in first.items():
        names = list(dict.fromkeys(names_by_group[key]))
        yield replace(found, what=f"{first_of(names, 3)}: {found.what}")


def _requests(sides: Sides) -> Iterator[tuple[str, Request]]:
    """(name in words, request), each once."""
    seen: set[str] = set()
    for name, request in (*_examples(sides), *_of_routes(sides.base), *_of_routes(sides.head), *_of_limits(sides)):
        key = repr(request)
        if key not in seen:
            seen.add(key)
            yield name, request


def _examples(sides: Sides) -> Iterator[tuple[str, Request]]:
    path = Path(project_root(), EXAMPLES)
    if not sides.head.own or not path.is_file():
        return
    examples = load_examples(path)
    hosts = examples.hosts.get(sides.head.stack)
    for example in examples.requests if hosts is not None else ():
        if not example.stacks or sides.head.stack in example.stacks:
            yield f"example {example.id}", example.request(hosts or {})


def _of_routes(record: Record) -> Iterator[tuple[str, Request]]:
    for route in record.of_type(ROUTE):
        owners = list(record.targets(route, "customDomains[].id", DOMAIN))
        if get(route, "linkToDefaultDomain", "Enabled") == "Enabled":
            owners += record.targets(route, "endpointName", ENDPOINT, by="endpointName")
        for owner in owners:
            for pattern in get(route, "patternsToMatch", ()):
                path = str(pattern).replace("*", "posture")
                for method, scheme in (*((each, "https") for each in METHODS), ("GET", "http")):
                    yield from _request(method, f"{scheme}://{host_name(owner)}{path}")


def _of_limits(sides: Sides) -> Iterator[tuple[str, Request]]:
    """One request at each limit of each firewall rule: what the rule was made to stop."""
    hosts = [name for record in (sides.base, sides.head) for each in record.of_type(DOMAIN, ENDPOINT)
             if "[" not in (name := host_name(each))]  # fmt: skip
    rules = [rule for record in (sides.base, sides.head) for policy in record.of_type(POLICY)
             for rule in get(policy, "customRules.rules", ())]  # fmt: skip
    for host in dict.fromkeys(hosts):
        for rule in rules:
            yield from _at_limit(host, rule)


def _at_limit(host: str, rule: dict[str, Any]) -> Iterator[tuple[str, Request]]:
    method, path, query = "GET", "/posture", ""
    more: dict[str, Any] = {}
    for condition in rule.get("matchConditions") or ():
        variable, operator = condition.get("matchVariable"), condition.get("operator")
        value = str((condition.get("matchValue") or [""])[0])
        if condition.get("negateCondition"):
            continue
        if operator in NEAR and variable in ("RequestUri", "QueryString") and value.isdigit():
            size = int(value) + NEAR[operator]
            if variable == "QueryString":
                query = "q" * min(size, 8192)
            else:
                path = f"/{'p' * max(0, min(size, 8192) - len(f'https://{host}:443/'))}"
        elif variable == "RequestUri" and operator in ("Contains", "BeginsWith", "EndsWith"):
            path = value if value.startswith("/") else f"/{value}"
        elif variable == "RequestMethod" and operator == "Equal":
            method = value
        elif operator == "GeoMatch":
            more["origin"] = value
        elif operator == "IPMatch" and "/" in value and ":" not in value:
            more["origin"] = f"{value.split('/')[0].rsplit('.', 1)[0]}.7"
        elif variable == "RequestHeader" and str(condition.get("selector")).lower() == "content-length":
            more["body_bytes"] = _smallest(value)
    if rule.get("ruleType") == "RateLimitRule":
        threshold, window = rule.get("rateLimitThreshold"), rule.get("rateLimitDurationInMinutes", 1)
        more["rate"] = f"{int(threshold or 0) + 1}/{window}"
    url = f"https://{host}{path}" + (f"?{query}" if query else "")
    for _, request in _request(method, url, **more):
        yield f"{rule.get('name')} at its limit", request


def _smallest(pattern: str) -> int:
    """The smallest size of a body that a pattern on Content-Length matches; it grows with the size."""
    low, high = 0, 1 << 34
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if re.search(pattern, str(middle)) else (middle + 1, high)
    return low


def _request(method: str, url: str, **more: Any) -> Iterator[tuple[str, Request]]:
    try:
        yield f"{method} {url if len(url) < 100 else url[:97] + '…'}", parse_request(method, url, **more)
    except RequestError:
        return  # a host that only a deployment names


def _compared(before: Outcome, after: Outcome) -> Iterator[Posture]:
    def found(weaker: bool, property_: str, what: str, values: tuple[Any, Any], *stages: str) -> Posture:
        about = _by(after, before, stages)
        return item("edge", weaker, what, values, about, property_, _path(about, after.rule or before.rule))

    old, new = _kind(before), _kind(after)
    if KINDS[before.kind] != KINDS[after.kind]:
        weaker = KINDS[after.kind] < KINDS[before.kind]
        yield found(weaker, "outcome", f"{old} → {new}", (old, new), "firewall", "route", "host")
        return
    if before.kind != "forwarded":
        return
    if before.cached != after.cached:
        what = "answers are now kept at the edge" if after.cached else "answers are no longer kept at the edge"
        yield found(after.cached, "cached", what, (before.cached, after.cached), "cache")
    yield from _headers(before, after, found)


def _path(about: Resource | None, rule: str) -> str:
    """The input that holds a firewall rule."""
    rules = get(about, "customRules.rules", ()) if about and about.type.endswith(POLICY) else ()
    return next((f"customRules.rules[{index}]" for index, each in enumerate(rules) if each.get("name") == rule), "")


def _kind(outcome: Outcome) -> str:
    return f"{outcome.kind} by {outcome.rule}" if outcome.rule else outcome.kind


def _by(after: Outcome, before: Outcome, stages: tuple[str, ...]) -> Resource | None:
    """What decided, of the head; where that names nothing, of the base."""
    for outcome in (after, before):
        for stage in stages:
            last = next((d.by for d in reversed(outcome.decisions) if d.stage == stage and d.by is not None), None)
            if last is not None:
                return last
    return next((d.by for d in reversed(after.decisions) if d.by is not None), None)


def _headers(before: Outcome, after: Outcome, found: Any) -> Iterator[Posture]:
    for name in sorted({*before.set, *after.set}):
        old, new = before.set.get(name), after.set.get(name)
        if old == new:
            continue
        if new is None or old is None:
            word = "no longer set" if new is None else "now set"
            yield found(new is None, name, f"the header {name} is {word}", (old, new), "headers")
        else:
            judged, more = judge_header(name, old, new)
            if judged is not None:
                word = f"allows more, or asks for less: {more[:200]}" if more else "allows less, or asks for more"
                yield found(judged == "weaker", name, f"the header {name} {word}", (old, new), "headers")
    hidden_before, hidden_after = (dict.fromkeys(map(str.lower, each.removed), "removed") for each in (before, after))
    for name, word, gone in one_sided(hidden_before, hidden_after):
        values = (word, None) if gone else (None, word)
        yield found(
            gone, name, f"the header {name} of the app is {'passed on' if gone else 'taken out'}", values, "headers"
        )
