"""Custom rules of a Front Door firewall policy: small values, each of which knows its Azure form.

Limits of Azure (includes/front-door-limits.md): 100 custom rules a policy, 5 of them with a regular expression;
10 conditions a rule; 10 text values, or 600 address ranges, a condition; 10 country codes a rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pulumi_azure_native import frontdoor


class WafRule(Protocol):
    """A custom rule. name: letters and digits, a letter first, unique in the policy; logs and alerts show it."""

    @property
    def name(self) -> str:
        """The rule's name."""
        ...

    def arguments(self, priority: int) -> frontdoor.CustomRuleArgs:
        """The rule as Azure takes it. Rules with a lower priority are evaluated first."""
        ...


@dataclass(frozen=True, kw_only=True)
class BlockAddresses:
    """Block addresses or ranges. The socket's address is compared: X-Forwarded-For is the client's own claim."""

    name: str
    addresses: Sequence[str]

    def arguments(self, priority: int) -> frontdoor.CustomRuleArgs:
        """A rule of one condition."""
        return _block(self.name, priority, [_addresses(self.addresses)])


@dataclass(frozen=True, kw_only=True)
class GeoFilter:
    """Block by country of the socket's address.

    countries: at most 10 two-letter codes; ``ZZ`` stands for addresses that Azure cannot place.
    block: ``listed`` blocks these countries, ``unlisted`` blocks all others.
    """

    name: str
    countries: Sequence[str]
    block: Literal["listed", "unlisted"]

    def arguments(self, priority: int) -> frontdoor.CustomRuleArgs:
        """A rule of one condition."""
        condition = frontdoor.MatchConditionArgs(
            match_variable=frontdoor.MatchVariable.SOCKET_ADDR,
            operator=frontdoor.Operator.GEO_MATCH,
            match_value=list(self.countries),
            negate_condition=self.block == "unlisted",
        )
        return _block(self.name, priority, [condition])


@dataclass(frozen=True, kw_only=True)
class LongerThan:
    """Block requests whose URL or query string has more characters than ``limit``."""

    name: str
    part: Literal["url", "query"]
    limit: int

    def arguments(self, priority: int) -> frontdoor.CustomRuleArgs:
        """A rule of one size condition."""
        variable = {"url": frontdoor.MatchVariable.REQUEST_URI, "query": frontdoor.MatchVariable.QUERY_STRING}[
            self.part
        ]
        condition = frontdoor.MatchConditionArgs(
            match_variable=variable,
            operator=frontdoor.Operator.GREATER_THAN,
            match_value=[str(self.limit)],
            negate_condition=False,
        )
        return _block(self.name, priority, [condition])


@dataclass(frozen=True, kw_only=True)
class BodyLargerThan:
    """Block requests that announce a body of more than ``limit`` bytes.

    The firewall reads the first 128 KB of a body only, so a size condition on the body itself could not see a larger
    one: the announced Content-Length is compared, digit by digit. A body sent in chunks announces nothing: its size
    is the app's to limit.
    """

    name: str
    limit: int

    def arguments(self, priority: int) -> frontdoor.CustomRuleArgs:
        """A rule of one condition on the Content-Length header."""
        condition = frontdoor.MatchConditionArgs(
            match_variable=frontdoor.MatchVariable.REQUEST_HEADER,
            selector="Content-Length",
            operator=frontdoor.Operator.REG_EX,
            match_value=[write_above_pattern(self.limit)],
            negate_condition=False,
            transforms=[frontdoor.TransformType.TRIM],
        )
        return _block(self.name, priority, [condition])


def write_above_pattern(limit: int) -> str:
    """A regular expression for the decimal numbers greater than ``limit``."""
    digits = str(limit)
    choices = [f"[1-9][0-9]{{{len(digits)},}}"]
    for position, digit in enumerate(digits):
        if digit != "9":
            rest = len(digits) - position - 1
            choices.append(f"{digits[:position]}[{int(digit) + 1}-9]" + (f"[0-9]{{{rest}}}" if rest else ""))
    return f"^0*(?:{'|'.join(choices)})$"


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """Stop a client that sends more than ``threshold`` matching requests in a window.

    paths: text that the URL contains, in lower case, at most 10; none: every path.
    methods: HTTP methods; none: every method.
    hosts: host names, at most 10; none: every host of the policy.
    threshold: 10 to 1,000,000 requests; window_minutes: 1 or 5.
    group_by: who is counted together: ``SocketAddr`` (an address), ``GeoLocation`` (a country), ``None`` (everyone).
    action: ``Block`` or ``Log``; rate-limit rules know no other.
    exempt_addresses: ranges that are not counted.

    Front Door counts per edge server, so some requests above a low threshold (about 200 a minute) get through
    (learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-rate-limit).
    """

    name: str
    threshold: int
    window_minutes: Literal[1, 5]
    group_by: Literal["SocketAddr", "GeoLocation", "None"]
    action: Literal["Block", "Log"]
    paths: Sequence[str] = ()
    methods: Sequence[str] = ()
    hosts: Sequence[str] = ()
    exempt_addresses: Sequence[str] = ()

    def arguments(self, priority: int) -> frontdoor.CustomRuleArgs:
        """A rate-limit rule. All its conditions must hold for a request to be counted."""
        conditions = []
        if self.paths:
            conditions.append(_text(frontdoor.MatchVariable.REQUEST_URI, frontdoor.Operator.CONTAINS, self.paths))
        if self.methods:
            conditions.append(
                frontdoor.MatchConditionArgs(
                    match_variable=frontdoor.MatchVariable.REQUEST_METHOD,
                    operator=frontdoor.Operator.EQUAL,
                    match_value=list(self.methods),
                    negate_condition=False,
                )
            )
        if self.hosts:
            conditions.append(
                _text(frontdoor.MatchVariable.REQUEST_HEADER, frontdoor.Operator.EQUAL, self.hosts, "Host")
            )
        if self.exempt_addresses:
            conditions.append(_addresses(self.exempt_addresses, negate=True))
        if not (self.paths or self.methods or self.hosts):
            # A rule needs a condition; every valid request has a host header.
            conditions.insert(
                0,
                frontdoor.MatchConditionArgs(
                    match_variable=frontdoor.MatchVariable.REQUEST_HEADER,
                    selector="Host",
                    operator=frontdoor.Operator.GREATER_THAN,
                    match_value=["0"],
                    negate_condition=False,
                ),
            )
        return frontdoor.CustomRuleArgs(
            name=self.name,
            priority=priority,
            enabled_state=frontdoor.CustomRuleEnabledState.ENABLED,
            rule_type=frontdoor.RuleType.RATE_LIMIT_RULE,
            rate_limit_threshold=self.threshold,
            rate_limit_duration_in_minutes=self.window_minutes,
            group_by=[frontdoor.GroupByVariableArgs(variable_name=frontdoor.VariableName(self.group_by))],
            match_conditions=conditions,
            action=frontdoor.ActionType(self.action),
        )


def _block(name: str, priority: int, conditions: list[frontdoor.MatchConditionArgs]) -> frontdoor.CustomRuleArgs:
    return frontdoor.CustomRuleArgs(
        name=name,
        priority=priority,
        enabled_state=frontdoor.CustomRuleEnabledState.ENABLED,
        rule_type=frontdoor.RuleType.MATCH_RULE,
        match_conditions=conditions,
        action=frontdoor.ActionType.BLOCK,
    )


def _addresses(addresses: Sequence[str], *, negate: bool = False) -> frontdoor.MatchConditionArgs:
    return frontdoor.MatchConditionArgs(
        match_variable=frontdoor.MatchVariable.SOCKET_ADDR,
        operator=frontdoor.Operator.IP_MATCH,
        match_value=list(addresses),
        negate_condition=negate,
    )


def _text(
    variable: frontdoor.MatchVariable,
    operator: frontdoor.Operator,
    values: Sequence[str],
    selector: str | None = None,
) -> frontdoor.MatchConditionArgs:
    """Text, compared whatever its case and however it is percent-encoded."""
    return frontdoor.MatchConditionArgs(
        match_variable=variable,
        selector=selector,
        operator=operator,
        match_value=[value.lower() for value in values],
        negate_condition=False,
        transforms=[frontdoor.TransformType.URL_DECODE, frontdoor.TransformType.LOWERCASE],
    )
