"""Files that judge a pull request are named in the first line of its comment."""

from __future__ import annotations

import pytest

from ci.judging import judging_paths, lead_of
from tests.ci.fake_github import FakeGitHub
from tests.ci.uploaded import say


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("assurance/cli/check.py", True),
        ("policies/exceptions.yaml", True),
        ("facts/types.yaml", True),
        (".github/workflows/pull-request.yml", True),
        ("requirements-dev.txt", True),
        ("ci/comment.py", True),
        ("Makefile", True),
        ("stacks/apps.py", False),
        ("docs/assurance/x.md", False),
        ("README.md", False),
    ],
)
def test_first_line_names_what_judges(file: str, told: bool) -> None:
    lead = lead_of([file])
    assert (lead is not None) is told


def test_owners_name_all_that_judges() -> None:
    assert {"assurance/", "policies/", "facts/", ".github/", "requirements*.txt"} <= set(judging_paths())


def test_former_name_counts(github: FakeGitHub) -> None:
    other = [{"filename": f"docs/{number}"} for number in range(3)]
    github.files = [*other, {"filename": "stacks/x.py", "previous_filename": "policies/rules/x.py"}]
    say(github)
    assert "policies/rules" in github.comments[0]["body"].splitlines()[0]
