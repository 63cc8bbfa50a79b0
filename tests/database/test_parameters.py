"""The parameter file: complete, consistent with the SQL, and accepted by real servers."""

from __future__ import annotations

import re

import psycopg

from database.files import ROOT, read_files, role_catalogue
from database.parameters import compare, read_parameters
from documents.yaml_text import load_yaml
from tests.database.servers import PLATFORM_ONLY, Server

BY_NAME = {parameter.name: parameter for parameter in read_parameters()}


def test_entries_are_complete_and_strings() -> None:
    entries = load_yaml((ROOT / "parameters.yaml").read_text())
    assert len(BY_NAME) == len(entries) > 25
    for entry in entries:
        assert set(entry) - {"tier", "vcores"} == {
            "name",
            "value",
            "static",
            "platform_default",
            "source",
            "reason",
            "controls",
        }
        assert isinstance(entry["value"], str)
        assert isinstance(entry["platform_default"], str)
        assert isinstance(entry["static"], bool)
        assert entry["source"]
        assert entry["reason"]
        assert entry.get("tier", "non-burstable") == "non-burstable"
        assert all(re.fullmatch(r"164\.3\d\d\([a-e]\)\S*", control) for control in entry["controls"]), entry["name"]


def test_azure_policies_are_met() -> None:
    """The exact tests of Azure's built-in policies for flexible servers."""
    assert BY_NAME["require_secure_transport"].value.lower() == "on"
    assert BY_NAME["ssl_min_protocol_version"].value in ("TLSv1.2", "TLSv1.3")
    for name in ("log_connections", "log_disconnections", "log_checkpoints"):
        assert BY_NAME[name].value.lower() == "on"
    assert {"role", "ddl", "misc"} <= set(BY_NAME["pgaudit.log"].value.split(","))
    assert "pgaudit" in BY_NAME["shared_preload_libraries"].value.split(",")
    assert int(BY_NAME["logfiles.retention_days"].value) >= 7


def test_what_azure_accepts() -> None:
    assert not re.search(r"-", BY_NAME["pgaudit.log"].value)  # no minus shortcut
    assert set(BY_NAME["pgaudit.log"].value.split(",")) <= {
        "read",
        "write",
        "function",
        "role",
        "ddl",
        "misc",
        "all",
        "none",
    }
    assert re.fullmatch(r"[A-Za-z._]*", BY_NAME["pgaudit.role"].value)  # no digit, no hyphen
    kept = set(BY_NAME["shared_preload_libraries"].platform_default.split(","))
    assert kept <= set(BY_NAME["shared_preload_libraries"].value.split(","))
    assert {p.name for p in read_parameters() if p.static} == {"shared_preload_libraries"}
    non_burstable = {p.name for p in read_parameters() if p.tier}
    assert {p.name for p in read_parameters() if p.name.startswith("pgbouncer.")} < non_burstable
    assert {"metrics.pgbouncer_diagnostics", "pg_qs.query_capture_mode", "index_tuning.mode"} <= non_burstable
    assert {p.name: p.vcores for p in read_parameters() if p.vcores} == {"index_tuning.mode": 4}


# Microsoft Learn, server parameters of PostgreSQL 17 (2026-05): what each may be set to.
ALLOWED = {
    "pg_qs.query_capture_mode": {"top", "all", "none"},
    "pg_qs.parameters_capture_mode": {"capture_parameterless_only", "capture_first_sample"},
    "pg_qs.track_utility": {"on", "off"},
    "pg_qs.store_query_plans": {"on", "off"},
    "pg_qs.emit_query_text": {"on", "off"},
    "pg_qs.retention_period_in_days": {str(days) for days in range(1, 31)},
    "pgms_wait_sampling.query_capture_mode": {"all", "none"},
    "index_tuning.mode": {"off", "report"},
    "metrics.collector_database_activity": {"on", "off"},
    "metrics.autovacuum_diagnostics": {"on", "off"},
    "metrics.pgbouncer_diagnostics": {"on", "off"},
    "pg_stat_statements.track": {"top", "all", "none"},
    "pg_stat_statements.track_utility": {"on", "off"},
    "track_io_timing": {"on", "off"},
}


def test_statements_are_watched_with_values_that_azure_takes() -> None:
    watched = {p.name for p in read_parameters() if p.name.split(".")[0] in {"pg_qs", "pgms_wait_sampling"}}
    assert watched <= set(ALLOWED)
    for name, allowed in ALLOWED.items():
        assert BY_NAME[name].value in allowed, name
        assert BY_NAME[name].platform_default in allowed, name
    on = ("pg_qs.query_capture_mode", "pgms_wait_sampling.query_capture_mode", "pg_stat_statements.track")
    assert all(BY_NAME[name].value != "none" for name in on)
    # Index tuning reads query store, and parameters are set one after another in this order.
    order = list(BY_NAME)
    assert BY_NAME["index_tuning.mode"].value == "report"
    assert order.index("pg_qs.query_capture_mode") < order.index("index_tuning.mode")


def test_what_is_kept_of_statement_holds_no_phi() -> None:
    """Every role reads query store: no bound value, plan or utility command may get there, nor a text into the log."""
    assert BY_NAME["pg_qs.parameters_capture_mode"].value == "capture_parameterless_only"
    for name in ("pg_qs.store_query_plans", "pg_qs.track_utility", "pg_qs.emit_query_text"):
        assert BY_NAME[name].value == "off", name
    assert BY_NAME["pg_qs.query_capture_mode"].value == "top"  # not what the functions of encryption run
    assert BY_NAME["pg_stat_statements.track_utility"].value == "off"
    assert "auto_explain" not in BY_NAME["shared_preload_libraries"].value
    assert int(BY_NAME["pg_qs.retention_period_in_days"].value) <= 7


def test_a_password_never_gets_into_the_statistics(server: Server) -> None:
    """What track_utility is off for, seen on a real server; an ordinary statement is there, without its literal."""
    with server.connect("platform", "postgres") as platform:
        platform.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        platform.execute("CREATE ROLE statistics_probe PASSWORD 'Tr0ub4dor'")
        platform.execute("SELECT length('a diagnosis') AS probed")
        texts = " ".join(text for (text,) in platform.execute("SELECT query FROM pg_stat_statements").fetchall())
        platform.execute("DROP ROLE statistics_probe")
    assert "length($1) AS probed" in texts
    assert "diagnosis" not in texts
    assert "statistics_probe" not in texts


def test_the_file_and_the_sql_agree() -> None:
    """One owner for each fact: what validation wants of the server is what the file sets."""
    sql = "\n".join(file.text for file in read_files("apply"))
    for name, wanted in re.findall(r"\('((?:pgaudit\.|log_)[a-z_]+)', '([a-z0-9_]+)'", sql):
        assert BY_NAME[name].value == wanted, name
    marker = [role["name"] for role in role_catalogue() if role["kind"] == "audit_marker"]
    assert marker == [BY_NAME["pgaudit.role"].value]
    extensions = set(re.findall(r"CREATE EXTENSION IF NOT EXISTS (\w+)", read_files("bootstrap")[0].text))
    assert extensions <= set(BY_NAME["azure.extensions"].value.split(","))


def test_a_real_server_takes_them_and_shows_them(server: Server) -> None:
    with psycopg.connect(server.dsn("platform", "postgres")) as platform:
        found = {c.name: c for c in compare(platform)}
    for name, comparison in found.items():
        if PLATFORM_ONLY.match(name) or (name.startswith("pgaudit.") and not server.binaries.pgaudit):
            assert comparison.status == "unchecked", name
        elif name == "shared_preload_libraries" and not server.binaries.pgaudit:
            assert comparison.status == "fail"
        else:
            assert comparison.status == "pass", comparison
