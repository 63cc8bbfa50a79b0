"""Retention: nothing goes before six years, nothing goes unexported, and the chain outlives what went."""

# ruff: noqa: E501 (SQL statements stay on one line)

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from database import maintain, retention
from database.errors import DatabaseRoomError
from tests.database.trail import age, due, tamper, verdicts
from tests.database.world import MAINTAINER, World


def test_export_then_retire_and_the_chain_still_verifies(world: World, tmp_path: Path) -> None:
    suffix = age(world)
    with world.login(MAINTAINER) as maintainer:
        written = retention.export(maintainer, tmp_path)
        assert [(entry["file"], entry["rows"]) for entry in written] == [
            (f"hipaa_audit_logs_{suffix}.tsv", 3), (f"security_logs_{suffix}.tsv", 3)]  # fmt: skip
        retired = retention.retire(maintainer, tmp_path, "https://archive.example/worm/")
        assert retired == [f"hipaa_audit_logs_{suffix}", f"security_logs_{suffix}"]
        assert retention.retire(maintainer, tmp_path, "https://archive.example/worm") == []
    assert verdicts(world) == []
    with world.login("medspasync_auditor") as auditor:
        rows = auditor.execute(
            "SELECT log, row_count, export_location, export_sha256 FROM audit.retired_periods ORDER BY log"
        ).fetchall()
        assert auditor.execute("SELECT to_regclass(%s)", (f"audit.hipaa_audit_logs_{suffix}",)).fetchone() == (None,)
    assert rows == [("hipaa_audit_logs", 3, f"https://archive.example/worm/hipaa_audit_logs_{suffix}.tsv", written[0]["sha256"]),
                    ("security_logs", 3, f"https://archive.example/worm/security_logs_{suffix}.tsv", written[1]["sha256"])]  # fmt: skip
    # The record of the retirement is part of what is verified from now on.
    tamper(world, "UPDATE audit.retired_periods SET row_count = 2 WHERE log = 'security_logs'")
    assert verdicts(world) == [("security_logs", "retired with another number of rows")]


def test_five_years_are_not_six(world: World, tmp_path: Path) -> None:
    suffix = age(world, years=5)
    assert due(world) == []
    with world.login(MAINTAINER) as maintainer:
        assert retention.export(maintainer, tmp_path) == []
        with pytest.raises(psycopg.errors.RaiseException, match="not past its retention"):
            maintainer.execute("SELECT audit.retire_period('hipaa_audit_logs', to_date(%s, 'YYYY_MM'), NULL, 'x', %s)",
                               (suffix, "0" * 64))  # fmt: skip


def test_shorter_setting_is_refused_and_longer_one_counts(world: World) -> None:
    """A shorter setting is refused and a longer one counts."""
    age(world)
    assert len(due(world)) == 2
    with world.login("medspasync_migrator") as owner:
        owner.execute("UPDATE security.settings SET value = '8 years' WHERE name = 'audit_retention'")
        assert due(world) == []
        owner.execute("UPDATE security.settings SET value = '1 day' WHERE name = 'audit_retention'")
    with pytest.raises(psycopg.errors.RaiseException, match="at least 6 years"):
        due(world)


def test_an_altered_export_is_refused(world: World, tmp_path: Path) -> None:
    suffix = age(world)
    with world.login(MAINTAINER) as maintainer:
        retention.export(maintainer, tmp_path)
        path = tmp_path / f"hipaa_audit_logs_{suffix}.tsv"
        path.write_text(path.read_text().replace("DELETE", "UPDATE", 1))
        with pytest.raises(DatabaseRoomError, match="not what was sealed"):
            retention.retire(maintainer, tmp_path, "https://archive.example")
    assert len(due(world)) == 2


def test_export_of_something_else_is_refused_by_server(world: World, tmp_path: Path) -> None:
    """An export of something else is refused by the server."""
    suffix = age(world)
    with world.login(MAINTAINER) as maintainer:
        retention.export(maintainer, tmp_path)
        for kind in (".tsv", ".seals.json"):
            (tmp_path / f"hipaa_audit_logs_{suffix}{kind}").write_bytes(
                (tmp_path / f"security_logs_{suffix}{kind}").read_bytes()
            )
        with pytest.raises(DatabaseRoomError, match="does not end with its last seal"):
            retention.retire(maintainer, tmp_path, "https://archive.example")


def test_missing_export_and_unwritable_folder_are_clear_errors(world: World, tmp_path: Path) -> None:
    """A missing export and an unwritable folder are clear errors."""
    age(world)
    with world.login(MAINTAINER) as maintainer:
        with pytest.raises(DatabaseRoomError, match=r"hipaa_audit_logs_\d{4}_\d\d.tsv"):
            retention.retire(maintainer, tmp_path, "https://archive.example")
        with pytest.raises(DatabaseRoomError, match="No such file"):
            retention.export(maintainer, tmp_path / "absent")


def test_a_tampered_month_cannot_be_retired(world: World, tmp_path: Path) -> None:
    suffix = age(world)
    with world.login(MAINTAINER) as maintainer:
        retention.export(maintainer, tmp_path)
        tamper(world, f"UPDATE audit.hipaa_audit_logs_{suffix} SET action = 'UPDATE'")
        with pytest.raises(DatabaseRoomError, match="cannot be retired"):
            retention.retire(maintainer, tmp_path, "https://archive.example")


def test_rows_without_a_seal_keep_their_month(world: World, tmp_path: Path) -> None:
    suffix = age(world)
    with world.login(MAINTAINER) as maintainer:
        retention.export(maintainer, tmp_path)
        with world.login("platform") as platform:
            platform.execute(f"INSERT INTO audit.hipaa_audit_logs (recorded_at, action) SELECT min(recorded_at), 'DELETE' "
                             f"FROM audit.hipaa_audit_logs_{suffix}")  # fmt: skip
        with pytest.raises(DatabaseRoomError, match="1 rows that are not sealed"):
            retention.retire(maintainer, tmp_path, "https://archive.example")


def test_an_empty_month_goes_without_a_record(world: World, tmp_path: Path) -> None:
    with world.login("platform") as platform:
        platform.execute("CREATE TABLE audit.security_logs_2001_01 PARTITION OF audit.security_logs "
                         "FOR VALUES FROM ('2001-01-01+00') TO ('2001-02-01+00')")  # fmt: skip
        platform.execute("ALTER TABLE audit.security_logs_2001_01 OWNER TO medspasync_owner")
    with world.login(MAINTAINER) as maintainer:
        retention.export(maintainer, tmp_path)
        assert retention.read_export(tmp_path / "security_logs_2001_01.tsv")[1] is None
        assert retention.retire(maintainer, tmp_path, "https://archive.example") == ["security_logs_2001_01"]
    assert verdicts(world) == []


def test_one_round_of_maintenance(world: World) -> None:
    age(world)
    with world.login("platform") as platform:
        platform.execute(
            "DO $$ BEGIN EXECUTE 'DROP TABLE audit.security_logs' || to_char(now() + interval '11 months', '_YYYY_MM'); END $$"
        )
    with world.login(MAINTAINER) as maintainer:
        report = maintain.maintain(maintainer)
        assert len(report["partitions"]) == 1
        assert [head["log"] for head in report["heads"]] == ["hipaa_audit_logs", "security_logs"]
        assert (report["broken"], report["epoch_begun"]) == ([], False)
        assert len(report["past_retention"]) == 2
        again = maintain.maintain(maintainer)
        assert (again["partitions"], again["seals"]) == ([], [])
    with (
        world.login("medspasync_backend") as app,
        pytest.raises(DatabaseRoomError, match="maintain: permission denied"),
    ):
        maintain.maintain(app)
