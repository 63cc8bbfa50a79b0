"""Python environments of other revisions, each made by uv from its own lock file and kept by that file's hash."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from assurance.errors import UsageError
from assurance.project import HOME, user_cache

LOCK = "requirements-dev.txt"
"""What ``make setup`` installs, every version pinned with its hash."""


def python_for(tree: Path) -> Path:
    """The interpreter of the environment that the lock file in ``tree`` describes: this one's, where it is the same.

    Raises UsageError where uv is not there or refuses.
    """
    lock = tree / LOCK
    if not lock.is_file():
        raise UsageError(f"{LOCK}: not in that revision: use --same-environment")
    if _digest(lock) == _digest(HOME / LOCK):
        return Path(sys.executable)
    folder = user_cache() / "environments" / f"{_digest(lock)}-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    if not (folder / ".ready").is_file():
        _make(folder, python, lock)
    _name_project(folder)
    return python


def _name_project(folder: Path) -> None:
    """Let a revision find its own name among the installed packages, though its files are not in the environment."""
    for packages in folder.glob("lib/python*/site-packages"):
        named = packages / "medspasync_platform-0.dist-info"
        named.mkdir(exist_ok=True)
        (named / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: medspasync-platform\nVersion: 0\n", encoding="utf-8"
        )


def _make(folder: Path, python: Path, lock: Path) -> None:
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is None:
        raise UsageError("uv makes the base's environment and is not installed: run make setup, or --same-environment")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
    _run(uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", str(lock))
    (folder / ".ready").touch()


def _run(*command: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)  # noqa: S603
    if done.returncode:
        why = done.stderr.strip()
        raise UsageError(f"the base's environment cannot be made (--same-environment does without one): {why}")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:24] if path.is_file() else ""
