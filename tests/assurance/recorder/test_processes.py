"""Recordings that share the import of the program stay apart."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from assurance.project import Project, read_project
from assurance.recorder.stack import import_program
from tests.harness import ROOT

IMPORTED = """
import json, sys
from pathlib import Path
import pulumi
from pulumi.runtime import settings
asked = []
for name in ("get_stack", "get_project", "get_monitor"):
    setattr(settings, name, lambda name=name: asked.append(name))
pulumi.Config.__init__ = lambda self, *_: asked.append("Config")
pulumi.Resource.__init__ = lambda self, *_, **__: asked.append("Resource")
from assurance.project import read_project
from assurance.recorder.processes import project_on_path
from assurance.recorder.stack import import_program
project = read_project(Path.cwd())
with project_on_path(project):
    import_program(project)
rooms = sorted({name.split(".")[0] for name in sys.modules} & {"components", "stacks"})
print(json.dumps([rooms, "stacks.platform" in sys.modules, asked]))
"""


def test_importing_the_program_makes_and_asks_nothing() -> None:
    """Or one stack's recording would hold what was made or read for none, or for another."""
    done = subprocess.run([sys.executable, "-c", IMPORTED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [["components", "stacks"], True, []]


def test_another_program_is_not_imported_before(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: other\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text("raise SystemExit('imported')\nimport made_at_once\n", encoding="utf-8")
    import_program(read_project(tmp_path))


def test_program_without_import_is_left_to_recording(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "recording.py").write_text("", encoding="utf-8")
    (tmp_path / "Pulumi.yaml").write_text("name: medspasync\nruntime: python\n", encoding="utf-8")
    (tmp_path / "__main__.py").write_text("from no_such_room import anything\n", encoding="utf-8")
    project: Project = read_project(tmp_path)
    import_program(project)
    assert "no_such_room" not in sys.modules
