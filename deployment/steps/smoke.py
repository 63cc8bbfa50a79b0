"""Ask every app over the Internet, as a browser would, whether it answers, and how it is protected.

What no record can tell: that the health path answers through the edge, that the headers arrive, and that an app which
sends its own content security policy sends one that protects (docs/contracts/security-headers.md). It only reads.
"""

import re
from collections.abc import Iterator, Mapping

from deployment.inputs import AppInputs, EdgeInputs
from deployment.step import Context, Result

CSP = "content-security-policy"
MISSING = "medspasync-smoke-missing.js"
"""A file that no app has."""

_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_-]{16,}={0,2})'")


def run(context: Context) -> Iterator[Result]:
    """One result for each app."""
    for name, app in context.inputs.apps.items():
        if context.plan:
            yield Result(name, "skipped", f"would ask {app.url}")
            continue
        try:
            wrong = list(_wrong(context, app))
        except OSError as silent:
            wrong = [str(silent)]
        yield Result(name, "failed" if wrong else "already", "; ".join(wrong) or f"{app.url} answers as it should")


def _wrong(context: Context, app: AppInputs) -> Iterator[str]:
    health = context.tools.fetch(f"{app.url}{app.health_check_path}")
    if health.status != 200:
        yield f"{app.health_check_path} answers {health.status}"
    yield from _headers(health.headers, context.inputs.edge)
    if not app.own_policy and "frame-ancestors" not in health.headers.get(CSP, ""):
        yield "no content security policy with frame-ancestors"
    if app.own_policy or app.static_paths:
        first = context.tools.fetch(f"{app.url}/")
        yield from _static(context, app, first.text)
        if app.own_policy:
            yield from _own_policy(first.headers.get(CSP, ""), context.tools.fetch(f"{app.url}/").headers.get(CSP, ""))


def _headers(headers: Mapping[str, str], edge: EdgeInputs) -> Iterator[str]:
    yield from (f"header {name} is missing" for name in edge.headers if name.lower() not in headers)
    yield from (f"header {name} is there" for name in edge.removed if name.lower() in headers)


def _static(context: Context, app: AppInputs, page: str) -> Iterator[str]:
    """Below a path that the edge caches a file says how long it lasts, and one that is not there is no page.

    A page sent for a missing file would be kept at every edge as that file; without Cache-Control the edge keeps an
    answer for as long as its own rule says (docs/contracts/static-files.md).
    """
    for path in app.static_paths:
        folder = path.removesuffix("*")
        missing = context.tools.fetch(f"{app.url}{folder}{MISSING}")
        if missing.status < 400:
            yield f"{folder} answers {missing.status} for a file that is not there"
        found = re.search(rf"""(?:src|href)=["']({re.escape(folder)}[^"'?#]+)""", page)
        if found and not context.tools.fetch(f"{app.url}{found.group(1)}").headers.get("cache-control"):
            yield f"{found.group(1)} has no Cache-Control"


def _own_policy(first: str, second: str) -> Iterator[str]:
    """What is wrong with the policy that an app sends itself, by two of its answers."""
    directives = {name: set(values) for name, *values in (part.split() for part in first.split(";") if part.split())}
    if "frame-ancestors" not in directives:
        yield "its own content security policy has no frame-ancestors"
    scripts = directives.get("script-src", directives.get("default-src", {"*"}))
    if scripts & {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "data:"}:
        yield "its own content security policy lets any script run"
    nonces = [set(_NONCE.findall(policy)) for policy in (first, second)]
    if not all(nonces):
        yield "its own content security policy has no nonce"
    elif nonces[0] & nonces[1]:
        yield "two answers have the same nonce"
