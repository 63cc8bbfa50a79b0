"""Which files of a checkout a scan reads."""

import codecs
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from assurance.errors import UsageError

SKIPPED = frozenset(
    {".git", ".venv", "venv", "node_modules", "dist", "build", "out", ".next", "coverage", "__pycache__", ".mypy_cache",
     ".ruff_cache", ".pytest_cache"}
)  # fmt: skip
"""Folders of what is fetched or made; a git repository's own ignore rules go first."""
LOCKED = frozenset(
    {"package-lock.json", "yarn.lock", "pnpm-lock.yaml", "poetry.lock", "uv.lock", "Cargo.lock", "go.sum",
     "npm-shrinkwrap.json"}
)  # fmt: skip
"""Files that hold nothing but versions and digests."""
MARKED = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""How a text is written that begins with this mark, the longer mark first."""
LARGEST = 2_000_000
"""Bytes; what is larger is data that nobody wrote by hand, and is named as not read."""


def chosen_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that the paths stand for: each file named, and of a folder those that git knows or would take.

    Raises UsageError for a path that is not there.
    """
    missing = [f"{path}: no such file or folder" for path in paths if not (path.is_file() or path.is_dir())]
    if missing:
        raise UsageError(*missing)
    seen = set()
    for path in paths:
        for file in [path] if path.is_file() else _below(path):
            real = file.resolve()
            if real not in seen and file.name not in LOCKED:
                seen.add(real)
                yield file


def _below(folder: Path) -> list[Path]:
    command = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "."]
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except OSError:
        done = None
    if done is not None and done.returncode == 0:
        names = sorted(set(os.fsdecode(done.stdout).split("\0")) - {""})
        return [folder / name for name in names if (folder / name).is_file() and not (folder / name).is_symlink()]
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        found += [Path(root, name) for name in sorted(names) if not Path(root, name).is_symlink()]
    return found


def text_of(file: Path) -> str | None:
    """A file's text; None for what is no text, or larger than `LARGEST`. Raises UsageError for one that is refused."""
    try:
        if file.stat().st_size > LARGEST:
            return None
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from None
    for mark, encoding in MARKED.items():
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, errors="replace")
    if b"\0" in content[:8000]:
        return None
    return content.decode("utf-8", errors="replace")
