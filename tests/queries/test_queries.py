"""Every alert query fires on an attack and stays silent on ordinary traffic, run by a real KQL engine on rows.

A query that the local engine cannot run must stand in ``unsupported.yaml`` with the reason, and only such a query may.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb_kql
import pytest

from documents.yaml_text import load_yaml
from facts.log_tables import fed_tables
from stacks.catalogues.database_roles import app_role
from stacks.catalogues.log_tables import log_tables
from tests.harness import ROOT
from tests.queries.engine import APP_ROLES, HERE, cases, cases_of_kind, fires, queries, tables, text_of

UNSUPPORTED: dict[str, str] = load_yaml((HERE / "unsupported.yaml").read_text(encoding="utf-8")) or {}
RUN = [alert_id for alert_id in queries() if alert_id not in UNSUPPORTED]


def _parameters(kind: str) -> list[Any]:
    return [
        pytest.param(alert_id, case, id=f"{alert_id}: {case['name']}")
        for alert_id in RUN
        for case in cases_of_kind(alert_id, kind)
    ]


@pytest.mark.parametrize(("alert_id", "case"), _parameters("fires"))
def test_fires_on_an_attack(alert_id: str, case: dict[str, Any], record_property: Any) -> None:
    record_property("kql", ("attack", "alerts", alert_id))
    assert fires(alert_id, case)


@pytest.mark.parametrize(("alert_id", "case"), _parameters("silent"))
def test_stays_silent_on_ordinary_traffic(alert_id: str, case: dict[str, Any], record_property: Any) -> None:
    record_property("kql", ("ordinary", "alerts", alert_id))
    assert not fires(alert_id, case)


def test_what_is_listed_as_unsupported_cannot_be_run() -> None:
    for alert_id in UNSUPPORTED:
        with pytest.raises(duckdb_kql.KqlUnsupportedError):
            fires(alert_id, {"rows": {}})


@pytest.mark.parametrize("alert_id", queries())
def test_every_query_has_both_kinds_of_case(alert_id: str) -> None:
    """Silent cases have rows, or they would prove nothing; only the alerts on missing data fire on none."""
    found = cases(alert_id)
    assert found["fires"]
    assert found["silent"]
    assert all(case["rows"] for case in found["silent"])
    if not alert_id.endswith("-logs-missing") and alert_id != "audit-seal-missing":
        assert all(case["rows"] for case in found["fires"])


@pytest.mark.parametrize("alert_id", queries())
def test_query_reads_declared_tables_and_sets_no_time(alert_id: str) -> None:
    text = re.sub(r"//.*", "", text_of(alert_id))
    read = {table for table in log_tables() if re.search(rf"(?m)^{table}\b|[(,=]\s*{table}\b", text)}
    assert read == set(queries()[alert_id].tables)
    assert not re.search(r"\b(ago|now)\s*\(", text), "the rule's window limits what the query sees"


NO_CONDITION = {"deployment-endpoint-signin": "any record at all in this table is the attack"}


@pytest.mark.parametrize("alert_id", [alert_id for alert_id in RUN if alert_id not in NO_CONDITION])
def test_a_query_that_loses_its_conditions_is_noticed(alert_id: str) -> None:
    """Without its filters the query fires on ordinary traffic too, or no longer on the attack: the cases can fail."""
    lines = text_of(alert_id).splitlines()
    bare = "\n".join(line for line in lines if not line.startswith(("| where", "    ")))
    assert len(bare.splitlines()) < len(lines)
    assert not all(
        _outcome(alert_id, case, bare) is expected
        for kind, expected in (("fires", True), ("silent", False))
        for case in cases_of_kind(alert_id, kind)
    )


def _outcome(alert_id: str, case: dict[str, Any], query: str) -> bool | None:
    """Whether the query fires; None where it can no longer be run."""
    try:
        return fires(alert_id, case, query=query)
    except duckdb_kql.KqlError:
        return None


def test_cases_and_queries_belong_to_alerts() -> None:
    written = {path.stem for path in (ROOT / "stacks/catalogues/queries").glob("*.kql")}
    assert written == set(queries())
    assert {path.stem for path in (HERE / "cases").glob("*.yaml")} == set(queries())


def test_tables_are_fed_by_kind_that_alert_watches() -> None:
    for alert_id, entry in queries().items():
        for table in entry.tables:
            assert set(fed_tables()[table]) & {entry.kind, *entry.needs}, alert_id
            assert table in tables()


def test_app_roles_of_cases_are_those_of_database() -> None:
    roles = load_yaml(Path(ROOT / "database/roles.yaml").read_text(encoding="utf-8"))
    assert {role["name"] for role in roles if role["kind"] == "app"} == set(APP_ROLES)
    assert {app_role(app) for app in ("backend", "frontend", "marketing", "pro-next")} == set(APP_ROLES)


def test_server_log_rows_begin_as_the_parameter_says() -> None:
    """Rows of the cases are lines that log_line_prefix writes, so that a query finds its fields in production too."""
    parameters = load_yaml((ROOT / "database/parameters.yaml").read_text(encoding="utf-8"))
    (prefix,) = [each["value"] for each in parameters if each["name"] == "log_line_prefix"]
    fields = re.findall(r"(\w+)=%\w", prefix)
    line = re.compile(
        "".join(rf"{field}=[^,]*{',' if field != fields[-1] else ''}" for field in fields[:-1]) + rf"{fields[-1]}=\S* "
    )
    assert fields[0] == "client", "what a client writes itself must stand behind its address"
    for alert_id in queries():
        for kind in ("fires", "silent"):
            for case in cases(alert_id)[kind]:
                for row in case["rows"].get("PGSQLServerLogs", []):
                    if "user=" in row.get("Message", "").partition("LOG:")[0]:
                        assert line.search(row["Message"]), f"{alert_id}: {row['Message']}"
