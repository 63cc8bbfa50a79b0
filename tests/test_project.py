"""The project itself: what the Pulumi CLI, an editor and a fresh machine need of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib

import jsonschema
import pytest

from documents.yaml_text import load_yaml
from stacks.settings.model import Settings
from stacks.settings.pages.schema import FILE, stack_config_schema
from stacks.settings.reading.parse import SUPPLIED_KEY
from tests.harness import ROOT, STACKS

PROJECT = load_yaml((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))


def test_cli_finds_virtual_environment_and_lists_plugins() -> None:
    options = PROJECT["runtime"]["options"]
    assert options == {"toolchain": "pip", "virtualenv": ".venv"}
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = {package["name"].replace("_", "-") for package in json.loads(listed)}
    assert {"pulumi", "pulumi-azure-native", "pulumi-random"} <= names


def test_the_projects_config_schema_names_every_section() -> None:
    declared = PROJECT["config"]
    required = {str(info.alias): info.is_required() for info in Settings.model_fields.values()}
    assert set(declared) == {*required, SUPPLIED_KEY}
    for key, section in declared.items():
        assert section["type"] == "object"
        assert ("default" not in section) == required.get(key, False), key


def test_the_schema_for_editors_is_current() -> None:
    assert json.loads(FILE.read_text(encoding="utf-8")) == stack_config_schema(), "run `make docs`"


@pytest.mark.parametrize("stack", STACKS)
def test_stack_files_name_the_schema_and_fit_it(stack: str) -> None:
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema={FILE.relative_to(ROOT).as_posix()}\n")
    jsonschema.Draft202012Validator(stack_config_schema()).validate(load_yaml(text))


def test_the_schema_refuses_a_misspelt_key() -> None:
    document = load_yaml((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"))
    document["config"]["medspasync:network"]["adressSpace"] = "10.0.0.0/8"
    with pytest.raises(jsonschema.ValidationError, match="adressSpace"):
        jsonschema.Draft202012Validator(stack_config_schema()).validate(document)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-setup.txt"])
def test_requirements_are_pinned_with_hashes_without_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9].*$", text, re.MULTILINE)
    assert pins
    assert all("==" in pin for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text


def test_run_time_pins_are_same_in_both_files() -> None:
    pins = {}
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        pins[name] = dict(re.findall(r"^([a-z0-9-]+)(?:\[.*?\])?==([^ ;]+)", text, re.MULTILINE))
    assert pins["requirements.txt"].items() <= pins["requirements-dev.txt"].items()


UNTYPED = {
    "tests": "pytest runs them",
    "loadtest": "Locust, which runs it, is in no requirements",
}


def test_mypy_reads_every_folder_of_code() -> None:
    """A folder that it does not read keeps calls that no longer fit: the benchmark of recording did not run."""
    listed = subprocess.run(["git", "ls-files", "*/*.py"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    folders = {path.partition("/")[0] for path in listed.splitlines()}
    typed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["files"]
    assert folders - set(typed) == UNTYPED.keys()
