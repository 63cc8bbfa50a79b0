"""What reaches the world: other programs, GitHub, and a record that `assurance` makes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from deployment import pages, record, tools
from deployment.errors import UsageError
from deployment.record import arm_type, load_record
from tests.loopback import Handler, serving


def test_program_absent_or_failing_gives_no_answer() -> None:
    assert tools.ask_program(["python3", "-c", "print(' 1.2.3 ')"]) == "1.2.3"
    assert tools.ask_program(["python3", "-c", "raise SystemExit(1)"]) is None
    assert tools.ask_program(["no-such-program-anywhere"]) is None


def test_enter_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\nmore"))
    tools.wait_for_enter()
    assert tools.Tools().terminal() is False


@pytest.fixture
def github() -> Iterator[tuple[str, list[dict[str, str]]]]:
    seen: list[dict[str, str]] = []

    class GitHub(Handler):
        def do_GET(self) -> None:
            seen.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
            self.reply(200, b'{"name": "prod"}')

    with serving(GitHub) as address:
        yield address, seen


def test_github_is_asked_with_token_of_run(
    github: tuple[str, list[dict[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, seen = github
    monkeypatch.setattr(pages, "SCHEMES", ("http",))
    monkeypatch.setenv("GITHUB_API_URL", url)
    monkeypatch.setenv("GITHUB_TOKEN", "t")
    assert tools.ask_github("/repos/o/r/environments/prod") == (200, '{"name": "prod"}')
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.delenv("GH_TOKEN", raising=False)
    tools.ask_github("/again")
    assert [(one["path"], one.get("authorization")) for one in seen] == [
        ("/repos/o/r/environments/prod", "Bearer t"),
        ("/again", None),
    ]


def test_record_is_made_in_assurances_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(arguments: list[str], **_: Any) -> CompletedProcess[str]:
        asked.append(arguments[1:])
        made = json.dumps({"stack": "prod", "resources": []})
        return CompletedProcess(arguments, 0 if len(asked) == 1 else 2, made, "error Pulumi.prod.yaml:3: wrong")

    monkeypatch.setattr(record.subprocess, "run", run)
    assert load_record("org/project/prod", None).resources == []
    assert asked[0] == ["-m", "assurance", "preview", "org/project/prod", "--mode", "deployed", "--json", "-"]
    with pytest.raises(UsageError, match=r"Pulumi.prod.yaml:3: wrong; or give --record FILE"):
        load_record("prod", None)


def test_record_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"stack": "prod", "resources": []}'))
    assert load_record("prod", "-").stack == "prod"
    with pytest.raises(UsageError, match=r"--record .*nowhere"):
        load_record("prod", str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("resource_id", "kind"),
    [
        ("/subscriptions/s/resourceGroups/g", "Microsoft.Resources/resourceGroups"),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a/slots/b", "Microsoft.Web/sites/slots"),
        (
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/providers/Microsoft.Authorization/locks/l",
            "Microsoft.Authorization/locks",
        ),
        ("/subscriptions/s", ""),
    ],
)
def test_arm_type_is_that_of_the_last_provider(resource_id: str, kind: str) -> None:
    assert arm_type(resource_id) == kind
