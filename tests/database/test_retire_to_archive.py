"""Retirement without a person: exported into a container that nobody can alter, checked there, and only then dropped.
A real server, and a container on the loopback interface that can be made to fail at every step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from database import blobs, retention
from database.blobs import Container
from database.errors import DatabaseRoomError
from tests.database.blob_server import TOKEN, BlobServer, blob_server
from tests.database.trail import age, due, tamper, verdicts
from tests.database.world import MAINTAINER, World


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BlobServer]:
    with blob_server(tmp_path) as (server, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        yield server


def container(archive: BlobServer) -> Container:
    return Container(archive.url, token=lambda: TOKEN)


def retired(world: World, archive: BlobServer) -> list[str]:
    with world.login(MAINTAINER) as maintainer:
        return list(retention.retire_to(maintainer, container(archive)))


def partitions(world: World, suffix: str) -> list[str]:
    with world.login("medspasync_auditor") as auditor:
        rows = auditor.execute("SELECT relname FROM pg_class WHERE relname LIKE %s ORDER BY 1", (f"%logs_{suffix}",))
        return [row[0] for row in rows.fetchall()]


def files(suffix: str) -> list[str]:
    """What ends up in the container, in the order in which it is written."""
    return [
        f"{log}_{suffix}.{ending}" for log in ("hipaa_audit_logs", "security_logs") for ending in ("tsv", "seals.json")
    ]


def test_what_past_retention_moves_and_chain_still_verifies(world: World, archive: BlobServer, tmp_path: Path) -> None:
    """What is past retention moves and the chain still verifies."""
    suffix = age(world)
    both = [f"hipaa_audit_logs_{suffix}", f"security_logs_{suffix}"]
    assert partitions(world, suffix) == both
    assert retired(world, archive) == both
    assert archive.written() == files(suffix)
    assert (partitions(world, suffix), due(world), verdicts(world)) == ([], [], [])
    # An auditor takes the files from the container and needs no database.
    kept = tmp_path / "kept"
    kept.mkdir()
    for name, content in archive.blobs.items():
        (kept / name).write_bytes(content)
    with world.login("medspasync_auditor") as auditor:
        for log, location, digest in auditor.execute(
            "SELECT log, export_location, export_sha256 FROM audit.retired_periods"
        ).fetchall():
            assert location == f"{archive.url}/{log}_{suffix}.tsv"
            assert retention.read_export(kept / f"{log}_{suffix}.tsv")[0] == digest
    # Nothing is left to do, and nothing is asked of the container.
    before = list(archive.requests)
    assert retired(world, archive) == []
    assert archive.requests == before


def test_month_that_does_not_fit_into_one_piece(
    world: World, archive: BlobServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month that does not fit into one piece."""
    monkeypatch.setattr(retention, "_PIECE", 2)
    suffix = age(world)
    assert len(retired(world, archive)) == 2
    assert archive.blobs[f"security_logs_{suffix}.tsv"].count(b"\n") == 3


def test_what_is_not_past_retention_stays(world: World, archive: BlobServer) -> None:
    suffix = age(world, years=5)
    assert retired(world, archive) == []
    assert archive.requests == []
    assert len(partitions(world, suffix)) == 2


# Each a mishap, and what is said of it. {0}: the first month's rows, {1}: their seals.
REFUSALS = [
    (("PUT", 0), (403, "AuthorizationPermissionMismatch"), "refused .* HTTP 403 AuthorizationPermissionMismatch"),
    (("PUT", 1), (503, "ServerBusy"), "refused .* HTTP 503 ServerBusy"),
    (("GET", 0), (404, "BlobNotFound"), "refused .* HTTP 404 BlobNotFound"),
    (("GET", 1), (404, "BlobNotFound"), "refused .* HTTP 404 BlobNotFound"),
    (("PUT", 0), (404, "ContainerNotFound"), "refused .* HTTP 404 ContainerNotFound"),
]


@pytest.mark.parametrize(("request_", "answer", "said"), REFUSALS, ids=lambda value: str(value)[:30])
def test_refusal_drops_nothing_and_next_run_goes_on(
    world: World, archive: BlobServer, request_: tuple[str, int], answer: tuple[int, str], said: str
) -> None:
    """A refusal drops nothing and the next run goes on."""
    suffix = age(world)
    archive.refuse[request_[0], files(suffix)[request_[1]]] = answer
    with pytest.raises(DatabaseRoomError, match=said):
        retired(world, archive)
    assert len(partitions(world, suffix)) == 2
    archive.refuse.clear()
    assert len(retired(world, archive)) == 2
    assert sorted(archive.blobs) == sorted(files(suffix))
    assert verdicts(world) == []


@pytest.mark.parametrize("cut", range(8))
def test_cut_off_at_any_request_goes_on_where(world: World, archive: BlobServer, cut: int) -> None:
    """Two months, four requests each: an upload of rows and of seals, a reading of seals and of rows."""
    suffix = age(world)
    names = files(suffix)
    steps = [(m, n) for rows, seals in (names[:2], names[2:])
             for m, n in (("PUT", rows), ("PUT", seals), ("GET", seals), ("GET", rows))]  # fmt: skip
    archive.hang_up_on.add(steps[cut])
    with pytest.raises(DatabaseRoomError, match=r"cannot be reached|broke off"):
        retired(world, archive)
    assert len(partitions(world, suffix)) == (2 if cut < 4 else 1)
    contents = dict(archive.blobs)
    assert len(retired(world, archive)) == (2 if cut < 4 else 1)
    assert contents.items() <= archive.blobs.items(), "nothing that was there has changed"
    assert sorted(archive.blobs) == sorted(names)
    assert (partitions(world, suffix), verdicts(world)) == ([], [])


def test_stopped_between_the_check_and_the_drop(
    world: World, archive: BlobServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    suffix = age(world)
    with monkeypatch.context() as patch:
        patch.setattr(retention, "_drop", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            retired(world, archive)
    assert len(partitions(world, suffix)) == 2
    assert len(retired(world, archive)) == 2
    assert partitions(world, suffix) == []


def lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


ALTERATIONS = {
    "a row less": lambda rows: b"".join(lines(rows)[1:]),
    "a row twice": lambda rows: rows + lines(rows)[-1],
    "another order": lambda rows: b"".join(reversed(lines(rows))),
    "another content": lambda rows: rows.replace(b"DELETE", b"UPDATE"),
    "cut off": lambda rows: rows[:-10],
    "nothing": lambda _: b"",
    "no export at all": lambda _: b"<html>",
}


@pytest.mark.parametrize("alter", ALTERATIONS.values(), ids=ALTERATIONS.keys())
@pytest.mark.parametrize("when", ["was there before", "is served"])
def test_altered_blob_is_found_and_nothing_is_dropped(world: World, archive: BlobServer, alter: Any, when: str) -> None:
    """An altered blob is found and nothing is dropped."""
    suffix = age(world)
    with world.login(MAINTAINER) as maintainer:
        (month, *_) = retention.due(maintainer)
        folder = Path(str(world.server.folder))
        export = retention.export_month(maintainer, folder, month)
    good = export.rows_file.read_bytes()
    name = export.rows_file.name
    if when == "is served":
        archive.serve[name] = alter(good)
    else:
        archive.blobs[name] = alter(good)
    with pytest.raises(DatabaseRoomError, match=r"not what was sealed|no export of a month"):
        retired(world, archive)
    assert len(partitions(world, suffix)) == 2


def test_other_rows_under_seals_of_own_are_found(world: World, archive: BlobServer) -> None:
    """Somebody put a month into the container that is consistent in itself. It is not the database's."""
    suffix = age(world)
    rows, seals = files(suffix)[:2]
    archive.blobs[rows], archive.blobs[seals] = b"", b"[]\n"
    with pytest.raises(DatabaseRoomError, match="other seals than the database"):
        retired(world, archive)
    assert len(partitions(world, suffix)) == 2


def test_database_that_was_tampered_with_is_not_retired(world: World, archive: BlobServer) -> None:
    """A database that was tampered with is not retired."""
    suffix = age(world)
    tamper(world, f"DELETE FROM audit.hipaa_audit_logs_{suffix} WHERE audit_id = "
                  f"(SELECT min(audit_id) FROM audit.hipaa_audit_logs_{suffix})")  # fmt: skip
    with pytest.raises(DatabaseRoomError, match="not what was sealed"):
        retired(world, archive)
    assert len(partitions(world, suffix)) == 2


@pytest.mark.parametrize(
    "url", ["", "http://account.blob.core.windows.net/x-y-z", "https://account.blob.core.windows.net", "https://a/b/c"]
)
def test_a_url_that_is_no_container_is_refused(url: str) -> None:
    with pytest.raises(DatabaseRoomError, match="expected https://<account>"):
        Container(url)


def test_what_too_large_for_one_upload_is_said(
    archive: BlobServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too large for one upload is said."""
    monkeypatch.setattr(blobs, "LARGEST", 3)
    (tmp_path / "file").write_bytes(b"four")
    with pytest.raises(DatabaseRoomError, match="4 bytes, one upload may have 3"):
        container(archive).add("file", tmp_path / "file")
    assert archive.requests == []


def test_the_command(world: World, archive: BlobServer, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the job runs it: address and container from the environment, an identity's token for the container."""
    scopes: list[str] = []

    def token(scope: str) -> str:
        scopes.append(scope)
        return TOKEN

    monkeypatch.setattr(blobs, "entra_token", token)
    suffix = age(world)
    dsn = world.server.dsn(MAINTAINER, world.dbname)
    archive.refuse["PUT", files(suffix)[2]] = (403, "AuthorizationFailure")
    code, out, err = run("retire", "--dsn", dsn, "--to", archive.url)
    assert (code, out) == (2, f"retired hipaa_audit_logs_{suffix}\n")
    assert "AuthorizationFailure" in err
    archive.refuse.clear()
    monkeypatch.setenv("MEDSPASYNC_ARCHIVE", archive.url)
    assert run("retire", "--dsn", dsn)[:2] == (0, f"retired security_logs_{suffix}\n1 months retired\n")
    assert run("retire", "--dsn", dsn)[:2] == (0, "0 months retired\n")
    assert set(scopes) == {"https://storage.azure.com/.default"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "either --to URL, or --from DIR and --location URL"),
        (("--from", "x"), "go together"),
        (("--location", "https://x"), "go together"),
        (("--to", "x"), "expected https"),
    ],
)
def test_wrong_use_of_the_command(world: World, run: Any, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = run("retire", "--dsn", world.server.dsn(MAINTAINER, world.dbname), *arguments)
    assert code == 2
    assert said in err
