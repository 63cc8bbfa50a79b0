"""Verification of a live database, and the evidence of it.

What it reports was observed on the server named in it, at the time named in it.
"""

import datetime as dt
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import dict_row

from database import catalogue, chain, expectations
from database.errors import DatabaseRoomError, explain
from database.files import read_files, role_catalogue
from database.findings import Finding, finding, judged
from database.matrix import access_matrix, function_matrix
from database.parameters import Comparison, compare, read_parameters
from database.trail_parts import Checkpoint

# Major versions that the test suite has run on, with what it cannot show there (docs/database.md).
PROVEN_VERSIONS = (15, 17)
_TAMPERING = "treat as tampering: docs/runbooks/audit-trail.md"


def collect(
    connection: Connection[tuple],
    anchors: list[dict[str, Any]] | None = None,
    checkpoint: Checkpoint | None = None,
) -> dict[str, Any]:
    """Everything ``verify --json`` writes: the findings in the form every room reports them, and what they rest on.

    The database's own checks count because the catalogue shows that they are the ones that came with this program; the
    trail is recomputed here.

    :param connection: of the auditor or the maintainer.
    :param anchors: chain heads reported earlier and kept outside the database; each must still be in the chain.
    :param checkpoint: months that an earlier, interrupted run has done.
    :raises DatabaseRoomError: the room is not applied here, or this role may not look.
    """
    try:
        with connection.transaction():
            # One snapshot for all of it: checks and matrix are of the same moment.
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            findings, evidence = observe(connection)
        trail = _trail(connection, findings, checkpoint)
    except (
        psycopg.errors.UndefinedTable,
        psycopg.errors.InvalidSchemaName,
        psycopg.errors.UndefinedFunction,
    ) as absent:
        raise DatabaseRoomError("the database room is not applied here: run bootstrap and apply") from absent
    except psycopg.Error as refused:
        raise explain(refused, "verify") from refused
    if anchors is not None:
        broken = [a for a in anchors if trail.seals.get((a["log"], a["seq"])) != a["hash"]]
        findings.append(_anchor_finding(anchors, broken))
    return {
        "basis": "observed on the server below",
        "observed_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "findings": findings,
        "totals": dict(Counter(one["status"] for one in findings)),
        "chain": trail.report(),
        "heads": trail.heads,
        **evidence,
        # What this runner ships: also what runs at every apply, of which the database keeps no history.
        "shipped": [
            {"phase": file.phase, "file": file.name, "checksum": file.checksum}
            for phase in ("bootstrap", "apply", "repeat")
            for file in read_files(phase)
        ],
    }


def _trail(connection: Connection[tuple], findings: list[Finding], checkpoint: Checkpoint | None) -> chain.Verification:
    """The trail recomputed, and the finding about it."""
    try:
        trail = chain.verify(connection, checkpoint)
    except psycopg.OperationalError:
        raise
    except (psycopg.Error, chain.NoTrailError) as stopped:
        findings.append(_stopped_finding("trail", "164.312(c)(2)", stopped))
        return chain.Verification([], [], {})
    findings.append(_trail_finding(trail))
    return trail


def observe(connection: Connection[tuple]) -> tuple[list[Finding], dict[str, Any]]:
    """Findings on everything but the trail, and the evidence of them, in a transaction of the caller's."""
    definitions = catalogue.read(connection)
    major = connection.info.server_version // 10000
    of_catalogue = _catalogue_finding(definitions, major)
    try:
        with connection.transaction():
            findings, evidence = _ask(connection)
    except psycopg.Error as stopped:
        applied = any(name.startswith(("relation audit.", "function audit.")) for name in definitions)
        missing_right = isinstance(stopped, psycopg.errors.InsufficientPrivilege)
        if (
            not applied
            or isinstance(stopped, psycopg.OperationalError)
            or (missing_right and not _may_look(connection))
        ):
            raise
        # What stops a check is no way to pass it.
        findings, evidence = [_stopped_finding("checks", "164.308(a)(8)", stopped)], {}
    evidence = {"server": _server(connection), **evidence, "catalogue": catalogue.digest(definitions)}
    findings += [of_catalogue, _version_finding(evidence["server"])]
    return findings, evidence


def _may_look(connection: Connection[tuple]) -> bool:
    """Whether the role is one that verify is for: what it lacks then, somebody took from it."""
    kinds = {role["name"]: role["kind"] for role in role_catalogue()}
    return kinds.get(connection.info.user) in ("auditor", "maintainer")


def _stopped_finding(rule: str, control: str, stopped: Exception) -> Finding:
    said = stopped.diag.message_primary if isinstance(stopped, psycopg.Error) else str(stopped)
    return finding(rule, "fail", [control], f"could not be run to its end: {said}", _TAMPERING)


def _server(connection: Connection[tuple]) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        server = cursor.execute(
            "SELECT current_setting('server_version') AS version, current_database() AS database, "
            "session_user AS role, (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS tls"
        ).fetchone()
    assert server is not None  # a SELECT without FROM has one row
    server["proven"] = connection.info.server_version // 10000 in PROVEN_VERSIONS
    return server


def _ask(connection: Connection[tuple]) -> tuple[list[Finding], dict[str, Any]]:
    """What takes an answer of the database's own, and the tables that the answers go by."""
    results = expectations.judge(connection)
    with connection.cursor(row_factory=dict_row) as cursor:
        checks = cursor.execute("SELECT * FROM security.validate_hipaa_compliance()").fetchall()
        history = cursor.execute(
            "SELECT phase, file, checksum, applied_at, applied_by FROM security.schema_history ORDER BY phase, file"
        ).fetchall()
        exemptions = cursor.execute(
            "SELECT relation::text AS object, reason, expires_on::text FROM security.lint_exemptions UNION ALL "
            "SELECT signature, reason, expires_on::text FROM security.function_exemptions ORDER BY 1"
        ).fetchall()
    parameters = compare(connection)
    findings = [finding(c["check_id"], c["status"], [c["control"]], c["detail"]) for c in checks]
    findings += results
    findings += _parameter_findings(parameters)
    findings.append(_file_finding(history))
    return findings, {
        "access": [asdict(access) for access in access_matrix(connection)],
        "functions": [asdict(one) for one in function_matrix(connection)],
        "exemptions": exemptions,
        "parameters": [asdict(parameter) for parameter in parameters],
        "files": [{**row, "applied_at": row["applied_at"].isoformat()} for row in history],
    }


def _catalogue_finding(definitions: catalogue.Definitions, major: int) -> Finding:
    expected = catalogue.shipped(major)
    controls = ["164.312(c)(1)"]
    if expected is None:
        message = f"no digest of the catalogue ships for PostgreSQL {major}: nothing was compared"
        return finding("catalogue", "fail", controls, message, "python -m database catalogue, on a scratch server")
    lines = catalogue.compare(catalogue.without_added_columns(definitions, expected), expected)
    if lines:
        message = f"{len(lines)} of {len(expected)} objects are not as shipped: {'; '.join(lines[:10])}"
        return finding("catalogue", "fail", controls, message, _TAMPERING)
    return finding("catalogue", "pass", controls, f"{len(expected)} objects are as shipped with this program")


def _trail_finding(trail: chain.Verification) -> Finding:
    rows = sum(month.row_count for month in trail.months)
    holds = f"{rows} rows of {len(trail.months)} months are what was sealed"
    return judged("trail", ["164.312(c)(2)"], trail.lines(), holds, "docs/runbooks/audit-trail.md", most=5)


def read_anchors(path: Path) -> list[dict[str, Any]]:
    """Heads from reports of ``maintain --json`` or ``verify --json``: a file with one JSON document a line.

    :raises DatabaseRoomError: unreadable, or no head in it, which would verify nothing.
    """
    heads: list[dict[str, Any]] = []
    try:
        text = path.read_text(encoding="utf-8").strip()
        documents = [json.loads(text)] if text.startswith("{\n") else [json.loads(line) for line in text.splitlines()]
        for document in documents:
            heads += [{key: head[key] for key in ("log", "seq", "hash")} for head in document["heads"]]
    except (OSError, ValueError, KeyError, TypeError) as unreadable:
        raise DatabaseRoomError(f"{path.name}: no report with chain heads ({unreadable})") from unreadable
    if not heads:
        raise DatabaseRoomError(f"{path.name}: no chain head in it")
    return heads


def _parameter_findings(comparisons: list[Comparison]) -> list[Finding]:
    findings = []
    for parameter, found in zip(read_parameters(), comparisons, strict=True):
        message = f"{found.name} = {found.found}, wanted {found.wanted}: {parameter.reason}"
        if found.status == "unchecked":
            message = f"{found.name} cannot be seen from this session"
        how = "set it on the server (database/parameters.yaml)" + (", then restart" if parameter.static else "")
        findings.append(finding(f"parameter {found.name}", found.status, parameter.controls, message, how))
    return findings


def _file_finding(history: list[dict[str, Any]]) -> Finding:
    applied = {(row["phase"], row["file"]): row["checksum"] for row in history}
    shipped = [file for phase in ("bootstrap", "apply") for file in read_files(phase)]
    problems = [
        f"{file.phase}/{file.name} " + ("differs" if (file.phase, file.name) in applied else "is pending")
        for file in shipped
        if applied.get((file.phase, file.name)) != file.checksum
    ]
    problems += [f"{p}/{f} is unknown here" for p, f in applied if (p, f) not in {(s.phase, s.name) for s in shipped}]
    holds = f"{len(shipped)} files applied as shipped"
    return judged("files", ["164.312(c)(1)"], problems, holds, "run bootstrap, apply", most=len(problems))


def _version_finding(server: dict[str, Any]) -> Finding:
    proven = ", ".join(str(version) for version in PROVEN_VERSIONS)
    message = f"PostgreSQL {server['version']}; the suite has run on {proven}"
    return finding("server-version", "pass" if server["proven"] else "warn", ["164.308(a)(8)"], message)


def _anchor_finding(anchors: list[dict[str, Any]], broken: list[dict[str, Any]]) -> Finding:
    controls = ["164.312(c)(2)"]
    if broken:
        worst = ", ".join(f"{head['log']} {head['seq']}" for head in broken[:5])
        message = f"{len(broken)} of {len(anchors)} heads kept outside are no longer in the chain: {worst}"
        return finding("anchors", "fail", controls, message, "treat as tampering: docs/database.md")
    return finding("anchors", "pass", controls, f"{len(anchors)} heads kept outside are in the chain")
