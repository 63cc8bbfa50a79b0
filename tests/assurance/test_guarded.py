"""A record's inputs answer a rule as the engine's policy host lets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

from assurance.guarded import GuardedObject
from assurance.record import UNKNOWN

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["text", "", UNKNOWN]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
)


def hosted(value: Any) -> Any:
    """``value`` as the engine hands it over."""
    if isinstance(value, dict):
        return {key: hosted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hosted(item) for item in value]
    return UNKNOWN_STRING_VALUE if value == UNKNOWN else value


def seen(value: Any) -> Any:
    """All that a rule can see of a value: what is in it, of which kind, and what it is told of the unknown."""
    assert not isinstance(value, (dict, list))
    if isinstance(value, str) or not isinstance(value, (Mapping, Sequence)):
        return value
    places = list(value) if isinstance(value, Mapping) else range(len(value))
    return [isinstance(value, Mapping), *((place, looked_at(value, place)) for place in places)]


def looked_at(holder: Any, place: Any) -> Any:
    try:
        if isinstance(holder, Mapping):
            assert seen(holder.get(place)) == seen(holder[place])
        return seen(holder[place])
    except UnknownValueError as error:
        return error.message


@given(st.dictionaries(st.sampled_from("abc"), VALUES))
def test_guarded_inputs_are_as_the_host_shows(inputs: dict[str, Any]) -> None:
    assert seen(GuardedObject(inputs)) == seen(unknown_checking_proxy(hosted(inputs)))


def test_text_made_with_an_unknown_one_is_unknown() -> None:
    guarded = GuardedObject({"properties": {"hosts": [f"https://{UNKNOWN}/"]}})
    with pytest.raises(UnknownValueError) as caught:
        guarded["properties"]["hosts"][0]
    assert caught.value.message == "string value at .properties.hosts.0 can't be known during preview"
    with pytest.raises(UnknownValueError):
        guarded["properties"]["hosts"][:1]
    assert guarded.get("none", 1) == 1
