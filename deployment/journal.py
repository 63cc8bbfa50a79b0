"""Locks that were lifted and are not back yet, on this machine's disk: what a killed ``unlock`` leaves to the next."""

import hashlib
import json
import os
from pathlib import Path

from deployment.errors import UsageError
from deployment.locks import Lock


class Journal:
    """One file for each lock of a stack that is lifted just now."""

    def __init__(self, folder: Path, stack: str) -> None:
        self._folder = folder / "unlocked" / stack

    def note(self, lock: Lock) -> Path:
        """Remember a lock that is about to be lifted; on the disk when this returns. Raises UsageError."""
        file = self._file(lock)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("w", encoding="utf-8") as written:
                json.dump(vars(lock), written, indent=2)
                written.flush()
                os.fsync(written.fileno())
        except OSError as unwritable:
            raise UsageError(
                f"{file}: {unwritable.strerror}; no lock is lifted that could be forgotten"
            ) from unwritable
        return file

    def forget(self, lock: Lock) -> None:
        """The lock is back."""
        self._file(lock).unlink(missing_ok=True)

    def left(self) -> list[Lock]:
        """Locks that an interrupted run left lifted."""
        return [Lock(**json.loads(file.read_text(encoding="utf-8"))) for file in sorted(self._folder.glob("*.json"))]

    def _file(self, lock: Lock) -> Path:
        return self._folder / f"{hashlib.sha256(lock.id.lower().encode()).hexdigest()[:16]}.json"


def default_folder() -> Path:
    """Where programs keep their state (XDG base directories)."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "medspasync"
