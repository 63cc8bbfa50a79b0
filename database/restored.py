"""``python -m database restored``: what a database that was loaded from a dump, or restored elsewhere, needs before an
application may use it.

A dump carries no rights on the database, no settings of roles and nobody's passwords; it carries rows of another
server's transactions; and whether it is what was backed up has to be shown.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg.conninfo import make_conninfo

from database import maintain, runner, verify
from database.connection import connect, value_of
from database.errors import DatabaseRoomError
from database.options import Dsn, Entra, Json
from database.reports import write_report


def restored(
    dsn: Dsn,
    anchors: Annotated[Path, typer.Option(help="reports with chain heads, kept outside the database that was lost")],
    entra: Entra = False,
    without_pgaudit: Annotated[
        bool, typer.Option("--without-pgaudit", help="record that reads are not logged")
    ] = False,
    json_file: Json = None,
) -> None:
    """Make a restored database fit for use: rights, settings, a new epoch, the trail held against heads kept outside.

    DSN of the administrator; the other roles sign in with the same DSN, each under its own name. Where one identity
    cannot sign in as all of them (Azure), run the jobs in the same order: bootstrap, apply, maintain, verify.
    Exit 1 when something is found: let no application in.
    """
    heads = verify.read_anchors(anchors)
    with connect(dsn, entra=entra) as administrator:
        runner.bootstrap(administrator, pgaudit=not without_pgaudit)
    with connect(make_conninfo(dsn, user="medspasync_migrator"), entra=entra) as migrator:
        if value_of(migrator, "SELECT to_regclass('audit.seals')") is None:
            raise DatabaseRoomError("there is no trail in this database: was anything loaded into it?")
        files = [step.file.name for step in runner.apply(migrator) if step.action == "run"]
    with connect(make_conninfo(dsn, user="medspasync_maintainer"), entra=entra) as maintainer:
        report: dict[str, Any] = {"files": files, "maintenance": maintain.maintain(maintainer)}
    with connect(make_conninfo(dsn, user="medspasync_auditor"), entra=entra) as auditor:
        report |= verify.collect(auditor, heads)
    failed = [finding for finding in report["findings"] if finding["status"] == "fail"]
    epoch = "begun" if report["maintenance"]["epoch_begun"] else "not needed"
    write_report(
        report,
        json_file,
        f"rights and settings set, {len(files)} files applied, new epoch {epoch}",
        *(f"{finding['rule']}: {finding['message']}" for finding in failed),
        "let no application in" if failed else "next: python -m database credentials; then let the applications in",
    )
    if failed:
        raise typer.Exit(1)
