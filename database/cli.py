"""``python -m database``: what the database job's image runs, and what a person runs by hand."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from rich.table import Table

from database import catalogue, credentials, maintain, principals, retention, runner, verify
from database.blobs import Container
from database.connection import connect, database_name
from database.errors import DatabaseRoomError, explain
from database.keys_command import context_key, rotate_key
from database.options import Dsn, Entra, Json
from database.reports import write_report
from database.restored import restored
from database.trail_parts import Checkpoint

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Applies and verifies the database room. Exit codes: 0 holds, 1 findings, 2 wrong use.",
)

_out = Console()
_err = Console(stderr=True)


@app.command(name="credentials")
def bring_credentials(
    dsn: Dsn,
    vault: Annotated[str, typer.Option(envvar="MEDSPASYNC_VAULT", help="https://<vault> that holds the secrets")],
    manifest: Annotated[str, typer.Option(envvar="MEDSPASYNC_CREDENTIALS", help="which secrets, as JSON")],
    entra: Entra = False,
) -> None:
    """Bring the applications' context keys and passwords from the vault: as medspasync_credentials."""
    wanted, source = credentials.read_manifest(manifest), credentials.Vault(vault)
    with connect(dsn, entra=entra) as connection:
        report = {
            "contextKeys": credentials.set_context_keys(connection, wanted.context_keys, source.secret),
            "passwords": credentials.set_passwords(connection, wanted.passwords, source.secret),
        }
    typer.echo(json.dumps(report, indent=2))


app.command()(restored)
app.command()(context_key)
app.command()(rotate_key)


def run() -> None:
    """The program: errors are one line and exit code 2."""
    try:
        app()
    except DatabaseRoomError as wrong:
        _err.print(f"error: {wrong}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
    except psycopg.Error as refused:
        _err.print(f"error: {explain(refused, 'the server refused')}", style="red", markup=False, soft_wrap=True)
        sys.exit(2)


def _lines(steps: list[runner.Step]) -> list[str]:
    return [f"{step.action:>5}  {step.file.phase}/{step.file.name}" for step in steps]


@app.command()
def plan(dsn: Dsn, entra: Entra = False, json_file: Json = None) -> None:
    """Show what apply would run."""
    with connect(dsn, entra=entra) as connection:
        steps = runner.plan(connection)
    write_report(_steps(steps), json_file, *_lines(steps))


@app.command()
def bootstrap(
    dsn: Dsn,
    entra: Entra = False,
    principals_file: Annotated[
        Path | None, typer.Option("--principals", help="role to Entra object id and type")
    ] = None,
    without_pgaudit: Annotated[
        bool, typer.Option("--without-pgaudit", help="record that reads are not logged")
    ] = False,
) -> None:
    """The database, roles, extensions, schemas: as an administrator, once and when roles change. An alert."""
    entries: dict[str, dict[str, str]] = {}
    name = database_name(dsn)
    with connect(dsn, entra=entra, dbname="postgres") as server:
        if runner.make_database(server, name):
            _out.print(f"database {name}", markup=False)
    if principals_file:
        entries = principals.read_principals(principals_file)
        for line in principals.create_principals(dsn, entra, entries):
            _out.print(line, markup=False)
    passwords = principals.password_roles(entries)
    with connect(dsn, entra=entra) as connection:
        for line in _lines(runner.bootstrap(connection, pgaudit=not without_pgaudit, passwords=passwords)):
            _out.print(line, markup=False)


@app.command()
def apply(dsn: Dsn, entra: Entra = False) -> None:
    """Run the pending files: as medspasync_migrator."""
    with connect(dsn, entra=entra) as connection:
        for line in _lines(runner.apply(connection)):
            _out.print(line, markup=False)


@app.command()
def status(dsn: Dsn, entra: Entra = False, json_file: Json = None) -> None:
    """What is applied and what is pending; exit 1 when something is."""
    with connect(dsn, entra=entra) as connection:
        steps = runner.plan(connection)
    pending = [step for step in steps if step.action == "run"]
    write_report(_steps(steps), json_file, f"{sum(s.action == 'done' for s in steps)} applied, {len(pending)} pending")
    if pending:
        raise typer.Exit(1)


def _steps(steps: list[runner.Step]) -> dict[str, Any]:
    return {
        "files": [
            {"phase": s.file.phase, "file": s.file.name, "checksum": s.file.checksum, "action": s.action} for s in steps
        ]
    }


@app.command(name="verify")
def verify_command(
    dsn: Dsn,
    entra: Entra = False,
    json_file: Json = None,
    anchors: Annotated[Path | None, typer.Option(help="reports with chain heads, kept outside the database")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="file of months already recomputed: an interrupted run goes on there")
    ] = None,
) -> None:
    """Everything about a live database: what is in it against what this program ships, its checks, the whole trail
    recomputed, parameters, files: as auditor or maintainer."""
    heads = verify.read_anchors(anchors) if anchors else None
    with connect(dsn, entra=entra) as connection:
        evidence = verify.collect(connection, heads, Checkpoint.read(checkpoint))
    if json_file != "-":
        table = Table("check", "status", "controls", "what was seen")
        for finding in evidence["findings"]:
            table.add_row(finding["name"], finding["status"], ", ".join(finding["controls"]), finding["message"])
        _out.print(table)
    totals = ", ".join(f"{count} {status}" for status, count in sorted(evidence["totals"].items()))
    write_report(evidence, json_file, f"PostgreSQL {evidence['server']['version']}: {totals}")
    if "fail" in evidence["totals"]:
        raise typer.Exit(1)


@app.command(name="catalogue")
def catalogue_command(
    dsn: Dsn,
    entra: Entra = False,
    write: Annotated[Path | None, typer.Option(help="folder for <major>.json; without it, compare")] = None,
) -> None:
    """For developers: the catalogue's digest of a scratch server, written after a change of the SQL, or compared."""
    with connect(dsn, entra=entra) as connection, connection.transaction():
        definitions = catalogue.read(connection)
        major = connection.info.server_version // 10000
    if write:
        _out.print(f"{catalogue.write(definitions, major, write)}: {len(definitions)} objects", markup=False)
        return
    lines = catalogue.compare(definitions, catalogue.shipped(major) or {})
    for line in lines:
        _out.print(line, markup=False, highlight=False, soft_wrap=True)
    if lines:
        raise typer.Exit(1)


@app.command(name="maintain")
def maintain_command(
    dsn: Dsn,
    entra: Entra = False,
    json_file: Json = None,
    export_to: Annotated[Path | None, typer.Option(help="export months past retention to this folder")] = None,
) -> None:
    """Partitions, privilege drift, sealing: as medspasync_maintainer, every few minutes."""
    with connect(dsn, entra=entra) as connection:
        report = maintain.maintain(connection)
        if export_to:
            report["exported"] = retention.export(connection, export_to)
    write_report(
        report,
        json_file,
        f"{len(report['seals'])} seals, {len(report['partitions'])} new partitions, {report['privilege_changes']} "
        f"privilege changes, {len(report['past_retention'])} months past retention",
        *(f"broken: {b['log']}: {b['problem']}" for b in report["broken"]),
        *(f"open, and so without a seal: {o['role']}, pid {o['pid']}" for o in report["open_transactions"]),
    )
    if report["broken"]:
        raise typer.Exit(1)


@app.command(name="retire")
def retire_command(
    dsn: Dsn,
    archive: Annotated[
        str | None, typer.Option("--to", envvar="MEDSPASYNC_ARCHIVE", help="URL of a container that nobody can alter")
    ] = None,
    folder: Annotated[Path | None, typer.Option("--from", help="folder with the exports, as they are kept")] = None,
    location: Annotated[str | None, typer.Option(help="where the folder is kept, for the record")] = None,
    entra: Entra = False,
) -> None:
    """Drop months past retention, as medspasync_maintainer: into a container (--to), or from a folder they lie in."""
    if (folder is None) != (location is None):
        raise DatabaseRoomError("--from and --location go together")
    if folder is None and archive is None:
        raise DatabaseRoomError("either --to URL, or --from DIR and --location URL")
    with connect(dsn, entra=entra) as connection:
        retired = (
            retention.retire(connection, folder, location)
            if folder is not None and location is not None
            else retention.retire_to(connection, Container(archive or ""))
        )
        names = []
        for name in retired:
            _out.print(f"retired {name}", markup=False)
            names.append(name)
    _out.print(f"{len(names)} months retired", markup=False, highlight=False)


@app.command()
def check_export(path: Path) -> None:
    """Check one exported month against its seals; needs no database."""
    digest, closing = retention.read_export(path)
    _out.print(f"intact: sha256 {digest}, last seal {closing or 'none'}", markup=False)
