"""Imports the SDK modules that a program names, as fast as Python can.

They are 350 MB of generated source, so nearly all the time of an import is compiling it. Where the interpreter is told
to write no compiled files (PYTHONDONTWRITEBYTECODE, as containers set it), they are compiled again in every process.
So for these imports alone they are kept in the user's cache, outside the environment: Python checks each against its
source's time and size, and goes on without where the folder cannot be written.
"""

import ast
import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from assurance.garbage import no_collection
from assurance.project import user_cache

ENVIRONMENTS = (".venv", "venv", "env", "node_modules", "__pycache__")
"""Folders that hold other people's code."""


def import_sdk(root: Path) -> None:
    """Import the SDK modules that the project's components and layers name, with the collector out of the way."""
    with no_collection(), _compiled_files_kept():
        for name in sorted(set(sdk_modules(root))):
            with contextlib.suppress(ImportError):  # the program says it better, with its own line
                # The SDK loads a module lazily, on the first look inside it.
                hasattr(importlib.import_module(name), "_inputs")
        gc.freeze()


@contextlib.contextmanager
def _compiled_files_kept() -> Iterator[None]:
    """Keep compiled files in the user's cache while the block runs, where they would be kept nowhere."""
    saved = sys.dont_write_bytecode, sys.pycache_prefix
    folder = user_cache() / "bytecode"
    try:
        if sys.dont_write_bytecode and sys.pycache_prefix is None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sys.dont_write_bytecode, sys.pycache_prefix = False, str(folder)
    except OSError:
        pass  # no cache: the imports only take longer
    try:
        yield
    finally:
        sys.dont_write_bytecode, sys.pycache_prefix = saved


def sdk_modules(root: Path) -> Iterator[str]:
    """The SDK modules that the program's own files import, as often as they do."""
    for path in _program_files(root):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError):
            continue  # the program fails by it, or does not import it
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module == "pulumi_azure_native":
                yield from (f"pulumi_azure_native.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pulumi_"):
                yield str(node.module)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name.startswith("pulumi_"))


def _program_files(root: Path) -> Iterator[Path]:
    """The Python files of the program's own: of its two rooms here, of every folder but environments elsewhere."""
    rooms = [root / room for room in ("components", "stacks")]
    if all(room.is_dir() for room in rooms):
        for room in rooms:
            yield from sorted(room.rglob("*.py"))
        return
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(each for each in folders if each not in ENVIRONMENTS and not each.startswith("."))
        yield from (Path(folder) / file for file in sorted(files) if file.endswith(".py"))
