"""What people who join find: how to report a weakness, what is updated, what runs every week."""

from __future__ import annotations

import json
import re
import tomllib

from documents.yaml_text import load_yaml
from tests.harness import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"


def test_security_policy_says_whom_and_when() -> None:
    page = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert re.search(r"[\w.-]+@[\w.-]+", page)
    assert re.search(r"\| .*\| \d+ working days \|", page)
    assert "private" in page


def test_every_manifest_is_updated() -> None:
    updates = load_yaml((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))["updates"]
    known = {(entry["package-ecosystem"], entry["directory"]) for entry in updates}
    folders = {"pip": ["/", "/database"], "npm": ["/samples/prisma"], "github-actions": ["/"]}
    assert known == {(kind, folder) for kind, found in folders.items() for folder in found}
    locks = [*ROOT.glob("samples/*/package-lock.json"), ROOT / "database/requirements.txt", ROOT / "requirements.txt"]
    assert {f"/{lock.parent.relative_to(ROOT)}".rstrip(".") for lock in locks} <= {folder for _, folder in known}


def test_security_work_runs_every_week() -> None:
    workflow = load_yaml((WORKFLOWS / "security-and-speed.yml").read_text(encoding="utf-8"))
    assert set(workflow["jobs"]) == {"secrets", "dast", "load", "speed"}
    (entry,) = workflow["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \d", entry["cron"])


def test_schedule_of_maintenance_has_its_workflows() -> None:
    page = (ROOT / "docs/maintenance.md").read_text(encoding="utf-8")
    for name in ("drift", "compliance", "security-and-speed"):
        assert f"`{name}`" in page
        assert (WORKFLOWS / f"{name}.yml").is_file()


def test_version_stands_in_the_change_log() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_forms_ask_for_what_helps() -> None:
    folder = ROOT / ".github" / "ISSUE_TEMPLATE"
    assert load_yaml((folder / "config.yml").read_text(encoding="utf-8"))["blank_issues_enabled"] is False
    for name in ("wrong.yml", "wanted.yml"):
        form = load_yaml((folder / name).read_text(encoding="utf-8"))
        assert {"name", "description", "body"} <= set(form)
        assert any(part.get("validations", {}).get("required") for part in form["body"])


def test_dev_container_sets_up_as_the_readme_says() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert container["postCreateCommand"] == "make setup"


def test_decisions_have_one_number_each() -> None:
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == list(range(1, len(pages) + 1))
    for number, page in zip(numbers, pages, strict=True):
        assert page.read_text(encoding="utf-8").startswith(f"# {number}. "), page.name
