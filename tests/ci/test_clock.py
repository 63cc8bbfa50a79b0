"""What runs by the clock: drift, issues, and the sign-in that outlives a token."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assurance.errors import UsageError
from ci.__main__ import app
from ci.azure import post
from ci.drift import PAGES, QUERY, find_drift, graph_rows
from ci.engine import Engine
from ci.images import build_image, checked_digest, exchange, push_image
from ci.issues import QUARTERLY, assessment, open_issue
from ci.permission import refused_permission, stack_rules
from ci.programs import Done
from ci.sign_in import NEEDED, signed_in
from ci.workflows import read_registry
from tests.harness import STACKS

HOST = "medspasyncpro.azurecr.io"
DIGEST = f"sha256:{'0' * 64}"


class Answers:
    """A server on loopback that counts, and answers with what it is told."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status, self.answer = 200, lambda count: {"value": f"token-{count}"}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                content = json.dumps(outer.answer(len(outer.asked))).encode()
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(content)

            do_POST = do_GET  # noqa: N815 - a name of http.server

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def answers() -> Iterator[Answers]:
    server = Answers()
    yield server
    server.server.shutdown()


@pytest.fixture
def job(answers: Answers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Answers:
    """The environment of a job with a token of its own."""
    for name in NEEDED:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{answers.url}/token?a=b")
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path))
    return answers


def test_token_is_written_anew_while_work_goes_on(job: Answers) -> None:
    """As often as it must be: a deployment of three hours outlives every single token."""
    third = threading.Event()
    given = job.answer

    def told(count: int) -> dict[str, str]:
        if count >= 4:
            third.set()
        return given(count)

    job.answer = told
    with signed_in(every=0.001):
        file = Path(os.environ["AZURE_FEDERATED_TOKEN_FILE"])
        assert file.stat().st_mode & 0o077 == 0
        assert third.wait(60)
        assert file.read_text().startswith("token-")
        assert int(file.read_text().split("-")[1]) >= 2
        assert os.environ["ARM_USE_OIDC"] == "true"
    assert not file.exists()
    assert "AZURE_FEDERATED_TOKEN_FILE" not in os.environ
    assert "audience=api%3A%2F%2FAzureADTokenExchange" in job.asked[0]


def test_job_without_token_is_told(job: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    job.status = 403
    with pytest.raises(UsageError, match="id-token: write"), signed_in():
        pass
    monkeypatch.delenv("AZURE_CLIENT_ID")
    with pytest.raises(UsageError, match="AZURE_CLIENT_ID"), signed_in():
        pass


def test_lost_refresh_keeps_last_token(job: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    refused = threading.Event()

    def once(count: int) -> Any:
        if count > 2:
            refused.set()
        return {"value": "first"} if count == 1 else {}

    job.answer = once
    with signed_in(every=0.001):
        assert refused.wait(60)
        assert Path(os.environ["AZURE_FEDERATED_TOKEN_FILE"]).read_text() == "first"
    assert "warning" in capsys.readouterr().out


class Programs:
    def __init__(self, codes: Mapping[str, int] | None = None) -> None:
        self.codes, self.ran = codes or {}, []

    def __call__(self, arguments: Sequence[str]) -> Done:
        words = " ".join(arguments)
        self.ran.append(words)
        code = next((code for part, code in self.codes.items() if part in words), 0)
        return Done(code, "{}" if "export" in words else "")


@pytest.mark.parametrize(
    ("codes", "holds"),
    [({}, True), ({"refresh": 1}, False), ({"--state": 1}, False), ({"--graph": 1}, False)],
)
def test_drift_holds_when_nothing_differs(codes: dict[str, int], holds: bool, tmp_path: Path) -> None:
    programs = Programs(codes)
    assert find_drift(tmp_path, Engine("dev", programs), "s", lambda _question: {"data": []}) is holds
    assert "--preview-only" in programs.ran[0]
    assert not (tmp_path / "state.json").exists()


def test_drift_that_cannot_compare_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="could not compare"):
        find_drift(tmp_path, Engine("dev", Programs({"--graph": 2})), "s", lambda _question: {})


def test_graph_is_read_page_by_page() -> None:
    asked = []

    def ask(question: Mapping[str, Any]) -> dict[str, Any]:
        asked.append(question)
        return {"data": [{"id": len(asked)}], "$skipToken": "more" if len(asked) < 3 else None}

    assert [row["id"] for row in graph_rows("s", ask)] == [1, 2, 3]
    assert asked[1]["options"]["$skipToken"] == "more"
    assert asked[0]["query"] == " ".join(QUERY.read_text().split())


def test_graph_without_end_is_told() -> None:
    with pytest.raises(UsageError, match=str(PAGES)):
        graph_rows("s", lambda _question: {"$skipToken": "again"})


def test_azure_refusal_is_told(answers: Answers) -> None:
    answers.answer = lambda _count: {"data": []}
    assert post(answers.url, {}, "t") == {"data": []}
    answers.status = 403
    with pytest.raises(UsageError, match="403"):
        post(answers.url, {}, "t")
    with pytest.raises(UsageError):
        post("http://127.0.0.1:1", {}, "t")


def test_assessment_is_the_list_of_the_page() -> None:
    title, text = assessment(QUARTERLY.read_text(), "2026 Q4")
    assert title == "Quarterly assessment 2026 Q4"
    assert text.count("- [ ]") >= 6
    assert "exceptions.yaml" in text
    with pytest.raises(UsageError):
        assessment("# nothing", "2026 Q4")


def test_every_stack_says_who_approves() -> None:
    assert set(stack_rules()) == set(STACKS)
    assert stack_rules()["prod"].approval == "reviewers"


class Environments:
    """GitHub, as far as it says who reviews."""

    def __init__(self, *reviewers: str) -> None:
        self.rules = [{"type": "required_reviewers", "reviewers": list(reviewers)}] if reviewers else []

    def get(self, path: str) -> Any:
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


def test_image_is_pushed_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    signed: list[str] = []

    def run(arguments: Sequence[str]) -> Done:
        known = json.dumps([f"other@{DIGEST}", f"medspasyncpro.azurecr.io/backend@{DIGEST}"])
        return Done(0, known if "inspect" in arguments else "")

    assert build_image("backend", tmp_path, run)
    assert push_image("backend", HOST, run, signed.append) == DIGEST
    assert signed == [HOST]


@pytest.mark.parametrize(
    ("app_name", "registry", "failing"),
    [
        ("Back end", HOST, ""),
        ("backend", "example.com", ""),
        ("backend", HOST, "push"),
        ("backend", HOST, "tag"),
        ("backend", HOST, "none"),
    ],
)
def test_image_that_cannot_be_pushed_is_told(app_name: str, registry: str, failing: str) -> None:
    def run(arguments: Sequence[str]) -> Done:
        return Done(int(failing in arguments), "[]")

    with pytest.raises(UsageError):
        push_image(app_name, registry, run, lambda _host: None)


def test_image_begins_with_a_digest(tmp_path: Path) -> None:
    (tmp_path / "Containerfile").write_text("ARG BASE\nFROM ${BASE}\n")
    built: list[str] = []

    def run(arguments: Sequence[str]) -> Done:
        built.extend(arguments)
        return Done(0)

    assert build_image("database", tmp_path, run, file=tmp_path / "Containerfile", base=f"python@{DIGEST}")
    assert f"BASE=python@{DIGEST}" in built
    with pytest.raises(UsageError, match="by digest"):
        build_image("database", tmp_path, run, file=tmp_path / "Containerfile", base="python:3.12")
    with pytest.raises(UsageError, match="no Dockerfile"):
        build_image("database", tmp_path, run)


def test_registry_exchanges_a_token(answers: Answers) -> None:
    answers.answer = lambda _count: {"refresh_token": "r"}
    assert exchange(answers.url, "h", "t") == "r"
    answers.status = 401
    with pytest.raises(UsageError, match="401"):
        exchange(answers.url, "h", "t")
    with pytest.raises(UsageError):
        checked_digest("latest")


def test_commands_of_workflows_exist(tmp_path: Path) -> None:
    for name in ("plan", "permission", "deploy", "build", "push", "release", "drift", "verify", "issue", "assessment"):
        assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0, name


def test_only_release_fetches_another_repository() -> None:
    fetching = [
        name for name, workflow in read_registry().workflows.items()
        if any(job.checkouts for job in workflow.jobs.values())
    ]  # fmt: skip
    assert fetching == ["release-app.yml"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "dev", "--out", "out"],
        ["permission", "dev"],
        ["deploy", "dev", "--approval", "out", "--approved", "0" * 64],
        ["build", "--app", "backend", "--context", "nowhere"],
        ["push", "--app", "backend", "--registry", HOST],
        ["push", "--app", "backend", "--registry", HOST, "--digest", "latest"],
        ["release", "--stack", "dev", "--app", "backend", "--digest", DIGEST],
        ["drift", "dev", "--out", "out"],
        ["verify", "dev"],
        ["issue", "Drift", "--body", "text"],
        ["assessment"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_command_outside_a_workflow_is_wrong_use(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NEEDED, "GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_issue_is_opened_once_then_added_to() -> None:
    class Issues:
        def __init__(self) -> None:
            self.open: list[dict[str, Any]] = []
            self.sent: list[str] = []

        def pages(self, _path: str, **_query: str) -> Iterator[Any]:
            yield from self.open

        def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
            self.sent.append(f"{method} {path}")
            if path == "issues":
                self.open.append({"number": 7, "title": body["title"]})
            return {"number": 7}

    github = Issues()
    assert open_issue(github, "Drift", "x" * 70_000) == "opened issue 7"  # type: ignore[arg-type]
    assert open_issue(github, "Drift", "again") == "added to issue 7"  # type: ignore[arg-type]
    assert github.sent == ["POST issues", "POST issues/7/comments"]


def test_digest_given_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    arguments = ["push", "--app", "backend", "--registry", HOST, "--digest", DIGEST]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert outputs.read_text() == f"digest={DIGEST}\n"


def test_commands_do_what_their_modules_do(job: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed in, and with the engine's and Azure's answers in place of theirs."""
    programs = Programs()
    monkeypatch.setattr("ci.programs.run_program", programs)
    monkeypatch.setattr("ci.azure.ask_graph", lambda _question: {"data": []})
    monkeypatch.setattr("ci.deploy.plan_stack", lambda *_given: False)
    monkeypatch.setattr("ci.deploy.deploy_stack", lambda *_given: False)
    monkeypatch.setenv("STACK_OUTPUTS", "{}")
    expected = {
        ("drift", "dev", "--out", str(tmp_path / "drift")): 0,
        ("verify", "dev"): 0,
        ("plan", "dev", "--out", str(tmp_path)): 1,
        ("deploy", "dev", "--approval", str(tmp_path), "--approved", "0" * 64): 1,
        ("release", "--stack", "dev", "--app", "backend", "--digest", DIGEST): 0,
    }
    for arguments, code in expected.items():
        assert CliRunner().invoke(app, list(arguments)).exit_code == code, arguments
    assert any("--outputs" in words for words in programs.ran)
