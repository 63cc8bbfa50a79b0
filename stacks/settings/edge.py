"""The edge: Front Door and its web application firewall."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from documents.problems import Problem, did_you_mean
from documents.sections import Section
from documents.words import Text
from facts.decisions import Unknown
from facts.waf_rule_sets import rule_sets
from stacks.catalogues.rate_limits import RateAction, Threshold, WindowMinutes, rate_limits

RULE_SET_TYPES: dict[str, Literal["Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet"]] = {
    "default": "Microsoft_DefaultRuleSet",
    "bots": "Microsoft_BotManagerRuleSet",
}
"""Azure's types of managed rule sets, by the names that a stack file uses."""
BOT_RULE_SET = "1.1"
"""Version of the bot rules (facts/waf_rule_sets.yaml)."""


# ISO 3166-1 alpha-2, and ZZ: an address that Azure cannot place (learn.microsoft.com/azure/web-application-firewall/
# afds/waf-front-door-geo-filtering), read 2026-11-29.
_CODES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ZZ
"""
CODES = frozenset(_CODES.split())
WORDS = "a country in two capital letters (ISO 3166), like CU, or ZZ for addresses that Azure cannot place"


def check_country(code: str) -> str:
    """The code itself. Raises ValueError for one that no country has."""
    if code not in CODES:
        raise ValueError(f"{WORDS}{did_you_mean(code, CODES)}")
    return code


CountryCode = Annotated[str, Text(r"^[A-Z]{2}$", WORDS), AfterValidator(check_country)]
"""A country, as a request's address tells it."""


class DnsZoneSettings(Section):
    """An Azure DNS zone of the same subscription, made by hand, in which the hosts' records are kept."""

    resource_group: Annotated[str, Field(min_length=1, max_length=90)]
    """Resource group of the zone."""
    zone: Annotated[
        str,
        Text(
            r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$", "the name of a DNS zone in lower case, like example.com"
        ),
    ]
    """Name of the zone, for example example.com."""


class FrontDoorSettings(Section):
    """Azure Front Door, the one way in from the Internet."""

    sku: Literal["standard", "premium"] = "premium"
    """Tier. `premium` (about $330 a month) has private-link origins and managed firewall rules; `standard` (about $35
    a month) has neither: origins are public behind an X-Azure-FDID check, and the firewall has custom rules only."""
    origin_response_timeout_seconds: Annotated[int, Field(ge=16, le=240)] = 60
    """Seconds an app may take to begin an answer: 16 to 240."""
    probe_interval_seconds: Annotated[int, Field(ge=5, le=255)] = 60
    """Seconds between two health probes of one edge location, 5 to 255. All locations probe: short intervals are a
    load of their own."""
    dns_zone: DnsZoneSettings | None = None
    """Where given, the hosts' DNS records are made there; left out, they are stack outputs for whoever keeps DNS."""


class RateLimitOverride(Section):
    """What a stack changes about a limit of the catalogue."""

    threshold: Threshold | None = None
    """Requests in the window, 10 to 1,000,000."""
    action: RateAction | None = None
    """`Block`, or `Log` to only count (needs an exception of rule WAF-RATE-LIMITS-BLOCK)."""


class AppLimit(Section):
    """A limit of one app's hosts, beside those of its exposure class."""

    threshold: Threshold
    """Requests of one address in the window, 10 to 1,000,000."""
    window_minutes: WindowMinutes = 1
    """Length of the window in minutes: 1 or 5."""


class GeoSettings(Section):
    """From which countries requests are answered."""

    action: Literal["allow", "block"]
    """`allow`: only from these countries. `block`: from all but these."""
    countries: Annotated[list[CountryCode], Field(min_length=1, max_length=10)]
    """Two-letter codes, at most 10 (Azure's limit for a rule); ZZ stands for addresses that Azure cannot place."""


class ExcludedField(Section):
    """A part of requests that one managed rule does not look at."""

    variable: Literal[
        "RequestHeaderNames",
        "RequestCookieNames",
        "QueryStringArgNames",
        "RequestBodyPostArgNames",
        "RequestBodyJsonArgNames",
    ]
    """Kind of field."""
    operator: Literal["Equals", "StartsWith", "EndsWith", "Contains"] = "Equals"
    """How the field's name is compared with `selector`. Azure's EqualsAny, every field, is not offered."""
    selector: Annotated[str, Text(r"^[A-Za-z0-9._:\[\]-]+$", "the name of a field, like notes", max_length=100)]
    """Name of the field, or the part of it."""


class ManagedRuleChangeSettings(Section):
    """A managed rule that blocks what it should not. One rule at a time: neither a group nor a set can be switched
    off."""

    rule_set: Literal["default", "bots"] = "default"
    """Microsoft's default rule set, or its bot rules."""
    group: Annotated[str, Text(r"^[A-Za-z]+(-[A-Za-z]+)*$", "the group of a managed rule, like SQLI", max_length=60)]
    """The rule's group as the firewall's log names it, for example SQLI or PROTOCOL-ENFORCEMENT."""
    rule: Annotated[
        str, Text(r"^([0-9]{6,8}|Bot[0-9]{6})$", "the id of a managed rule in quotes, like 942100 or Bot300700")
    ]
    """The rule's id, for example 942100 or Bot300700."""
    exclude: list[ExcludedField] = []
    """Fields it does not look at: the narrowest change, to be preferred."""
    action: Literal["Log"] | None = None
    """`Log`: it only records."""
    enabled: bool = True
    """false: it is off."""

    def problems(self) -> Iterator[Problem]:
        """Exactly one thing is changed."""
        if [bool(self.exclude), self.action is not None, not self.enabled].count(True) != 1:
            yield Problem("", self.rule, "one of exclude, action: Log or enabled: false")


class WafSettings(Section):
    """Web application firewall, one policy for each exposure class."""

    mode: Literal["Prevention", "Detection"] = "Prevention"
    """`Prevention` blocks; `Detection` only logs (needs an exception of rule WAF-PREVENTION)."""
    managed_rules: bool = True
    """Microsoft's default rule set and bot rules. They need Front Door's premium tier."""
    default_rule_set: Literal["2.1", "2.2"] = "2.1"
    """Version of Microsoft's default rule set. 2.2 is the newest since February 2026 and 2.1 the one before it, both
    supported; a new one is tried in staging first."""
    geo: GeoSettings | None = None
    """Countries; left out, requests are answered wherever they come from."""
    managed_rule_changes: dict[str, Annotated[list[ManagedRuleChangeSettings], Field(min_length=1)]] = {}
    """Changes to managed rules, by exposure class, for example api. Every one needs an exception of rule
    WAF-NO-EXCLUSIONS on waf-<class> (policies/exceptions.yaml)."""
    rate_limits: dict[str, RateLimitOverride] = {}
    """Changes to limits of stacks/catalogues/rate_limits.yaml, by `<class>.<name>`, for example api.authentication."""
    app_limits: dict[str, AppLimit] = {}
    """Further limits of single apps, by app."""
    rate_limit_exempt_addresses: Annotated[list[IPv4Network | IPv6Network], Field(max_length=600)] = []
    """Address ranges that rate limits do not count: a load test's, an availability test's. Needs an exception of rule
    WAF-RATE-LIMIT-EVERYONE."""
    max_url_characters: Annotated[int, Field(ge=256, le=8192)] = 2048
    """Longest URL answered; Front Door itself stops at 8192."""
    max_query_characters: Annotated[int, Field(ge=64, le=4096)] = 1024
    """Longest query string answered; Front Door itself stops at 4096."""
    max_body_bytes: Annotated[int, Field(ge=1024, le=2_000_000_000)] = 10_485_760
    """Largest announced request body in bytes, 1,024 to 2,000,000,000: Front Door takes no body above 2 GB
    (azure-docs, includes/front-door-limits.md, upload and download data limit). The firewall inspects the first 128 KB
    of a body."""

    def problems(self) -> Iterator[Problem]:
        """Overrides must name a limit of the catalogue; URLs hold their query strings; each rule is changed once."""
        yield from self._managed_rule_problems()
        known = [f"{exposure}.{name}" for exposure, limits in rate_limits().items() for name in limits]
        for key, override in self.rate_limits.items():
            if key not in known:
                yield Problem(f"rateLimits.{key}", override.model_dump(exclude_none=True), _one_of(key, known))
        if self.max_query_characters > self.max_url_characters:
            yield Problem(
                "maxQueryCharacters", self.max_query_characters, f"at most maxUrlCharacters, {self.max_url_characters}"
            )

    def _managed_rule_problems(self) -> Iterator[Problem]:
        if self.managed_rule_changes and not self.managed_rules:
            yield Problem("managedRuleChanges", sorted(self.managed_rule_changes), "none: managedRules is false")
        for exposure, changes in self.managed_rule_changes.items():
            if exposure not in rate_limits():
                yield Problem(f"managedRuleChanges.{exposure}", exposure, _one_of(exposure, rate_limits()))
            for index, change in enumerate(changes):
                if allowed := self._unknown_rule(change):
                    yield Problem(f"managedRuleChanges.{exposure}[{index}]", f"{change.group} {change.rule}", allowed)
            ids = [change.rule for change in changes]
            for rule in sorted({rule for rule in ids if ids.count(rule) > 1}):
                yield Problem(f"managedRuleChanges.{exposure}", rule, "each rule once")

    def _unknown_rule(self, change: ManagedRuleChangeSettings) -> str:
        """What may stand in place of a change that Azure would refuse, or that would switch a rule on; else nothing."""
        version = self.default_rule_set if change.rule_set == "default" else BOT_RULE_SET
        rules = rule_sets()[RULE_SET_TYPES[change.rule_set]][version]
        if isinstance(rules.groups, Unknown):
            return f"none with rule set {version}, whose rules are not known here (unknown: {rules.groups.unknown})"
        group = rules.group_of(change.rule)
        if group is None:
            return f"a rule of rule set {version} (facts/waf_rule_sets.yaml)"
        if group.lower() != change.group.lower():
            return f"group {group}, which has rule {change.rule}"
        if change.rule in rules.off:
            return "none: the rule is off by default, so it caught nothing, and naming it would switch it on"
        return ""


def _one_of(value: str, known: Iterable[str]) -> str:
    known = list(known)
    return f"one of {', '.join(known)}{did_you_mean(value, known)}"
