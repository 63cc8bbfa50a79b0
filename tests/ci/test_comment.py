"""The comment of a pull request goes to the right one, is edited and not repeated, and believes nothing uploaded."""

from __future__ import annotations

import base64
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assurance.check.findings import Finding, Report
from assurance.compare.choice import Comparison
from assurance.compare.report import StackComparison
from assurance.errors import UsageError
from assurance.record import Record, Resource
from ci.__main__ import app
from ci.again import Again, PullFiles, compare_again, differing
from ci.artifact import ARCHIVE_LIMIT, ArtifactError, Claimed, Uploaded, read_artifact
from ci.bounded import BoundedError
from ci.code_scanning import upload_findings
from ci.comment import AUTHOR, comment
from ci.github import GitHub, GitHubError
from ci.judging import judging_paths, lead_of
from ci.pulls import Run
from policies.rules import RULES
from tests.ci import fake_github
from tests.ci.fake_github import REPOSITORY, TOKEN, FakeGitHub, running

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


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    """What was uploaded is read in this process, so that its coverage counts; test_bounded.py tries the other one."""
    for module in ("comment", "code_scanning"):
        monkeypatch.setattr(f"ci.{module}.run_bounded", read_here)
    with running(FakeGitHub(pulls=[pull(5)])) as fake:
        fake.upload(good())
        yield fake


def read_here(work: Callable[[], str]) -> str:
    try:
        return work()
    except ArtifactError as error:
        raise BoundedError(str(error)) from error


def say(github: FakeGitHub, each: Run | None = None) -> str:
    return comment(github.client, each or run(), TODAY, compared)


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


def bomb() -> bytes:
    """Ten kilobytes that become sixty megabytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("head/dev.json", b" " * 60_000_000)
    return content.getvalue()


def packed(compression: int, *, turned: bool = False) -> bytes:
    """A record in an archive of this compression; turned: with a byte of its content changed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        archive.writestr("head/dev.json", record())
    text = bytearray(content.getvalue())
    if turned:
        text[60] ^= 0xFF
    return bytes(text)


ARTIFACTS: dict[str, tuple[Any, str]] = {
    "a number of another pull request": ({**good(), "number.txt": "6"}, "a file 'number.txt'"),
    "a path out of the folder": ({**good(), "../../etc/passwd": "x"}, "allowed are base, head and findings"),
    "an absolute path": ({"/etc/passwd": "x"}, "allowed are base"),
    "a stack that is a path": ({"head/..%2f.json": record()}, "allowed are base"),
    "a record of another mode": ({"head/dev.json": record(mode="preview")}, "a record in mode preview"),
    "a record of another program": (
        {"head/dev.json": record(basis={"project": "other"})},
        "a record of another program, other",
    ),
    "a number of ten thousand digits": (
        {"head/dev.json": record(outputs={}).replace("{}", "9" * 10_000, 1)},
        "no record",
    ),
    "a version without an end": ({"head/dev.json": record(recordVersion="9" * 100_000)}, "no stack has a record"),
    "a dictionary of gigabytes": (packed(zipfile.ZIP_LZMA), "packed in a way that GitHub does not use"),
    "a byte turned": (packed(zipfile.ZIP_DEFLATED, turned=True), "no archive that can be read"),
    "a record of another stack": ({"head/dev.json": record("prod")}, "a record of another stack, prod"),
    "a stack in it that is a path": ({"head/dev.json": record(stack="../x")}, "is no name of a stack"),
    "an option of git as a commit": (
        {"head/dev.json": record(basis={"commit": "--output=/tmp/x"})},
        "is no commit",
    ),
    "ten megabytes": (b"x" * 10_000_000, f"more than {ARCHIVE_LIMIT:,} bytes"),
    "a bomb": (bomb(), "more than 40,000,000 bytes"),
    "no archive": (b"x" * 100, "no archive that can be read"),
    "many files": ({f"head/s{number}.json": "" for number in range(61)}, "it holds 61"),
    "no JSON": ({"head/dev.json": "<html>"}, "no record: not JSON"),
    "too deep": ({"head/dev.json": "[" * 100_000}, "no record"),
    "no text": (b"", "no archive"),
    "Markdown": ({"head/dev.md": HOSTILE}, "allowed are base"),
    "findings of no known status": (
        {**good(), "findings/dev.json": findings({"rule": "A", "status": HOSTILE})},
        "no findings",
    ),
}


@pytest.mark.parametrize("name", ARTIFACTS)
def test_hostile_artifact_is_refused(name: str, github: FakeGitHub) -> None:
    """The comment says why, on the pull request that GitHub names, and nothing of it is a mark of its own."""
    files, why = ARTIFACTS[name]
    github.upload(files)
    assert say(github) == "commented on #5"
    body = github.comments[0]["body"]
    assert body.startswith("## ❌ Nothing was compared")
    assert why in body.replace("\\", "").replace("&#8203;", ""), body
    assert "<img" not in body
    assert "@someone" not in body


def test_size_is_not_believed(github: FakeGitHub) -> None:
    github.upload(b"x" * 10_000_000)
    github.artifacts[-1]["size_in_bytes"] = 10
    say(github)
    assert "more than" in github.comments[0]["body"]


def test_archive_is_text_in_utf_8() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("head/", b"")
        archive.writestr("head/dev.json", b"\xff\xfe")
    with pytest.raises(ArtifactError, match="no text in UTF-8"):
        read_artifact(content.getvalue())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_file_twice_is_refused() -> None:
    for name in ("head/dev.json", "findings/dev.json"):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for _ in range(2):
                archive.writestr(name, good()[name])
        with pytest.raises(ArtifactError, match="twice"):
            read_artifact(content.getvalue())


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


def test_code_scanning_gets_findings_here(github: FakeGitHub) -> None:
    done = upload_findings(github.client, run(), TODAY)
    assert done == "uploaded the findings of #5"
    (upload,) = github.uploads
    assert (upload["commit_sha"], upload["ref"]) == (HEAD, "refs/pull/5/head")
    assert json.loads(gzip.decompress(base64.b64decode(upload["sarif"])))["version"] == "2.1.0"


def test_code_scanning_that_is_off_is_said(github: FakeGitHub) -> None:
    github.code_scanning = False

    def judge(each: Record, today: date) -> Report:
        return Report("dev", "deployed")

    assert upload_findings(github.client, run(), TODAY, judge) == "no upload: code scanning is off"


def refuse(record: Record, today: date) -> Any:
    raise KeyError("made to break")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (good(), "the record of dev cannot be judged"),
        ({"base/dev.json": record()}, "there is no record that can be read"),
        ({"x": ""}, "allowed are base"),
    ],
)
def test_code_scanning_survives_hostile_records(files: dict[str, str], said: str, github: FakeGitHub) -> None:
    github.upload(files)
    assert said in upload_findings(github.client, run(), TODAY, refuse)
    github.pulls = []
    assert "no open pull request" in upload_findings(github.client, run(), TODAY, refuse)
    assert github.uploads == []


def test_commands_read_github_variables(github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"workflow_run": run().model_dump()}), encoding="utf-8")
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
