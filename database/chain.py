"""The trail recomputed outside the database: every link, every seal, every row, from plain SELECTs.

Month by month, each in a snapshot of its own, so that a large trail neither holds up the sealer nor vacuum, and so that
an interrupted run can go on (``checkpoint``).
"""

# ruff: noqa: E501, S608 (SQL statements stay on one line; what is put into them is one of two names)

import hashlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import kwargs_row

from database.connection import value_of
from database.errors import DatabaseRoomError
from database.trail_parts import Checkpoint, Month, Seal


class NoTrailError(DatabaseRoomError):
    """Nothing says how far the trail is sealed."""


LOGS = {"hipaa_audit_logs": "audit_id", "security_logs": "event_id"}
_PIECE = 5000  # rows fetched at a time
SLOW = timedelta(hours=1)
"""How long before a seal's round its rows may have been written. Roles end statements after 30 to 60 seconds; an hour
leaves room for migrations. What is older was written with another time than its own."""
KEPT_YEARS = 6
"""No month leaves before (164.316(b)(2)(i); audit.retention() refuses less)."""
VERY_SLOW = timedelta(days=1)
"""The same for a transaction that was open at the round before."""


@dataclass(frozen=True)
class _State:
    epoch: int
    sealed_to: int
    pending: list[int]
    next_xact: int


@dataclass
class _Found:
    seal: Seal
    rows: int = 0
    digest: bytes = b""


@dataclass
class Verification:
    """``months``: every month of every log; ``heads``: the last seal of each log."""

    months: list[Month]
    heads: list[dict[str, Any]]
    seals: dict[tuple[str, int], str]

    def lines(self) -> list[str]:
        """What is wrong, a line a month."""
        return [f"{m.log} {m.period}: {m.problem}" for m in self.months if m.problem]

    def report(self) -> list[dict[str, Any]]:
        """The months as data."""
        return [asdict(month) for month in self.months]


def verify(connection: Connection[tuple], checkpoint: Checkpoint | None = None) -> Verification:
    """Recompute the whole trail.

    :param connection: of the auditor or the maintainer, in autocommit mode.
    """
    checkpoint = checkpoint or Checkpoint(None)
    months: list[Month] = []
    heads: list[dict[str, Any]] = []
    known: dict[tuple[str, int], str] = {}
    for log in LOGS:
        seals = _seals(connection, log)
        known |= {(log, seal.seq): seal.hash.hex() for seal in seals}
        links = broken_links(log, seals)
        if seals:
            heads.append({"log": log, "seq": seals[-1].seq, "hash": seals[-1].hash.hex()})
        for period in _periods(connection, log, seals):
            months.append(_month(connection, log, period, links.get(period), checkpoint))
    return Verification(months, heads, known)


def broken_links(log: str, seals: list[Seal]) -> dict[date, str]:
    """The first seal of each month that does not follow from the one before it, or covers what another one does."""
    broken: dict[date, str] = {}
    before = hashlib.sha256(log.encode()).digest()
    covered: tuple[int, int] = (0, 0)
    for number, seal in enumerate(seals, start=1):
        if seal.seq != number or seal.previous != before or seal.hash != seal.computed_hash():
            broken.setdefault(seal.period, f"seal {seal.seq} does not follow from the one before it")
        # One round may seal several months; the next begins where it ended, or where an empty round after it did.
        if (seal.epoch, seal.from_xact) < covered and (seal.epoch, seal.to_xact) != covered:
            broken.setdefault(seal.period, f"seal {seal.seq} begins before the one before it ends")
        covered = (seal.epoch, seal.to_xact)
        before = seal.hash
    return broken


_COLUMNS = """log, seq, epoch, period, from_xact::text::numeric AS from_xact, to_xact::text::numeric AS to_xact,
    from_pending::text[]::numeric[] AS from_pending, to_pending::text[]::numeric[] AS to_pending, row_count, rows_digest,
    previous, hash, (extract(epoch FROM since) * 1000000)::bigint AS since,
    (extract(epoch FROM sealed_at) * 1000000)::bigint AS sealed_at"""


def _seals(connection: Connection[tuple], log: str, period: date | None = None) -> list[Seal]:
    with connection.cursor(row_factory=kwargs_row(_seal)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM audit.seals WHERE log = %s AND period = coalesce(%s, period) ORDER BY seq".encode(),
            (log, period),
        ).fetchall()


def _seal(**values: Any) -> Seal:
    for name in ("from_xact", "to_xact"):
        values[name] = int(values[name])
    for name in ("from_pending", "to_pending"):
        values[name] = [int(one) for one in values[name]]
    return Seal(**values)


def _periods(connection: Connection[tuple], log: str, seals: list[Seal]) -> list[date]:
    """Every month that has a seal or a partition."""
    rows = connection.execute(
        "SELECT c.relname FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = %s::regclass",
        (f"audit.{log}",),
    ).fetchall()
    found = {seal.period for seal in seals}
    for (name,) in rows:
        try:
            found.add(datetime.strptime(name[-7:], "%Y_%m").replace(tzinfo=UTC).date())
        except ValueError:
            continue  # no month's partition: database.catalogue names it
    return sorted(found)


def _month(connection: Connection[tuple], log: str, period: date, link: str | None, checkpoint: Checkpoint) -> Month:
    with connection.transaction():
        # One snapshot for state, seals and rows.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL search_path = pg_catalog")
        connection.execute("SET LOCAL timezone = 'UTC'")
        connection.execute("SET LOCAL datestyle = 'ISO'")
        seals = _seals(connection, log, period)
        month = Month(log, f"{period:%Y-%m}", len(seals), sum(seal.row_count for seal in seals))
        if link:
            month.broken(link)
        last = seals[-1] if seals else None
        if value_of(connection, "SELECT to_regclass(%s)", f"audit.{log}_{period:%Y_%m}") is None:
            _retired(connection, month, period, last)
        elif not checkpoint.holds(month, last):
            _rows(connection, month, period, seals)
            checkpoint.add(month, last)
    return month


def _retired(connection: Connection[tuple], month: Month, period: date, last: Seal | None) -> None:
    row = connection.execute(
        "SELECT row_count, closing_hash FROM audit.retired_periods WHERE log = %s AND period = %s", (month.log, period)
    ).fetchone()
    if row is None:
        month.broken("partition is gone and no retirement is recorded")
    elif period.replace(year=period.year + KEPT_YEARS) > datetime.now(UTC).date():
        # By the clock here, not by what the entry says of itself.
        month.broken(f"retired before {KEPT_YEARS} years were over")
    elif row[0] != month.row_count:
        month.broken("retired with another number of rows")
    elif last is None or bytes(row[1]) != last.hash:
        month.broken("retired with another hash")


def _rows(connection: Connection[tuple], month: Month, period: date, seals: list[Seal]) -> None:
    state = _state(connection)
    cover = _Cover(seals)
    for xact, epoch, at, line in _lines(connection, month.log, period):
        seal = cover.find(epoch, xact)
        if seal is None:
            if epoch != state.epoch or xact >= state.next_xact:
                month.broken(f"a row of transaction {xact} and epoch {epoch}, which is none of this server's")
            elif xact < state.sealed_to and xact not in state.pending:
                month.broken(f"a row of transaction {xact} lies in the sealed range and under no seal")
            continue
        seal.rows += 1
        seal.digest = hashlib.sha256(seal.digest + hashlib.sha256(line.encode()).digest()).digest()
        slow = VERY_SLOW if xact < seal.seal.from_xact else SLOW
        if not seal.seal.since - slow // timedelta(microseconds=1) <= at <= seal.seal.sealed_at:
            when = datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="seconds")
            month.broken(f"a row says {when}, its seal {seal.seal.seq} is of another time")
    for found in cover.found:
        seal_of = found.seal
        if found.rows != seal_of.row_count or found.digest != seal_of.rows_digest:
            other = ", with other content" if found.rows == seal_of.row_count else ""
            month.broken(f"seal {seal_of.seq} covered {seal_of.row_count} rows, {found.rows} found{other}")


class _Cover:
    """Which of a month's seals a row belongs under. found: every seal, with what was found of it."""

    def __init__(self, seals: list[Seal]) -> None:
        self.found = [_Found(seal) for seal in seals]
        self._starts = [(seal.epoch, seal.from_xact) for seal in seals]
        self._late: dict[tuple[int, int], list[_Found]] = {}
        for found in self.found:
            for xact in found.seal.from_pending:
                self._late.setdefault((found.seal.epoch, xact), []).append(found)

    def find(self, epoch: int, xact: int) -> _Found | None:
        """The seal, or None."""
        nearest = bisect_right(self._starts, (epoch, xact)) - 1
        candidates = self._late.get((epoch, xact), [])
        if nearest >= 0:
            candidates = [self.found[nearest], *candidates]
        return next((found for found in candidates if found.seal.covers(epoch, xact)), None)


def _state(connection: Connection[tuple]) -> _State:
    row = connection.execute(
        "SELECT epoch, sealed_to::text, pending::text[], pg_snapshot_xmax(pg_current_snapshot())::text FROM audit.chain_state"
    ).fetchone()
    if row is None:
        raise NoTrailError("audit.chain_state is empty: the trail has no state")
    return _State(row[0], int(row[1]), [int(one) for one in row[2]], int(row[3]))


def _lines(connection: Connection[tuple], log: str, period: date) -> Iterator[tuple[int, int, int, str]]:
    """Transaction, epoch, time in microseconds and text of each row of a month, in the order of digests. The text is made
    by built-in functions of the plain row."""
    following = (period.replace(day=28) + timedelta(days=4)).replace(day=1)
    with connection.cursor(name="trail") as cursor:
        cursor.itersize = _PIECE
        cursor.execute(
            "SELECT r.xact::text, r.epoch, (extract(epoch FROM r.recorded_at) * 1000000)::bigint, "
            f"jsonb_strip_nulls(to_jsonb(r))::text FROM audit.{log} AS r "
            f"WHERE r.recorded_at >= %s::date::timestamptz AND r.recorded_at < %s::date::timestamptz "
            f"ORDER BY r.xact, r.{LOGS[log]}".encode(),
            (period, following),
        )
        for xact, epoch, at, line in cursor:
            yield int(xact), epoch, at, line
