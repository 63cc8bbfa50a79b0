"""What becomes of months past retention: exported, kept where nobody can change them, checked there, and only then
dropped. Every step may be repeated; interrupted anywhere, the next run goes on."""

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection

from database.blobs import Container
from database.errors import DatabaseRoomError, explain, explained

_PIECE = 5000  # rows fetched at a time: a month need not fit into memory


@dataclass(frozen=True)
class Month:
    """One month of one log."""

    log: str
    period: date

    @property
    def name(self) -> str:
        return f"{self.log}_{self.period:%Y_%m}"


@dataclass(frozen=True)
class Export:
    """A month's file of rows (``seal<TAB>row`` a line), that of the seals that vouch for them, and what is in them."""

    month: Month
    rows_file: Path
    seals_file: Path
    rows: int
    sha256: str


def due(connection: Connection[tuple]) -> list[Month]:
    """Months past retention, oldest first."""
    return [
        Month(*row) for row in connection.execute("SELECT log, period FROM audit.periods_past_retention()").fetchall()
    ]


def export_month(connection: Connection[tuple], folder: Path, month: Month) -> Export:
    """Write one month to ``folder``. The same rows give the same files."""
    rows_file = folder / f"{month.name}.tsv"
    seals_file = _seals_beside(rows_file)
    digest, rows = hashlib.sha256(), 0
    try:
        # One snapshot for rows and seals; a cursor on the server, so that a month may be large.
        with connection.transaction(), rows_file.open("wb") as file:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            with connection.cursor(name="export") as cursor:
                cursor.itersize = _PIECE
                cursor.execute("SELECT seq, line FROM audit.export_period(%s, %s)", (month.log, month.period))
                for seq, line in cursor:
                    content = f"{seq}\t{line}\n".encode()
                    file.write(content)
                    digest.update(content)
                    rows += 1
            seals = connection.execute(
                "SELECT seq, row_count, encode(rows_digest, 'hex'), encode(hash, 'hex') FROM audit.seals "
                "WHERE log = %s AND period = %s ORDER BY seq",
                (month.log, month.period),
            ).fetchall()
        seals_file.write_text(json.dumps(seals, indent=1) + "\n", encoding="utf-8")
    except psycopg.Error as refused:
        raise explain(refused, f"export of {month.name}") from refused
    except OSError as unwritable:
        raise DatabaseRoomError(f"{folder}: {unwritable.strerror}") from unwritable
    return Export(month, rows_file, seals_file, rows, digest.hexdigest())


def export(connection: Connection[tuple], folder: Path) -> list[dict[str, Any]]:
    """Every month past retention to ``folder``. Drops nothing.

    :returns: file, log, period, rows and SHA-256 of each.
    :raises DatabaseRoomError: the server refused, or the folder cannot be written.
    """
    made = [export_month(connection, folder, month) for month in due(connection)]
    return [
        {
            "file": one.rows_file.name,
            "log": one.month.log,
            "period": f"{one.month.period:%Y-%m}",
            "rows": one.rows,
            "sha256": one.sha256,
        }
        for one in made
    ]


def check(name: str, lines: Iterable[bytes], seals_json: bytes) -> tuple[str, str | None]:
    """Check a month's rows against its seals. Returns the rows' SHA-256 and the last seal's hash (None: no row).

    :raises DatabaseRoomError: the rows are not what was sealed, or the seals cannot be read.
    """
    digest = hashlib.sha256()
    states: dict[int, tuple[int, bytes]] = {}
    try:
        seals: list[tuple[int, int, str, str]] = json.loads(seals_json)
        expected = {seq: (count, bytes.fromhex(rows)) for seq, count, rows, _ in seals}
        for line in lines:
            digest.update(line)
            seq, row = line.removesuffix(b"\n").split(b"\t", 1)
            count, state = states.get(int(seq), (0, b""))
            states[int(seq)] = (count + 1, hashlib.sha256(state + hashlib.sha256(row).digest()).digest())
        closing = seals[-1][3] if seals else None
    except (ValueError, TypeError) as malformed:
        raise DatabaseRoomError(f"{name}: no export of a month ({malformed})") from malformed
    if states != expected:
        raise DatabaseRoomError(f"{name}: its rows are not what was sealed")
    return digest.hexdigest(), closing


def read_export(path: Path) -> tuple[str, str | None]:
    """Check one exported month in a folder against its seals, as :func:`check` does.

    Needs no database: an auditor can run it on the archive.

    :raises DatabaseRoomError: a file is missing, or its rows are not what was sealed.
    """
    try:
        with path.open("rb") as lines:
            return check(path.name, lines, _seals_beside(path).read_bytes())
    except OSError as unreadable:
        raise DatabaseRoomError(f"{path.name}: {unreadable}") from unreadable


def retire(connection: Connection[tuple], folder: Path, location: str) -> list[str]:
    """Drop the months past retention whose exports lie in ``folder`` and are what was sealed.

    :param location: where the exports are kept, for the record; a URL of immutable storage.
    :raises DatabaseRoomError: an export is missing or altered (nothing after it is dropped), or the server refused.
    """
    retired: list[str] = []
    for month in due(connection):
        path = folder / f"{month.name}.tsv"
        digest, closing = read_export(path)
        _drop(connection, month, digest, closing, f"{location.rstrip('/')}/{path.name}")
        retired.append(month.name)
    return retired


def retire_to(connection: Connection[tuple], container: Container) -> Iterator[str]:
    """Move the months past retention to immutable storage, one at a time, and give the name of each that is gone here.

    A month is dropped after its export was read back from the container and is what was sealed and what is here. A blob
    that is there already, of an earlier run that was interrupted, is not written again: it is held to the same.

    :raises DatabaseRoomError: the container refuses, holds something else, or the server refuses; nothing after that
        month is touched, and the next run goes on there.
    """
    for month in due(connection):
        with tempfile.TemporaryDirectory(prefix="medspasync-") as folder:
            here = export_month(connection, Path(folder), month)
            for path in (here.rows_file, here.seals_file):
                container.add(path.name, path)
            with container.read(here.seals_file.name) as answer:
                seals = answer.read()
            if seals != here.seals_file.read_bytes():
                raise DatabaseRoomError(f"archive: {here.seals_file.name} holds other seals than the database")
            with container.read(here.rows_file.name) as lines:
                digest, closing = check(here.rows_file.name, lines, seals)
            if digest != here.sha256:
                raise DatabaseRoomError(f"archive: {here.rows_file.name} is not what was exported")
            _drop(connection, month, digest, closing, f"{container.url}/{here.rows_file.name}")
        yield month.name


def _drop(connection: Connection[tuple], month: Month, digest: str, closing: str | None, location: str) -> None:
    with explained("retire"):
        connection.execute(
            "SELECT audit.retire_period(%s, %s, %s, %s, %s)",
            (month.log, month.period, bytes.fromhex(closing) if closing else None, location, digest),
        )


def _seals_beside(rows_file: Path) -> Path:
    return rows_file.with_suffix(".seals.json")
