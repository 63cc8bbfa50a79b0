"""`assurance check`: exit codes, files, and mistakes told without a traceback."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assurance.check.audit import audit
from assurance.cli import app
from assurance.record import Record
from policies.exceptions import Register
from tests.assurance.check.samples import RULES, record, resource
from tests.official_formats import read_junit, read_sarif

RUN = CliRunner()


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A saved record of the sample stack, judged by the sample rules and an empty register."""
    monkeypatch.setattr("assurance.cli.check.full_audit", lambda each, reg, today: audit(each, reg, today, RULES))
    monkeypatch.setattr("policies.exceptions.Register.load", lambda *_: Register())
    path = tmp_path / "dev.json"
    path.write_text(record().to_json(), encoding="utf-8")
    return path


def test_findings_exit_1_and_fill_every_format(saved: Path, tmp_path: Path) -> None:
    files = {kind: tmp_path / kind for kind in ("json", "sarif", "junit")}
    options = [option for kind, path in files.items() for option in (f"--{kind}", str(path))]
    result = RUN.invoke(app, ["check", "--no-comparison", "--record", str(saved), *options])
    assert result.exit_code == 1
    assert "FAIL dev KV-PURGE-PROTECTION" in result.stdout
    assert json.loads(files["json"].read_text())["totals"]["fail"] == 1
    assert [r["level"] for r in read_sarif(files["sarif"].read_text())["runs"][0]["results"]].count("error") == 1
    assert read_junit(files["junit"].read_text()).findall("testsuite/testcase/failure")


def test_what_holds_exits_with_0(saved: Path) -> None:
    right = {**asdict(record()), "resources": [asdict(r) for r in record() if r.name == "vault-right"]}
    saved.write_text(json.dumps(right), encoding="utf-8")
    assert RUN.invoke(app, ["check", "--no-comparison", "--record", str(saved)]).exit_code == 0


def test_record_of_stack_without_file_is_refused(saved: Path) -> None:
    """Nobody could say what must be in it: most checks would be left out in silence."""
    saved.write_text(json.dumps({**asdict(record()), "stack": "other"}), encoding="utf-8")
    result = RUN.invoke(app, ["check", "--no-comparison", "--record", str(saved)])
    assert result.exit_code == 2
    assert "other: no such stack; there are dev" in result.stderr


def test_a_report_on_standard_output_is_alone_there(saved: Path) -> None:
    result = RUN.invoke(app, ["check", "--no-comparison", "--record", str(saved), "--json", "-"])
    assert json.loads(result.stdout)["totals"]["fail"] == 1
    assert "FAIL" in result.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ["--json", "-", "--sarif", "-"],
        ["--mode", "live"],
        ["--json", "/nowhere/at/all"],
        ["prod"],
        ["--only", "KV-PURGE"],
        ["--at", "soon"],
    ],
    ids=["two-on-stdout", "mode", "unwritable", "another-stack", "rule", "day"],
)
def test_wrong_use_exits_with_2(saved: Path, wrong: list[str]) -> None:
    result = RUN.invoke(app, ["check", "--no-comparison", "--record", str(saved), *wrong])
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize("text", ["not json", "{}", "[]"])
def test_what_is_no_record_is_refused(saved: Path, text: str) -> None:
    saved.write_text(text, encoding="utf-8")
    assert RUN.invoke(app, ["check", "--no-comparison", "--record", str(saved)]).exit_code == 2


def test_a_malformed_register_is_refused_with_every_mistake(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: Any) -> Register:
        return Register.parse("EXC-A: {rules: [X]}\nEXC-B: 3\n")

    monkeypatch.setattr("policies.exceptions.Register.load", load)
    result = RUN.invoke(app, ["check", "--no-comparison", "--record", str(saved)])
    assert result.exit_code == 2
    assert "policies/exceptions.yaml:1: EXC-A.stacks" in result.output
    assert "EXC-B" in result.output


def test_only_one_rule_is_reported(saved: Path) -> None:
    options = ["--only", "ID-PRINCIPAL-TYPE", "--json", "-"]
    result = RUN.invoke(app, ["check", "--no-comparison", "--record", str(saved), *options])
    assert result.exit_code == 0, "it only warns"
    assert {each["rule"] for each in json.loads(result.stdout)["findings"]} == {"ID-PRINCIPAL-TYPE"}


def test_the_day_judged_is_the_one_given(saved: Path) -> None:
    result = RUN.invoke(app, ["check", "--no-comparison", "--record", str(saved), "--at", "2031-02-28", "--json", "-"])
    assert json.loads(result.stdout)["basis"]["date"] == "2031-02-28"


def test_nonsense_in_a_record_fails_by_name(tmp_path: Path) -> None:
    """Where a rule, the access matrix or the flows cannot read an input, that is said, and nothing passes for it."""
    rules = [{"direction": "Inbound", "access": "Deny", "priority": "abc"}]
    group = resource("network:NetworkSecurityGroup", "nsg", {"securityRules": rules})
    vault = resource("keyvault:Vault", "vault", {"properties": {"accessPolicies": ["everybody"]}})
    broken = Record("prod", "deployed", [group, vault])
    path = tmp_path / "prod.json"
    path.write_text(broken.to_json(), encoding="utf-8")
    result = RUN.invoke(app, ["check", "--no-comparison", "--record", str(path)])
    assert result.exit_code == 1
    assert "nsg: it cannot be judged" in result.stdout
    assert "`assurance access` cannot read an input" in result.stdout
