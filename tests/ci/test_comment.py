"""The comment of a pull request goes to the right one, is edited and not repeated, and believes nothing uploaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assurance.check.findings import Finding
from assurance.errors import UsageError
from ci.__main__ import app
from ci.again import compare_again, differing
from ci.artifact import Claimed
from ci.comment import AUTHOR, comment
from ci.github import GitHub, GitHubError
from ci.pulls import Run
from policies.rules import RULES
from tests.ci import fake_github
from tests.ci.fake_github import REPOSITORY, TOKEN, FakeGitHub
from tests.ci.uploaded import HOSTILE, TODAY, good, pull, record, run, say


@pytest.mark.parametrize(
    ("owner", "branch"),
    [("medspasync", "topic"), ("somebody", "main"), ("medspasync", "dependabot/pip/pulumi-3.300")],
    ids=["same repository", "fork", "Dependabot"],
)
def test_comment_goes_to_the_branch(owner: str, branch: str, github: FakeGitHub) -> None:
    github.pulls += [pull(6, f"{owner}:another"), pull(8, f"other:{branch}"), pull(9, f"{owner}:{branch}x")]
    github.pulls[0]["of"] = f"{owner}:{branch}"
    assert say(github, run(owner, branch)) == "commented on #5"
    (written,) = github.comments
    assert written["on"] == 5
    assert written["body"].startswith("## ✅ Nothing differs")
    assert github.strangers == []


def test_comment_is_edited_by_later_runs(github: FakeGitHub) -> None:
    say(github)
    github.files = [{"filename": "policies/exceptions.yaml"}]
    assert say(github, run(run_attempt=2)) == "edited the comment on #5"
    (written,) = github.comments
    assert "policies/exceptions" in written["body"].splitlines()[0]


def test_older_run_leaves_newer_comment(github: FakeGitHub) -> None:
    say(github, run(id=9))
    before = github.comments[0]["body"]
    assert say(github, run(id=8)) == "no comment: a later run has spoken on #5"
    assert github.comments[0]["body"] == before


def test_comments_of_others_stay(github: FakeGitHub) -> None:
    """Whatever they say; and one that quotes ours is not ours."""
    ours = "<!-- medspasync-assurance run 1.1 -->"
    others = [("somebody", "User"), (AUTHOR, "User"), ("another-app[bot]", "Bot")]
    github.comments = [
        {"id": number, "on": 5, "body": ours, "user": {"login": login, "type": type_}}
        for number, (login, type_) in enumerate(others)
    ]
    github.comments.append(
        {"id": 9, "on": 5, "body": "what another workflow says", "user": {"login": AUTHOR, "type": "Bot"}}
    )
    assert say(github) == "commented on #5"
    assert [each["body"] for each in github.comments[:3]] == [ours] * 3


@pytest.mark.parametrize(
    ("pulls", "why"),
    [
        ([pull(5, state="closed")], "no open pull request has the head"),
        ([], "no open pull request has the head"),
        ([pull(5, sha="3" * 40)], "the pull request has moved on"),
        ([pull(5), pull(6)], "several pull requests have the head"),
    ],
    ids=["closed", "none", "a second push", "two"],
)
def test_no_comment_without_one_pull(pulls: list[dict[str, Any]], why: str, github: FakeGitHub) -> None:
    github.pulls = pulls
    assert why in say(github)
    assert github.comments == []


def test_no_comment_where_the_fork_is_gone(github: FakeGitHub) -> None:
    assert "is gone" in say(github, run(head_repository=None))


def test_second_push_meanwhile_leaves_no_comment(github: FakeGitHub) -> None:
    github.second_push = "3" * 40
    assert say(github) == "no comment: #5 was closed or moved on meanwhile"
    assert github.comments == []


def test_summary_is_written_always(github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    say(github)
    github.pulls = []
    say(github)
    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "Nothing differs" in text
    assert "No comment: no open pull request" in text


def test_newer_record_is_said_first(github: FakeGitHub) -> None:
    github.upload({"base/dev.json": record(), "head/dev.json": record(recordVersion=99)})
    comment(github.client, run(), TODAY, compare_again)
    body = github.comments[0]["body"]
    assert "recordVersion" in body.splitlines()[0]
    assert "99" in body.splitlines()[0]


@pytest.mark.parametrize("artifacts", [[], [{"id": 1, "name": "x"}], [{"id": 1, "name": "assurance", "expired": True}]])
def test_run_without_records_is_said(artifacts: list[dict[str, Any]], github: FakeGitHub) -> None:
    github.artifacts = artifacts
    say(github, run(conclusion="failure"))
    assert github.comments[0]["body"].startswith("## ❌ Nothing was compared\\: the run uploaded no records")


def test_newest_upload_counts(github: FakeGitHub) -> None:
    for _ in range(fake_github.PAGE):
        github.upload(b"older")
    github.upload(good())
    assert say(github) == "commented on #5"
    assert "Nothing differs" in github.comments[0]["body"]


def test_text_of_files_is_escaped(github: FakeGitHub) -> None:
    github.files = [{"filename": f"policies/{HOSTILE}"}]
    say(github)
    body = github.comments[0]["body"]
    assert "<img" not in body
    assert "@someone" not in body
    assert "](https" not in body


def test_findings_that_differ_are_claims() -> None:
    found = [
        Finding.of(RULES[0], "fail", "m", stack="dev", name="vault", urn="u"),
        Finding.of(RULES[1], "pass", "m", stack="dev"),
    ]
    said = [
        Claimed(rule=RULES[0].id, status="excepted", name=HOSTILE, urn="u"),
        Claimed(rule=RULES[1].id, status="pass"),
    ]
    assert differing("dev", found, said) == [f"dev: {RULES[0].id} of vault: excepted; here fail"]
    assert differing("dev", found, []) == [f"dev: {RULES[0].id} of vault: not judged; here fail"]


def test_token_never_leaves_github(github: FakeGitHub) -> None:
    client = GitHub(github.api.replace("127.0.0.1", "localhost"), REPOSITORY, TOKEN)
    github.comments = [{"id": number, "on": 5, "body": "x", "user": None} for number in range(5)]
    assert len(list(client.pages("issues/5/comments"))) == fake_github.PAGE, "a page of another host is not asked for"
    with pytest.raises(GitHubError, match="404"):
        client.get("nowhere")
    with pytest.raises(GitHubError):
        GitHub("http://127.0.0.1:1", REPOSITORY, TOKEN).get("pulls")


def test_commands_read_github_variables(github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = tmp_path / "event.json"
    finished = {**run().model_dump(), "head_repository": {"owner": {"login": "medspasync"}}}
    event.write_text(json.dumps({"workflow_run": finished}), encoding="utf-8")
    for command in ("comment", "code-scanning"):
        github.pulls = []
        for name, value in (
            ("GITHUB_API_URL", github.api),
            ("GITHUB_REPOSITORY", REPOSITORY),
            ("GITHUB_TOKEN", TOKEN),
            ("GITHUB_EVENT_PATH", str(event)),
        ):
            monkeypatch.setenv(name, value)
        result = CliRunner().invoke(app, [command])
        assert result.exit_code == 0, result.output
        assert "no open pull request" in result.output
    result = CliRunner().invoke(app, ["comment"])
    assert result.exit_code == 2
    assert "GITHUB_TOKEN: missing" in result.output, "it left the environment"
    monkeypatch.setenv("GITHUB_TOKEN", "wrong")
    result = CliRunner().invoke(app, ["comment"])
    assert result.exit_code == 3
    assert "401" in result.output


def test_event_of_something_else_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    for text in ("{}", "[]", "x"):
        event.write_text(text, encoding="utf-8")
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
        with pytest.raises(UsageError, match="not the event of a workflow_run"):
            Run.from_environment()
