"""Address arithmetic: what a subnet holds, whether ranges overlap, what a private range looks like."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.settings.between.addresses import AZURE_RESERVED, SMALLEST_SUBNET, prefix_for, usable
from stacks.settings.network import inside, overlapping, range_mistake


@st.composite
def ranges(draw: st.DrawFn, shortest: int = 24) -> str:
    """A range inside 10.40.0.0/20, small enough to list its addresses."""
    prefix = draw(st.integers(shortest, 32))
    offset = draw(st.integers(0, 2 ** (prefix - 20) - 1))
    return str(list_at(prefix, offset))


def list_at(prefix: int, offset: int) -> IPv4Network:
    start = int(IPv4Network("10.40.0.0/20").network_address)
    return IPv4Network((start + offset * 2 ** (32 - prefix), prefix))


@given(st.integers(0, 4000))
def test_prefix_for_count_is_smallest_that_fits(count: int) -> None:
    """The prefix for a count is the smallest that fits."""
    prefix = prefix_for(count)
    assert usable(f"10.0.0.0/{prefix}") >= count
    assert prefix == SMALLEST_SUBNET or usable(f"10.0.0.0/{prefix + 1}") < count


@given(st.integers(0, 32))
def test_azure_keeps_five_addresses_of_every_subnet(prefix: int) -> None:
    network = IPv4Network((0, prefix))
    assert usable(str(network)) == max(0, network.num_addresses - AZURE_RESERVED)


@given(ranges(), ranges())
def test_overlap_and_containment_agree_with_the_addresses_themselves(a: str, b: str) -> None:
    first, second = set(IPv4Network(a)), set(IPv4Network(b))
    assert bool(list(overlapping({"a": a, "b": b}))) == bool(first & second)
    assert inside(a, b) == (first <= second)


@given(st.lists(ranges(), max_size=6))
def test_every_pair_that_overlaps_is_named_once(items: list[str]) -> None:
    named = {str(index): text for index, text in enumerate(items)}
    pairs = list(overlapping(named))
    assert len(pairs) == len(set(pairs))
    assert {frozenset(pair) for pair in pairs} == {
        frozenset((a, b))
        for a, x in named.items()
        for b, y in named.items()
        if a < b and IPv4Network(x).overlaps(IPv4Network(y))
    }


@given(ranges(shortest=20))
def test_a_private_network_address_is_right(text: str) -> None:
    assert range_mistake(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10.40.0.1/24", "did you mean 10.40.0.0/24?"),
        ("10.40.0.0", "did you mean 10.40.0.0/32?"),
        ("10.40.0.0/33", "not an IPv4 range"),
        ("10.40.0/24", "not an IPv4 range"),
        ("fd00::/64", "not an IPv4 range"),
        ("8.8.8.0/24", "not a private range"),
        ("172.32.0.0/16", "not a private range"),
        ("10.0.0.0/7", "not a private range"),
    ],
)
def test_anything_else_is_refused_with_a_hint(text: str, said: str) -> None:
    mistake = range_mistake(text)
    assert mistake is not None
    assert said in mistake
