"""Which registers of exceptions and of trusted strangers the pack judges by: those of its config, else those of the
project that is previewed, else none. A register never applies to another project than its own."""

import os
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import yaml

from documents.problems import DocumentError, Problem
from policies.exceptions import Register
from policies.pack_config import FILE, NAME, PackConfig
from policies.projects import OUR_PROJECTS

EXCEPTIONS, TRUSTED = "policies/exceptions.yaml", "policies/trusted.yaml"


class RegisterFiles:
    """The registers for a project by name, read once.

    pack: folder of the pack. A project is looked for where the engine was started, and above the pack.
    """

    def __init__(self, config: PackConfig, pack: Path) -> None:
        self._config = config
        self._pack = pack
        self._read: dict[str, Register] = {}

    def of(self, project: str) -> Register:
        """The registers that hold for ``project``. Raises DocumentError with every mistake in them."""
        if project not in self._read:
            self._read[project] = self._load(project)
        return self._read[project]

    def _load(self, project: str) -> Register:
        home = next((folder for folder in self._folders if _project_name(folder) == project), None)
        folders = [home] if home else []
        if home and project in OUR_PROJECTS:
            folders.append(home.parent)  # the bootstrap's registers stand beside the platform's
        named = [self._named(name, home) for name in ("exceptions", "trusted")]
        found = [
            path or next((folder / usual for folder in folders if (folder / usual).is_file()), None)
            for path, usual in zip(named, (EXCEPTIONS, TRUSTED), strict=True)
        ]
        exceptions, trusted = (path.read_text(encoding="utf-8") if path else None for path in found)
        try:
            return Register.parse(exceptions, trusted)
        except DocumentError as error:
            files = {EXCEPTIONS: found[0], TRUSTED: found[1]}
            raise DocumentError([replace(p, file=str(files.get(p.file) or p.file)) for p in error.problems]) from None

    def _named(self, name: str, home: Path | None) -> Path | None:
        """The file that the config names. Raises DocumentError where it is not there."""
        given: str = getattr(self._config, name)
        if not given:
            return None
        path = (home or Path.cwd()) / given
        if not path.is_file():
            raise DocumentError([Problem(f"{NAME}.{name}", given, f"a file; there is no {path}", FILE)])
        return path

    @cached_property
    def _folders(self) -> list[Path]:
        """Folders in which the project may be: that in which `pulumi` was started, the pack's, and those above each."""
        started = [Path(os.environ.get("PWD") or Path.cwd()), Path.cwd(), self._pack]
        return list(dict.fromkeys(folder for start in started for folder in (start, *start.parents)))


def _project_name(folder: Path) -> str | None:
    try:
        document = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None
    return document.get("name") if isinstance(document, dict) else None
