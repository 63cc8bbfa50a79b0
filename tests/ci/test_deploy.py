"""What was approved is what is applied; a bad release is taken back."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from assurance.errors import UsageError
from ci.approval import FILE, PLAN, refusals, write_approval
from ci.deploy import deploy_stack, given_images, outputs_file, plan_stack, release_images
from ci.engine import UNKNOWN, Engine, state_digest, unbound
from ci.programs import Done, module, run_program

STATE: dict[str, Any] = {
    "version": 3,
    "deployment": {"manifest": {"time": "2026-11-29T10:00:00Z"}, "resources": [{"urn": "a", "ciphertext": "v1:x"}]},
}


class FakePrograms:
    """What programs were run; each fails whose words hold one of ``failing``."""

    def __init__(self, *failing: str) -> None:
        self.ran: list[str] = []
        self.failing = failing
        self.state = json.loads(json.dumps(STATE))

    def __call__(self, arguments: Sequence[str]) -> Done:
        words = " ".join(arguments)
        self.ran.append(words)
        if "--save-plan" in arguments:
            plan = {"resourcePlans": {"urn::one": {"goal": UNKNOWN}, "urn::two": {"goal": "known"}}}
            Path(arguments[list(arguments).index("--save-plan") + 1]).write_text(json.dumps(plan))
        text = json.dumps(self.state) if "export" in arguments else "shown"
        return Done(1 if any(part in words for part in self.failing) else 0, text)

    def did(self, part: str) -> bool:
        return any(part in words for words in self.ran)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit and one stack file."""
    for name in ("GITHUB_SHA", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "PULUMI_BACKEND_URL", "STATE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    (folder / "Pulumi.prod.yaml").write_text("config: {}\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    commit(folder)
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "-c", "user.name=x", "-c", "user.email=x@example.invalid", "commit", "-qam", "change")


def planned(root: Path, folder: Path, programs: FakePrograms) -> str:
    assert plan_stack(root, folder, Engine("dev", programs))
    return write_approval(root, folder, Engine("dev", programs))


def test_unchanged_approval_is_applied(root: Path, tmp_path: Path) -> None:
    programs = FakePrograms()
    approved = planned(root, tmp_path / "out", programs)
    assert deploy_stack(root, tmp_path / "out", Engine("dev", programs), approved, [])
    (up,) = [words for words in programs.ran if words.startswith("pulumi up")]
    assert f"--plan {tmp_path / 'out' / PLAN}" in up
    assert "--refresh=false" in up
    assert programs.did("deployment run dev --step smoke")


def other_stack_file(root: Path, _folder: Path, _programs: FakePrograms) -> None:
    (root / "Pulumi.dev.yaml").write_text("config: {a: 1}\n")
    commit(root)


def other_commit(root: Path, _folder: Path, _programs: FakePrograms) -> None:
    (root / "Pulumi.prod.yaml").write_text("config: {a: 1}\n")
    commit(root)


def other_plan(_root: Path, folder: Path, _programs: FakePrograms) -> None:
    (folder / PLAN).write_text("{}")


def other_state(_root: Path, _folder: Path, programs: FakePrograms) -> None:
    programs.state["deployment"]["manifest"]["time"] = "2026-11-29T11:00:00Z"


def other_paper(_root: Path, folder: Path, _programs: FakePrograms) -> None:
    (folder / FILE).write_text((folder / FILE).read_text().replace("dev", "prod"))


def no_paper(_root: Path, folder: Path, _programs: FakePrograms) -> None:
    (folder / FILE).unlink()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (other_stack_file, "stack file"),
        (other_commit, "commit"),
        (other_plan, "plan file"),
        (other_state, "state"),
        (other_paper, "approved was"),
        (no_paper, "nothing was approved"),
    ],
)
def test_anything_else_is_refused(change: Callable[..., None], told: str, root: Path, tmp_path: Path) -> None:
    programs = FakePrograms()
    approved = planned(root, tmp_path / "out", programs)
    change(root, tmp_path / "out", programs)
    told_all = " ".join(refusals(root, tmp_path / "out", Engine("dev", programs), approved))
    assert told in told_all
    assert not deploy_stack(root, tmp_path / "out", Engine("dev", programs), approved, [])
    assert not programs.did("pulumi up")


def test_paper_of_another_stack_is_refused(root: Path, tmp_path: Path) -> None:
    approved = planned(root, tmp_path / "out", FakePrograms())
    found = refusals(root, tmp_path / "out", Engine("prod", FakePrograms()), approved)
    assert any(each.startswith("stack:") for each in found)


def test_run_of_another_commit_is_refused(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    approved = planned(root, tmp_path / "out", FakePrograms())
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    assert refusals(root, tmp_path / "out", Engine("dev", FakePrograms()), approved)


def test_paper_without_form_is_refused(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    planned(root, out, FakePrograms())
    (out / FILE).write_text("stack: dev\n")
    from ci.approval import file_hash

    assert any("commit" in each for each in refusals(root, out, Engine("dev", FakePrograms()), file_hash(out / FILE)))


def test_dirty_tree_is_wrong_use(root: Path, tmp_path: Path) -> None:
    (root / "Pulumi.dev.yaml").write_text("config: {b: 1}\n")
    with pytest.raises(UsageError, match=r"Pulumi\.dev\.yaml"):
        plan_stack(root, tmp_path / "out", Engine("dev", FakePrograms()))


def test_summary_names_what_plan_leaves_open(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary, outputs = tmp_path / "summary", tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    programs = FakePrograms()
    planned(root, tmp_path / "out", programs)
    assert "- `one`" in summary.read_text()
    assert "two" not in summary.read_text()
    assert programs.did("deployment run dev --plan")
    assert outputs.read_text().startswith("approval=")


def test_failed_preview_asks_for_nothing(root: Path, tmp_path: Path) -> None:
    programs = FakePrograms("pulumi preview")
    assert not plan_stack(root, tmp_path / "out", Engine("dev", programs))
    assert not (tmp_path / "out" / FILE).exists()


@pytest.mark.parametrize("failing", ["pulumi up", "deployment run dev"])
def test_failure_stops_a_deployment(failing: str, root: Path, tmp_path: Path) -> None:
    programs = FakePrograms()
    approved = planned(root, tmp_path / "out", programs)
    programs.failing = (failing,)
    assert not deploy_stack(root, tmp_path / "out", Engine("dev", programs), approved, ["backend=sha256:0"])
    assert not programs.did("slot-swap")


def test_release_after_deployment_is_looked_at(root: Path, tmp_path: Path) -> None:
    programs = FakePrograms()
    approved = planned(root, tmp_path / "out", programs)
    assert deploy_stack(root, tmp_path / "out", Engine("dev", programs), approved, ["backend=sha256:0"])
    assert programs.did("--step slot-swap --image backend=sha256:0")


@pytest.mark.parametrize("failing", ["--step smoke", "--step slot-image"])
def test_bad_release_is_swapped_back(failing: str) -> None:
    programs = FakePrograms(failing)
    assert not release_images("dev", ["backend=sha256:0"], programs, "outputs.json")
    assert programs.did("--step slot-swap-back --image backend=sha256:0 --outputs outputs.json")


def test_good_release_stays() -> None:
    programs = FakePrograms()
    assert release_images("dev", ["backend=sha256:0"], programs)
    assert not programs.did("slot-swap-back")


def test_digest_ignores_how_secrets_are_encrypted() -> None:
    other = json.loads(json.dumps(STATE).replace("v1:x", "v1:y"))
    assert state_digest(other) == state_digest(STATE)
    other["deployment"]["resources"][0]["urn"] = "b"
    assert state_digest(other) != state_digest(STATE)


def test_unbound_names_unknown_inputs_only() -> None:
    assert list(unbound({"resourcePlans": {"x": {"a": [UNKNOWN]}, "y": {}}})) == ["x"]


def test_each_stack_has_its_own_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "")
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    monkeypatch.setenv("STATE_ACCOUNT", "stmssstate")
    Engine("prod", FakePrograms()).choose_backend()
    assert os.environ["PULUMI_BACKEND_URL"] == "azblob://state-prod?storage_account=stmssstate"


def test_state_that_cannot_be_had_is_told() -> None:
    with pytest.raises(UsageError, match="no state"):
        Engine("dev", lambda _arguments: Done(1, "refused")).export()


@pytest.mark.parametrize("text", ["backend", "--step=sha256:0", "backend=latest"])
def test_images_are_given_by_digest(text: str) -> None:
    with pytest.raises(UsageError):
        given_images(text)


def test_outputs_are_a_file_while_needed() -> None:
    with outputs_file("{}") as file:
        assert file is not None
        assert Path(file).read_text() == "{}"
    assert not Path(file).exists()
    with outputs_file("") as none:
        assert none is None


def test_programs_are_run_and_heard(capfd: pytest.CaptureFixture[str]) -> None:
    done = run_program(module("json.tool", "--help"))
    assert done.code == 0
    assert done.text in capfd.readouterr().out
    with pytest.raises(UsageError):
        run_program(["no-such-program-here"])
