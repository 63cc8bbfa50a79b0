"""The parameter file: complete, consistent with the SQL, and accepted by real servers."""

from __future__ import annotations

import re

import psycopg
import yaml

from database.files import ROOT, read_files, role_catalogue
from database.parameters import compare, read_parameters
from tests.database.servers import PLATFORM_ONLY, Server

BY_NAME = {parameter.name: parameter for parameter in read_parameters()}


def test_entries_are_complete_and_strings() -> None:
    entries = yaml.safe_load((ROOT / "parameters.yaml").read_text())
    assert len(BY_NAME) == len(entries) > 25
    for entry in entries:
        assert set(entry) - {"tier"} == {"name", "value", "static", "platform_default", "source", "reason", "controls"}
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
    assert {p.name for p in read_parameters() if p.tier} == {
        p.name for p in read_parameters() if p.name.startswith("pgbouncer.")
    }


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
