"""The SQL files and their checksums."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from database.errors import DatabaseRoomError

ROOT = Path(__file__).parent
_NAME = re.compile(r"^\d{3}_[a-z0-9_]+\.sql$")


@dataclass(frozen=True)
class SqlFile:
    """One numbered file. ``phase`` is the folder: bootstrap, apply (once, never changed) or repeat (every apply)."""

    phase: str
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text with LF line ends, so that a checkout's line endings change nothing."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_files(phase: str, folder: Path = ROOT / "sql") -> list[SqlFile]:
    """The phase's files in order.

    :raises DatabaseRoomError: none are there, a name is not ``NNN_words.sql``, or two share a number.
    """
    paths = sorted((folder / phase).glob("*.sql"))
    if not paths:
        raise DatabaseRoomError(f"no SQL files in {folder.name}/{phase}")
    for path in paths:
        if not _NAME.match(path.name):
            raise DatabaseRoomError(f"{phase}/{path.name}: a file is named NNN_words.sql, in lower case")
    numbers = [path.name[:3] for path in paths]
    for number in numbers:
        if numbers.count(number) > 1:
            raise DatabaseRoomError(f"{phase}: two files have the number {number}")
    return [SqlFile(phase, path.name, path.read_text(encoding="utf-8")) for path in paths]


def sql_text(name: str) -> str:
    """The text of one file that `apply` runs."""
    return (ROOT / "sql" / "apply" / name).read_text(encoding="utf-8")


@cache
def role_catalogue() -> list[dict[str, Any]]:
    """``roles.yaml`` as data."""
    return list(yaml.safe_load((ROOT / "roles.yaml").read_text(encoding="utf-8")))
