"""Every public host as the Internet sees it: it answers, its certificate holds and lasts, and its domain is validated.

Front Door renews its certificates by itself only where the host's CNAME points straight at the endpoint; otherwise the
domain's state becomes ``PendingRevalidation`` 45 days before the end (MicrosoftDocs/azure-docs articles/frontdoor/
domain.md, read 2026-11-29). It only reads: our own profile over ARM, our own public hosts over HTTPS.
"""

from collections.abc import Iterator
from datetime import timedelta

from deployment.arm import ArmError
from deployment.step import Context, Result
from deployment.steps.private_links import CDN

LEAST = timedelta(days=30)
"""A certificate that ends sooner has not been renewed in the fifteen days after Azure asked for it (45 days before)."""


def run(context: Context) -> Iterator[Result]:
    """One result for each host: those of the profile's custom domains, and of the apps."""
    try:
        domains = context.arm.list(f"{context.inputs.front_door_id}/customDomains", CDN)
    except ArmError as refused:
        yield Result("custom domains", "failed", str(refused))
        domains = []
    states = {str(one["properties"]["hostName"]): one["properties"].get("domainValidationState") for one in domains}
    paths = {app.url.removeprefix("https://"): app.health_check_path for app in context.inputs.apps.values()}
    for host in sorted({*states, *paths}):
        wrong = [
            *_validation(host, states),
            *_answer(context, host, paths.get(host, "/")),
            *_certificate(context, host),
        ]
        yield Result(host, "missing" if wrong else "holds", "; ".join(wrong) or "answers, validated, certificate lasts")


def _validation(host: str, states: dict[str, str | None]) -> Iterator[str]:
    if host not in states:
        yield "no custom domain of our Front Door has this name"
    elif states[host] != "Approved":
        yield f"its domain is {states[host]}: compare public DNS with the stack's output dnsRecords"


def _answer(context: Context, host: str, path: str) -> Iterator[str]:
    try:
        status = context.tools.fetch(f"https://{host}{path}").status
    except OSError as silent:
        yield f"nobody answers ({silent})"
        return
    if status >= 500:
        yield f"{path} answers {status}"


def _certificate(context: Context, host: str) -> Iterator[str]:
    try:
        ends = context.tools.expiry(host)
    except OSError as refused:
        yield f"its certificate cannot be had or does not hold ({refused})"
        return
    left = ends - context.tools.clock()
    if left < LEAST:
        yield f"its certificate ends on {ends:%Y-%m-%d}, in {left.days} days"
