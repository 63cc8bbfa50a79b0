"""The sample of an application's repository calls the reusable workflow as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from bootstrap.github import subject
from bootstrap.settings import ApplicationSettings, GitHubSettings
from documents.yaml_text import load_yaml
from tests.harness import ROOT, bootstrap_config

SAMPLE = ROOT / "samples/app-repository/.github/workflows/release.yml"
CALLED = ROOT / ".github/workflows/release-app.yml"


def loaded(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = load_yaml(path.read_text(encoding="utf-8"))
    return content


def test_sample_gives_what_the_workflow_takes() -> None:
    inputs = loaded(CALLED)["on"]["workflow_call"]["inputs"]
    required = {name for name, entry in inputs.items() if entry.get("required")}
    for name, job in loaded(SAMPLE)["jobs"].items():
        assert required <= set(job["with"]) <= set(inputs), name
        assert job["uses"].split("@")[1].split()[0] == job["with"]["platform-commit"]
        assert job["permissions"] == {"contents": "read", "id-token": "write"}


def test_sample_environments_are_trusted() -> None:
    """Each job's environment is one whose subject the bootstrap gives the app's identity."""
    config = bootstrap_config()
    app = ApplicationSettings.model_validate(config["applications"]["backend"])
    github = GitHubSettings.model_validate(config["github"])
    for job in loaded(SAMPLE)["jobs"].values():
        stack = job["with"]["stack"]
        assert stack in app.sites
        assert subject(github, app, stack).endswith(f"environment:{stack}")


def test_sample_is_a_workflow() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(SAMPLE)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
