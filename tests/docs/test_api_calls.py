"""Calls to Azure in the pages name an API version that is a fact and does not end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from facts.api_calls import ApiCall, api_calls
from facts.lifecycle import lifecycle
from tests.harness import ROOT

CALL = re.compile(
    r"(https://management\.azure\.com\S*?)\?api-version=([\w-]+)|(https://management\.azure\.com<[^>]*>)\?api-version=([\w-]+)"
)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BY_HAND = re.compile(r"(?:POST|PUT|PATCH|DELETE|GET) ([^`?]*)\?api-version=([\w-]+)")


def calls(text: str) -> list[tuple[str, str]]:
    """(address, version) of each call in a page."""
    found = [(match[1] or match[3], match[2] or match[4]) for match in CALL.finditer(text)]
    return found + [(match[1], match[2]) for match in BY_HAND.finditer(text)]


def mistakes(pages: Iterable[tuple[str, str]]) -> list[str]:
    """Calls without a row, or with another version than the row's."""
    wrong = []
    for name, text in pages:
        assert text.count("api-version=") == len(calls(text)), f"{name}: a call that this test does not read"
        for address, version in calls(text):
            rows = [row for row in api_calls() if row.what in address]
            if [row.version for row in rows] != [version]:
                wrong.append(f"{name}: {address} {version}")
    return wrong


def text_of(page: Path) -> tuple[str, str]:
    return page.name, page.read_text(encoding="utf-8")


def test_every_call_is_a_fact() -> None:
    assert mistakes(text_of(page) for page in PAGES) == []
    written = [address for page in PAGES for address, _ in calls(page.read_text(encoding="utf-8"))]
    assert [row.what for row in api_calls() if not any(row.what in each for each in written)] == []


def test_call_with_another_version_is_named() -> None:
    old = 'az rest --url "https://management.azure.com$VAULT/keys/k1?api-version=2024-11-01"'
    assert mistakes([("page", old)]) == ["page: https://management.azure.com$VAULT/keys/k1 2024-11-01"]


def ending(call: ApiCall) -> list[str]:
    return [
        id_
        for id_, end in lifecycle().ends.items()
        if end.api_versions is not None and end.api_versions.ends(call.type, call.version)
    ]


@pytest.mark.parametrize("call", api_calls(), ids=lambda call: call.what)
def test_version_of_a_call_does_not_end(call: ApiCall) -> None:
    assert ending(call) == []


def test_old_vault_version_would_be_seen() -> None:
    old = [call.model_copy(update={"version": "2024-11-01"}) for call in api_calls() if "KeyVault" in call.type]
    assert [ending(call) for call in old] == [["keyvault-api-before-2026-02-01"]]
