"""Whether a header that the edge sets got weaker or stronger: by what each header means to a browser.

developer.mozilla.org/docs/Web/HTTP/Reference/Headers, w3.org/TR/CSP3, RFC 6797 (read 2026-11-29).
"""

import re
from collections.abc import Mapping
from typing import Literal

Verdict = Literal["weaker", "stronger"]
ORDERS: Mapping[str, tuple[str, ...]] = {
    "x-frame-options": ("sameorigin", "deny"),
    "x-content-type-options": ("nosniff",),
    "referrer-policy": ("unsafe-url", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "same-origin",
                        "strict-origin-when-cross-origin", "strict-origin", "no-referrer"),
    "cross-origin-opener-policy": ("unsafe-none", "same-origin-allow-popups", "noopener-allow-popups", "same-origin"),
    "cross-origin-resource-policy": ("cross-origin", "same-site", "same-origin"),
    "cross-origin-embedder-policy": ("unsafe-none", "credentialless", "require-corp"),
    "x-permitted-cross-domain-policies": ("all", "by-content-type", "by-ftp-filename", "master-only", "none"),
    "cache-control": ("public", "", "private", "no-cache", "no-store"),
}  # fmt: skip
"""From weak to strong; another value is weaker than all."""
OWN_SOURCES = ("base-uri", "form-action", "frame-ancestors", "navigate-to")
"""Directives of a policy that default-src does not stand in for."""
SWITCHES = ("upgrade-insecure-requests", "block-all-mixed-content", "sandbox", "require-trusted-types-for")
"""Directives that ask for more by being there."""
EVERYTHING = "anything"


def judge_header(name: str, old: str, new: str) -> tuple[Verdict | None, str]:
    """(weaker, stronger or None where it means the same, what it allows more or asks for less) of a header's values.

    Of a stronger one nothing is told but that it is.
    """
    name = name.lower()
    if name in ("content-security-policy", "content-security-policy-report-only"):
        return _judge(_policy(new, old), _policy(old, new))
    if name == "permissions-policy":
        return _judge(_features(new, old), _features(old, new))
    if name == "strict-transport-security":
        return _judge(_shorter(new, old), _shorter(old, new))
    if name in ORDERS:
        ranks = [_rank(ORDERS[name], value) for value in (old, new)]
        lost = [f"{old} → {new}"]
        return _judge(lost if ranks[1] < ranks[0] else [], lost if ranks[1] > ranks[0] else [])
    return ("weaker" if old != new else None), f"{old} → {new}"


def _judge(lost: list[str], won: list[str]) -> tuple[Verdict | None, str]:
    """Weaker where anything is lost, whatever is won."""
    if lost:
        return "weaker", ", ".join(lost)
    return ("stronger" if won else None), ""


def _rank(order: tuple[str, ...], value: str) -> int:
    """The place of the strongest of a value's words."""
    words = [each.split("=")[0].strip().lower() for each in value.split(",")]
    return max((order.index(word) for word in words if word in order), default=-1)


def _policy(new: str, old: str) -> list[str]:
    """What a Content-Security-Policy allows that the former one did not."""
    before, after = _directives(old), _directives(new)
    more = []
    named = sorted({*before, *after} - {*SWITCHES, "default-src", "report-uri", "report-to"})
    for name in (*named, "default-src"):
        known = _sources(before, name)
        added = _sources(after, name) - known
        if added and EVERYTHING not in known:
            more.append(f"{name} {' '.join(sorted(added))}")
    return more + [f"no {name}" for name in SWITCHES if name in before and name not in after]


def _directives(policy: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in policy.split(";"):
        if words := part.split():
            found.setdefault(words[0].lower(), words[1:])  # the first of a name counts
    return found


def _sources(directives: Mapping[str, list[str]], name: str) -> set[str]:
    fallback = None if name in OWN_SOURCES else directives.get("default-src")
    listed = directives.get(name, fallback)
    if listed is None:
        return {EVERYTHING}
    return {EVERYTHING if each == "*" else each for each in listed if each.lower() != "'none'"}


def _features(new: str, old: str) -> list[str]:
    """Features that a Permissions-Policy gives to more pages; one that it does not name is for the page itself."""
    before, after = (dict(re.findall(r"([\w-]+)=(\*|\([^)]*\)|\w+)", value)) for value in (old, new))
    more = []
    for name in sorted({*before, *after}):
        was, is_ = (_origins(side.get(name, "(self)")) for side in (before, after))
        if "*" not in was and is_ - was:
            more.append(f"{name} for {' '.join(sorted(is_ - was))}")
    return more


def _origins(allowed: str) -> set[str]:
    return set(allowed.strip("()").split())


def _shorter(new: str, old: str) -> list[str]:
    """What a Strict-Transport-Security asks for less than the former one."""
    before, after = (_settings(value) for value in (old, new))
    less = []
    if _age(after) < _age(before):
        less.append(f"max-age={_age(before)} → max-age={_age(after)}")
    return less + [f"no {name}" for name in ("includesubdomains", "preload") if name in before and name not in after]


def _settings(value: str) -> dict[str, str]:
    return {
        key.strip().lower(): text.strip(' "') for key, _, text in (each.partition("=") for each in value.split(";"))
    }


def _age(settings: Mapping[str, str]) -> int:
    text = settings.get("max-age", "0")
    return int(text) if text.isdigit() else 0
