"""Policies of the gateway: well-formed whatever they are given, and nothing that is given becomes an element."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.api_policy import BrowserAccess, CallLimit, TokenCheck, api_policy, gateway_policy

USER = CallLimit(counter="user", calls=300, seconds=60)
SUBSCRIPTION = CallLimit(counter="subscription", calls=3000, seconds=60)
ADDRESS = CallLimit(counter="address", calls=50, seconds=300)
TOKEN = TokenCheck(
    open_id_configuration="https://login.example/t/.well-known/openid-configuration",
    issuers=["https://login.example/t"],
    audiences=["api://app"],
)
# What XML can hold at all.
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))


def inbound(policy: str) -> ElementTree.Element:
    document = ElementTree.fromstring(policy)
    assert [section.tag for section in document] == ["inbound", "backend", "outbound", "on-error"]
    found = document.find("inbound")
    assert found is not None
    return found


def test_gateway_checks_front_door_id_first() -> None:
    """The gateway wants our front doors id before anything else."""
    section = inbound(gateway_policy(remove_headers=["Server"], timeout_seconds=60))
    check = section[0]
    assert (check.tag, check.get("name"), check.get("failed-check-httpcode")) == ("check-header", "X-Azure-FDID", "403")
    assert [value.text for value in check] == ["{{front-door-id}}"]


def test_gateway_refuses_malformed_id_and_hides_server() -> None:
    """The gateway refuses a malformed correlation id and tells no server."""
    policy = gateway_policy(remove_headers=["Server", "X-Powered-By"], timeout_seconds=60)
    (when,) = inbound(policy).findall("choose/when")
    assert "X-Azure-Ref" in str(when.get("condition"))
    assert [status.get("code") for status in when.findall("return-response/set-status")] == ["400"]
    document = ElementTree.fromstring(policy)
    for section in ("outbound", "on-error"):
        removed = document.findall(f"{section}/set-header")
        assert [header.get("name") for header in removed] == ["Server", "X-Powered-By"]
        assert {header.get("exists-action") for header in removed} == {"delete"}
    forward = document.find("backend/forward-request")
    assert forward is not None
    assert (forward.get("timeout"), forward.get("follow-redirects")) == ("60", "false")


def test_users_are_counted_by_checked_tokens() -> None:
    """Users are counted by tokens that were checked before."""
    section = inbound(api_policy("backend", limits=[USER, SUBSCRIPTION], token=TOKEN))
    tags = [element.tag for element in section]
    assert tags == ["base", "validate-jwt", "rate-limit-by-key", "rate-limit-by-key", "set-header"]
    check = section[1]
    for attribute in ("require-expiration-time", "require-signed-tokens"):
        assert check.get(attribute) == "true"
    assert check.get("output-token-variable-name") == "token"
    user, subscription = section[2], section[3]
    assert user.get("counter-key") == '@("backend:user:" + ((Jwt)context.Variables["token"]).Subject)'
    assert subscription.get("counter-key") == '@("backend:subscription:" + context.Subscription.Id)'
    assert (user.get("calls"), user.get("renewal-period")) == ("300", "60")
    assert {limit.get("retry-after-header-name") for limit in (user, subscription)} == {"Retry-After"}
    with pytest.raises(ValueError, match="tokens that are checked"):
        api_policy("backend", limits=[USER])


def test_counters_differ_by_api_and_kind() -> None:
    """Counters of two apis and of two kinds are apart."""
    keys = [
        limit.get("counter-key")
        for api in ("backend", "backend/auth")
        for limit in inbound(api_policy(api, limits=[SUBSCRIPTION, ADDRESS])).findall("rate-limit-by-key")
    ]
    assert len(set(keys)) == 4


def test_address_is_what_front_door_saw() -> None:
    """The address is the one that front door saw."""
    (limit,) = inbound(api_policy("backend", limits=[ADDRESS])).findall("rate-limit-by-key")
    assert "X-Azure-SocketIP" in str(limit.get("counter-key"))
    assert "X-Forwarded-For" not in str(limit.get("counter-key"))


def test_gateway_hides_key_and_answers_browsers() -> None:
    """The app never sees the key and browsers are answered here."""
    browsers = BrowserAccess(origins=["https://app.example.com"], credentials=False)
    section = inbound(api_policy("backend", limits=[SUBSCRIPTION], browsers=browsers))
    deleted = [h.get("name") for h in section.findall("set-header") if h.get("exists-action") == "delete"]
    assert deleted == ["Origin", "Ocp-Apim-Subscription-Key"]
    (cors,) = section.findall("cors")
    assert cors.get("allow-credentials") == "false"
    assert [origin.text for origin in cors.findall("allowed-origins/origin")] == ["https://app.example.com"]
    assert [element.tag for element in section].index("cors") == 1
    assert not inbound(api_policy("backend", limits=[SUBSCRIPTION])).findall("cors")


@given(values=st.tuples(TEXT, TEXT, TEXT, TEXT))
def test_no_value_becomes_an_element(values: tuple[str, str, str, str]) -> None:
    url, issuer, audience, origin = values
    policy = api_policy(
        "backend",
        limits=[USER],
        token=TokenCheck(open_id_configuration=url, issuers=[issuer], audiences=[audience]),
        browsers=BrowserAccess(origins=[origin], credentials=True),
    )
    section = inbound(policy)
    shape = [element.tag for element in section.iter()]
    plain = inbound(
        api_policy("backend", limits=[USER], token=TOKEN, browsers=BrowserAccess(origins=["x"], credentials=True))
    )
    assert shape == [element.tag for element in plain.iter()]
    assert (section.findtext("validate-jwt/issuers/issuer") or "") == issuer
    assert (section.findtext("cors/allowed-origins/origin") or "") == origin
