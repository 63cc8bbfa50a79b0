"""Who approves a deployment, and what only looks approved."""

from __future__ import annotations

from typing import Any

import pytest

from ci.permission import refused_permission, stack_rules
from tests.harness import STACKS


def test_every_stack_says_who_approves() -> None:
    assert set(stack_rules()) == set(STACKS)
    assert stack_rules()["prod"].approval == "reviewers"


class Environments:
    """GitHub, as far as it says who reviews."""

    def __init__(self, *reviewers: str) -> None:
        self.rules = [{"type": "required_reviewers", "reviewers": list(reviewers)}] if reviewers else []

    def find(self, path: str) -> Any:
        assert path.startswith("environments/")
        return {"protection_rules": self.rules}


@pytest.mark.parametrize(
    ("stack", "event", "protected", "reviewers", "told"),
    [
        ("prod", "push", "true", ("lead",), None),
        ("prod", "push", "true", (), "nobody approved this"),
        ("prod", "workflow_dispatch", "true", (), None),
        ("prod", "workflow_dispatch", "false", ("lead",), "no protected branch"),
        ("dev", "push", "true", (), None),
        ("dev", "push", "false", (), "no protected branch"),
    ],
)
def test_nothing_is_deployed_that_only_looks_approved(
    stack: str,
    event: str,
    protected: str,
    reviewers: tuple[str, ...],
    told: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITHUB_EVENT_NAME", event)
    monkeypatch.setenv("GITHUB_REF_PROTECTED", protected)
    refused = refused_permission(stack, Environments(*reviewers))  # type: ignore[arg-type]
    assert (told in (refused or "")) if told else refused is None
