"""Stack files: what the engine would read differently is refused, and every mistake has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from documents.lines import file_lines, key_lines, line_of
from stacks.settings.reading.parse import SettingsError
from stacks.settings.reading.stack_file import read_stack_file


def write(folder: Path, text: str) -> Path:
    path = folder / "Pulumi.test.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read_stack_file(write(folder, text))
    return [str(problem) for problem in refused.value.problems]


def test_config_is_handed_over_as_the_engine_does(tmp_path: Path) -> None:
    text = """\
encryptionsalt: v1:abc
config:
  azure-native:location: eastus2
  medspasync:platform:
    short: mss
    ports: [80, 443]
  medspasync:secrets:
    JWT-SECRET: {secure: v1:cipher}
  medspasync:token: {secure: v1:cipher}
"""
    file = read_stack_file(write(tmp_path, text))
    config = file.engine_config()
    assert config["azure-native:location"] == "eastus2"
    assert config["medspasync:platform"] == '{"short": "mss", "ports": [80, 443]}'
    assert "medspasync:token" not in config
    assert file.lines["medspasync:platform.ports[1]"] == 6


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("config: {a: ]\n", 1, "a YAML file"),
        ("- a\n- b\n", 1, "a mapping of keys"),
        ("", 1, "a mapping of keys"),
        ("config:\n  - a\n", 1, "a mapping of keys"),
        ("cofnig: {}\n", 1, "did you mean config?"),
        ("config:\n  platform: {}\n", 2, "a key like `medspasync:platform`"),
        ("config:\n  medspsync:platform: {}\n", 2, "did you mean medspasync?"),
        ("config:\n  medspasync:a: {day: 2026-01-01}\n", 2, "a date in quotes"),
        ("config:\n  medspasync:a:\n    b: yes\n", 3, "true or false"),
        ("config:\n  medspasync:a:\n    b: 1\n    b: 2\n", 4, "each key once"),
        ("config:\n  medspasync:a: [{b: on}]\n", 2, "true or false"),
        ("config:\n  medspasync:platform: {owner: '${OWNER}'}\n", 2, "nothing replaces"),
        ("config:\n  acme:a: 1\n  acme:b: 2\n  acme:c: 3\n", 2, "the project keeps its name"),
    ],
)
def test_mistakes_of_form_are_told_with_their_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    told = mistakes(tmp_path, text)
    assert any(said in message and message.startswith(f"Pulumi.test.yaml:{line}:") for message in told), told


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    told = mistakes(tmp_path, "other: 1\nconfig:\n  plain: 1\n  medspasync:a: {b: off, c: 2026-01-01}\n")
    assert len(told) == 4


def test_absent_stack_is_answered_with_existing_ones(tmp_path: Path) -> None:
    write(tmp_path, "config: {}\n")
    with pytest.raises(SettingsError, match="there are test; did you mean test"):
        read_stack_file(tmp_path / "Pulumi.tset.yaml")


def test_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="a text file in UTF-8"):
        read_stack_file(path)


def test_line_of_item_or_missing_key_is_found(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules:\n  - id: auth\n    paths: [/login]\n  - name: api\n", encoding="utf-8")
    lines = file_lines(path)
    assert lines["rules.auth"] == 2
    assert lines["rules.api"] == 4
    assert line_of(lines, "rules[0].paths[3].x") == 3
    assert line_of(lines, "nothing") is None
    assert file_lines(tmp_path / "absent.yaml") == {}
    assert key_lines(None) == {}


def test_renamed_project_is_refused_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("runtime: python\nname: acme\n", encoding="utf-8")
    (message,) = mistakes(tmp_path, "config:\n  medspasync:platform: {}\n")
    assert message.startswith("Pulumi.yaml:2: name = 'acme': medspasync: every key")
    assert "platform.short" in message
