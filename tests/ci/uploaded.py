"""A run of a pull request, what it uploads, and the comment on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from assurance.compare.choice import Comparison
from assurance.compare.report import StackComparison
from assurance.record import Record, Resource
from ci.again import Again, PullFiles
from ci.artifact import ArtifactError, Uploaded
from ci.bounded import BoundedError
from ci.comment import comment
from ci.pulls import Run
from tests.ci.fake_github import FakeGitHub

HEAD = "1" * 40
TODAY = date(2026, 11, 29)
HOSTILE = "</details> @someone [x](https://evil.example) <img src=x>"


def run(owner: str = "medspasync", branch: str = "topic", **more: Any) -> Run:
    repository = {"owner": {"login": owner}}
    return Run.model_validate(
        {
            "id": 7,
            "head_sha": HEAD,
            "head_branch": branch,
            "head_repository": repository,
            "conclusion": "success",
            **more,
        }
    )


def pull(number: int, of: str = "medspasync:topic", sha: str = HEAD, state: str = "open") -> dict[str, Any]:
    return {"number": number, "of": of, "head": {"sha": sha}, "state": state}


def record(stack: str = "dev", **more: Any) -> str:
    """A record of one resource."""
    one = Resource(f"urn:pulumi:{stack}::medspasync::a:b:C::d", "/d", "a:b:C", "d", "", {}, {})
    basis = {"project": "medspasync", "commit": "2" * 40, "dirty": False}
    return json.dumps({**json.loads(Record(stack, "deployed", [one], basis=basis).to_json()), **more})


def findings(*found: dict[str, Any]) -> str:
    return json.dumps({"findings": list(found), "totals": {}, "basis": {}})


def good() -> dict[str, str]:
    return {"base/dev.json": record(), "head/dev.json": record(), "findings/dev.json": findings()}


def compared(uploaded: Uploaded, today: date, asked: PullFiles) -> Again:
    """A comparison without a difference, of the stacks that were uploaded."""
    stacks = [StackComparison(each, {"commit": "2" * 40}, {"commit": HEAD}) for each in uploaded.stacks]
    return Again(Comparison(stacks, {"commit": HEAD}))


def read_here(work: Callable[[], str]) -> str:
    try:
        return work()
    except ArtifactError as error:
        raise BoundedError(str(error)) from error


def say(github: FakeGitHub, each: Run | None = None) -> str:
    return comment(github.client, each or run(), TODAY, compared)
