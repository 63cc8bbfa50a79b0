"""What a trail is made of: seals, months, and the checkpoint that an interrupted verification goes on from."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from database.errors import DatabaseRoomError

GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Seal:
    """One row of ``audit.seals``; times are microseconds since 1970."""

    log: str
    seq: int
    epoch: int
    period: date
    from_xact: int
    to_xact: int
    from_pending: list[int]
    to_pending: list[int]
    row_count: int
    rows_digest: bytes
    previous: bytes
    hash: bytes
    since: int
    sealed_at: int

    def computed_hash(self) -> bytes:
        """What ``hash`` must be (audit.seal_hash in 320_audit_chain.sql)."""
        parts = (
            self.log, self.seq, self.epoch, self.period.isoformat(), self.from_xact, self.to_xact,
            ",".join(map(str, self.from_pending)), ",".join(map(str, self.to_pending)), self.row_count, self.since,
            self.sealed_at,
        )  # fmt: skip
        return hashlib.sha256(self.previous + "|".join(map(str, parts)).encode() + self.rows_digest).digest()

    def covers(self, epoch: int, xact: int) -> bool:
        """Whether a row of that transaction belongs under it."""
        if epoch != self.epoch or xact in self.to_pending:
            return False
        return self.from_xact <= xact < self.to_xact or (xact < self.from_xact and xact in self.from_pending)


@dataclass
class Month:
    """What became of one month of one log. ``problem`` is None where it is what was sealed."""

    log: str
    period: str
    seals: int = 0
    row_count: int = 0
    status: str = "intact"
    problem: str | None = None

    def broken(self, problem: str) -> None:
        """Keep the first thing that is wrong."""
        if self.problem is None:
            self.status, self.problem = "broken", problem


@dataclass
class Checkpoint:
    """Months that were recomputed, with the seal that each ended in: kept outside the database.

    A month that is over is not read again within `GOOD_FOR` unless its last seal is another one.
    """

    path: Path | None
    done: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> "Checkpoint":
        """From a file, which need not be there yet.

        :raises DatabaseRoomError: it is no checkpoint.
        """
        if path is None or not path.exists():
            return cls(path)
        try:
            done = json.loads(path.read_text(encoding="utf-8"))["months"]
            for entry in done.values():
                datetime.fromisoformat(entry["at"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as malformed:
            raise DatabaseRoomError(f"{path.name}: no checkpoint of a verification ({malformed})") from malformed
        return cls(path, done=done)

    def holds(self, month: Month, last: Seal | None) -> bool:
        """Whether the month is over, was recomputed lately and still ends in the same seal."""
        entry = self.done.get(f"{month.log} {month.period}")
        if entry is None or last is None or month.period >= f"{datetime.now(UTC):%Y-%m}":
            return False
        fresh = datetime.now(UTC) - datetime.fromisoformat(entry["at"]) < GOOD_FOR
        return (
            fresh and entry["seq"] == last.seq and entry["hash"] == last.hash.hex() and entry["rows"] == month.row_count
        )

    def add(self, month: Month, last: Seal | None) -> None:
        """Note an intact month, and write the file: the next run goes on here."""
        if self.path is None or last is None or month.problem is not None:
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")
        entry = {"seq": last.seq, "hash": last.hash.hex(), "rows": month.row_count, "at": at}
        self.done[f"{month.log} {month.period}"] = entry
        try:
            self.path.write_text(json.dumps({"months": self.done}, indent=1) + "\n", encoding="utf-8")
        except OSError as unwritable:
            raise DatabaseRoomError(f"{self.path}: {unwritable.strerror}") from unwritable
