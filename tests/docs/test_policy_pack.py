"""docs/policy-pack.md: every command runs, every file it shows is read, and its list is the rules' own."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assurance.cli import app
from assurance.engine_gaps import BEGIN, END, PAGE, gaps
from documents.generated import with_part
from documents.problems import DocumentError
from policies.exceptions import Register
from policies.pack_config import read_config
from policies.packing import write_pack
from policies.rules import RULES
from tests.harness import ROOT, STACKS, shared_record
from tests.programs import PROGRAMS

RUN = CliRunner()
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"\.venv/bin/assurance ([^\n`]+)", TEXT)))


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"```{kind}\n(.*?)```", TEXT, re.DOTALL)
    assert found
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_command_of_the_page_runs(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a program of another shape that stands beside, as the page says."""
    shutil.copytree(PROGRAMS / "tags_for_all", tmp_path / "shop")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    result = RUN.invoke(app, command.split())
    assert result.exit_code in (0, 1), result.stderr
    assert "Traceback" not in result.output


def test_registers_of_the_page_are_read() -> None:
    exceptions, trusted = blocks("yaml")
    register = Register.parse(exceptions, trusted)
    assert set(register.exceptions) == {"EXC-DEV-PURGE"}
    assert set(register.trusted.entries) == {"TRU-ALL-MAIL"}
    with pytest.raises(DocumentError):
        Register.parse(exceptions.replace("expires", "ends"), trusted)


def test_config_of_the_page_is_read() -> None:
    (text,) = blocks("json")
    config = read_config(json.loads(text)["pack"], [rule.id for rule in RULES])
    assert config.level("KV-PRIVATE", "critical") == "mandatory"
    assert config.level("PG-TLS", "medium") == "advisory"
    assert config.level("PG-TLS", "high") is None


def test_engine_commands_name_what_is_there(tmp_path: Path) -> None:
    """The pack, its requirements and its place are what the commands say; pip itself needs a network."""
    pack = write_pack(tmp_path / "out" / "pack")
    assert (pack / "requirements.txt").is_file()
    commands = blocks("sh")[1]
    for part in ("make pack", "out/pack", "--require-hashes -r ../shop/hipaa-rules/requirements.txt", "--policy-pack"):
        assert part in commands
    assert "\npack: " in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "virtualenv: venv" in (pack / "PulumiPolicy.yaml").read_text(encoding="utf-8")


def test_list_of_what_the_engine_lacks_is_current() -> None:
    rows = list(gaps(shared_record(stack, "preview") for stack in STACKS))
    assert with_part(TEXT, BEGIN, END, "\n".join(rows)) == TEXT, "run .venv/bin/python -m assurance.engine_gaps"
    assert len(rows) < 40, "short, for a page"
    with pytest.raises(ValueError, match="no place"):
        with_part("# A page", BEGIN, END, "\n".join(rows))
