"""Which keys of a data file are entries."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.check.entries import Node, find_entries


@pytest.mark.parametrize("content", [{}, [], None])
def test_section_without_content_is_no_entry(content: Any) -> None:
    """`medspasync:frontDoor: {}` asks for the defaults: nothing in it could be forgotten."""
    assert find_entries(Node(("frontDoor",), ("frontDoor",), content), ["frontDoor"], []) == ([], [])


def test_key_in_no_list_is_undecided() -> None:
    assert find_entries(Node(("other",), ("other",), {"a": 1}), ["frontDoor"], []) == ([], ["other"])
