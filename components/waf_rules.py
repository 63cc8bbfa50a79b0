"""Custom rules of a Front Door firewall policy: small values, each of which knows its Azure form.

Limits of Azure (includes/front-door-limits.md): 100 custom rules a policy, 5 of them with a regular expression;
10 conditions a rule; 10 text values, or 600 address ranges, a condition; 10 country codes a rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pulumi_azure_native import frontdoor


@dataclass(frozen=True, kw_only=True)
class WafRule:
    """A custom rule: it blocks what meets all its conditions.

    name: letters and digits, a letter first, unique in the policy; logs and alerts show it.
    """

    name: str

    def _conditions(self) -> list[frontdoor.MatchConditionArgs]:
        raise NotImplementedError

    def arguments(self, priority: int) -> frontdoor.CustomRuleArgs:
        """The rule as Azure takes it. Rules with a lower priority are evaluated first."""
        return frontdoor.CustomRuleArgs(
            name=self.name,
            priority=priority,
            enabled_state=frontdoor.CustomRuleEnabledState.ENABLED,
            match_conditions=self._conditions(),
            **self._kind(),
        )

    def _kind(self) -> dict[str, Any]:
        return {"rule_type": frontdoor.RuleType.MATCH_RULE, "action": frontdoor.ActionType.BLOCK}


@dataclass(frozen=True, kw_only=True)
class BlockAddresses(WafRule):
    """Block addresses or ranges. The socket's address is compared: X-Forwarded-For is the client's own claim."""

    addresses: Sequence[str]

    def _conditions(self) -> list[frontdoor.MatchConditionArgs]:
        return [_match(_ADDRESS, frontdoor.Operator.IP_MATCH, self.addresses)]


@dataclass(frozen=True, kw_only=True)
class GeoFilter(WafRule):
    """Block by country of the socket's address.

    countries: at most 10 two-letter codes; ``ZZ`` stands for addresses that Azure cannot place.
    block: ``listed`` blocks these countries, ``unlisted`` blocks all others.
    """

    countries: Sequence[str]
    block: Literal["listed", "unlisted"]

    def _conditions(self) -> list[frontdoor.MatchConditionArgs]:
        return [_match(_ADDRESS, frontdoor.Operator.GEO_MATCH, self.countries, negate=self.block == "unlisted")]


@dataclass(frozen=True, kw_only=True)
class LongerThan(WafRule):
    """Block requests whose URL or query string has more characters than ``limit``."""

    part: Literal["url", "query"]
    limit: int

    def _conditions(self) -> list[frontdoor.MatchConditionArgs]:
        parts = {"url": frontdoor.MatchVariable.REQUEST_URI, "query": frontdoor.MatchVariable.QUERY_STRING}
        return [_match(parts[self.part], frontdoor.Operator.GREATER_THAN, [str(self.limit)])]


@dataclass(frozen=True, kw_only=True)
class BodyLargerThan(WafRule):
    """Block requests that announce a body of more than ``limit`` bytes.

    The firewall reads the first 128 KB of a body only, so a size condition on the body itself could not see a larger
    one: the announced Content-Length is compared, digit by digit. A body sent in chunks announces nothing: its size
    is the app's to limit.
    """

    limit: int

    def _conditions(self) -> list[frontdoor.MatchConditionArgs]:
        trim = [frontdoor.TransformType.TRIM]
        above = [write_above_pattern(self.limit)]
        return [_match(_HEADER, frontdoor.Operator.REG_EX, above, selector="Content-Length", transforms=trim)]


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
class RateLimit(WafRule):
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

    threshold: int
    window_minutes: Literal[1, 5]
    group_by: Literal["SocketAddr", "GeoLocation", "None"]
    action: Literal["Block", "Log"]
    paths: Sequence[str] = ()
    methods: Sequence[str] = ()
    hosts: Sequence[str] = ()
    exempt_addresses: Sequence[str] = ()

    def _kind(self) -> dict[str, Any]:
        return {
            "rule_type": frontdoor.RuleType.RATE_LIMIT_RULE,
            "rate_limit_threshold": self.threshold,
            "rate_limit_duration_in_minutes": self.window_minutes,
            "group_by": [frontdoor.GroupByVariableArgs(variable_name=frontdoor.VariableName(self.group_by))],
            "action": frontdoor.ActionType(self.action),
        }

    def _conditions(self) -> list[frontdoor.MatchConditionArgs]:
        """All of them must hold for a request to be counted."""
        conditions = []
        if not (self.paths or self.methods or self.hosts):
            # A rule needs a condition; every valid request has a host header.
            conditions.append(_match(_HEADER, frontdoor.Operator.GREATER_THAN, ["0"], selector="Host"))
        if self.paths:
            conditions.append(_text(frontdoor.MatchVariable.REQUEST_URI, frontdoor.Operator.CONTAINS, self.paths))
        if self.methods:
            conditions.append(_match(frontdoor.MatchVariable.REQUEST_METHOD, frontdoor.Operator.EQUAL, self.methods))
        if self.hosts:
            conditions.append(_text(_HEADER, frontdoor.Operator.EQUAL, self.hosts, selector="Host"))
        if self.exempt_addresses:
            conditions.append(_match(_ADDRESS, frontdoor.Operator.IP_MATCH, self.exempt_addresses, negate=True))
        return conditions


_ADDRESS = frontdoor.MatchVariable.SOCKET_ADDR
_HEADER = frontdoor.MatchVariable.REQUEST_HEADER


def _match(
    variable: frontdoor.MatchVariable,
    operator: frontdoor.Operator,
    values: Sequence[str],
    *,
    negate: bool = False,
    **more: Any,
) -> frontdoor.MatchConditionArgs:
    """One condition. more: selector and transforms, as the SDK takes them."""
    return frontdoor.MatchConditionArgs(
        match_variable=variable, operator=operator, match_value=list(values), negate_condition=negate, **more
    )


def _text(
    variable: frontdoor.MatchVariable, operator: frontdoor.Operator, values: Sequence[str], **more: Any
) -> frontdoor.MatchConditionArgs:
    """Text, compared whatever its case and however it is percent-encoded."""
    decoded = [frontdoor.TransformType.URL_DECODE, frontdoor.TransformType.LOWERCASE]
    return _match(variable, operator, [value.lower() for value in values], transforms=decoded, **more)
