"""JSON as files of ours hold it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.json_text import json_text

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([0.5, -0.0, 1.0, 99.95]) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner) | st.tuples(inner),
)


@given(VALUES)
def test_json_text_is_what_the_library_writes(value: object) -> None:
    assert json_text(value) == json.dumps(value, indent=1, ensure_ascii=False)


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        json_text({"name": "\ud800"})
