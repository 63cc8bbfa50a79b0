"""What the edge makes of each entry: response headers, rate limits and the firewall's settings."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from components.waf import ADDRESSES, MANAGED_RULE_IDS, RULE_NAMES
from stacks.catalogues.rate_limits import RATE_LIMITS, rate_limits
from stacks.catalogues.security_headers import CSP, SECURITY_HEADERS, security_headers
from stacks.edge_apps import EdgeApp
from stacks.entries import Entry, Part, leave_out, list_parts, stack_entry
from stacks.settings.edge import WafSettings


def header_entries(app: EdgeApp, sent: Mapping[str, str]) -> dict[str, Entry]:
    """The entry that each header of the app's answers comes from, sent or removed."""
    headers = security_headers()
    entries = {header: Entry(SECURITY_HEADERS, f"all.{header}") for header in headers.all}
    for header in headers.exposures.get(app.exposure, {}):
        entries[header] = Entry(SECURITY_HEADERS, f"exposures.{app.exposure}.{header}")
    if app.csp is not None:
        leave_out(f"each app of class {app.exposure} has a policy of its own", entries.pop(CSP))
    if app.csp is not None and CSP in sent:
        entries[CSP] = stack_entry(f"apps.{app.name}.contentSecurityPolicy")
    for index, header in enumerate(headers.remove):
        entries[header] = Entry(SECURITY_HEADERS, f"remove[{index}]")
    return entries


def leave_out_classes(used: Collection[str]) -> None:
    """Say which entries belong to exposure classes that no app of this stack has."""
    for exposure, limits in rate_limits().items():
        if exposure not in used:
            headers = security_headers().exposures.get(exposure, {})
            unused = [Entry(RATE_LIMITS, f"{exposure}.{name}") for name in limits]
            unused += [Entry(SECURITY_HEADERS, f"exposures.{exposure}.{header}") for header in headers]
            leave_out(f"no app of this stack is of class {exposure}", *unused)


def policy_parts(exposure: str, apps: Sequence[EdgeApp], waf: WafSettings) -> list[Part]:
    """What each entry of the stack config and of the catalogue of rate limits becomes in the policy of a class."""
    changed = [change.rule for change in waf.managed_rule_changes.get(exposure, [])]
    changes = list_parts(f"waf.managedRuleChanges.{exposure}", MANAGED_RULE_IDS, changed)
    addresses = list_parts("waf.rateLimitExemptAddresses", ADDRESSES, map(str, waf.rate_limit_exempt_addresses))
    rules = [Part(entry, RULE_NAMES, name) for name, entry in _rule_entries(exposure, apps, waf)]
    return [*changes, *addresses, *rules]


def _rule_entries(exposure: str, apps: Sequence[EdgeApp], waf: WafSettings) -> Iterator[tuple[str, Entry]]:
    """Name and entry of each custom rule that comes from one; a rate limit that the stack changes has two."""
    if waf.geo:
        yield "Geography", stack_entry("waf.geo")
    yield "UrlSize", stack_entry("waf.maxUrlCharacters")
    yield "QuerySize", stack_entry("waf.maxQueryCharacters")
    yield "BodySize", stack_entry("waf.maxBodyBytes")
    for app in apps:
        if app.name in waf.app_limits:
            yield alphanumeric("RateApp", app.name), stack_entry(f"waf.appLimits.{app.name}")
    for name in rate_limits()[exposure]:
        yield alphanumeric("Rate", name), Entry(RATE_LIMITS, f"{exposure}.{name}")
        if f"{exposure}.{name}" in waf.rate_limits:
            yield alphanumeric("Rate", name), stack_entry(f"waf.rateLimits.{exposure}.{name}")


def alphanumeric(prefix: str, name: str) -> str:
    """``RateAppProNext``: rules and rule sets take letters and digits only."""
    return prefix + "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]", name))
