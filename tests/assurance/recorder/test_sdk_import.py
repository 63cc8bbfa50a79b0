"""SDK modules are found in a program and imported with their compiled files kept."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from assurance.recorder import sdk_import
from tests.programs import write_program


def test_modules_that_a_program_names_are_imported(tmp_path: Path) -> None:
    root = write_program(
        tmp_path, "import pulumi_random\nfrom pulumi_azure_native import maps, nothing\nimport pulumi_nowhere\n"
    )
    (tmp_path / "broken.py").write_text("def", encoding="utf-8")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "other.py").write_text("import pulumi_tls\n", encoding="utf-8")
    assert sorted(sdk_import.sdk_modules(root)) == [
        "pulumi_azure_native.maps",
        "pulumi_azure_native.nothing",
        "pulumi_nowhere",
        "pulumi_random",
    ]
    sdk_import.import_sdk(root)
    assert "pulumi_azure_native.maps" in sys.modules


@pytest.mark.parametrize("writes", [True, False])
def test_compiled_files_go_to_cache_when_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", not writes)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    with sdk_import._compiled_files_kept():
        kept = sys.pycache_prefix
        assert sys.dont_write_bytecode is False
    assert (kept is None) == writes
    assert (sys.dont_write_bytecode, sys.pycache_prefix) == (not writes, None)


def test_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    with sdk_import._compiled_files_kept():
        assert sys.dont_write_bytecode is True
