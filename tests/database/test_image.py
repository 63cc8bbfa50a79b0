"""The job's image: what can be said of it without building it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from database.files import ROOT

LINES = [line for line in (ROOT / "Containerfile").read_text().splitlines() if line and not line.startswith("#")]


def test_it_runs_as_nobody_in_particular() -> None:
    users = [line.split()[1] for line in LINES if line.startswith("USER ")]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    assert LINES.index(f"USER {users[-1]}") > max(n for n, line in enumerate(LINES) if line.startswith("COPY"))


def test_what_it_installs_is_locked_and_hashed() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    names = set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z]+\])?==", lock, flags=re.M))
    wanted = set(re.findall(r"^([a-z-]+)", (ROOT / "requirements.in").read_text(), flags=re.M))
    assert wanted <= names
    assert all("--hash=sha256:" in entry for entry in re.split(r"^(?=[a-z])", lock, flags=re.M) if "==" in entry)
    assert any("--require-hashes" in line for line in LINES)


def test_the_package_stands_alone(tmp_path: Path) -> None:
    """What the image copies is all it needs: no other room of the project is imported."""
    shutil.copytree(ROOT, tmp_path / "database", ignore=shutil.ignore_patterns("__pycache__"))
    rooms = "stacks", "components", "policies", "assurance", "deployment", "tests"
    script = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {rooms!r}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from database import cli, keys, maintain, matrix, parameters, principals, runner, verify
print(cli.__file__, len(parameters.read_parameters()), len(runner.read_files("apply")))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)},
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))
