"""Clients of the database benchmark: processes that do one operation over and over, and a network between them and the
server where there is none."""

import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import Connection

from benchmarks.database_tables import COPIES, ROLE
from tests.database.servers import free_port
from tests.database.world import Clinic, World

PER_TRANSACTION = 10
"""Operations of a transaction, which is a request of an application."""

SCHEMAS = {**COPIES, "all": "phi"}

# Each way, as between two zones of a region. What a sleep takes longer comes on top: the benchmark reports the sum.
ONE_WAY_SECONDS = 0.00025


OPERATIONS = {
    "read one row": "SELECT * FROM {schema}.consent WHERE tenant_id = %(tenant)s AND patient_id = %(patient)s",
    "read a page of 50": "SELECT * FROM {schema}.consent WHERE tenant_id = %(tenant)s ORDER BY patient_id LIMIT 50",
    # The next twenty appointments with patient and consent.
    "read a join of 3": "SELECT a.id, a.starts_at, a.status, p.preferred_language, c.granted "
    "FROM {schema}.appointment AS a JOIN {schema}.patient AS p ON p.tenant_id = a.tenant_id AND p.id = a.patient_id "
    "LEFT JOIN {schema}.consent AS c ON c.tenant_id = p.tenant_id AND c.patient_id = p.id "
    "WHERE a.tenant_id = %(tenant)s ORDER BY a.starts_at LIMIT 20",
    "write one row": "INSERT INTO {schema}.consent (id, tenant_id, patient_id, purpose, granted) "
    "VALUES (%(id)s, %(tenant)s, %(patient)s, 'marketing', true)",
    "write 100 rows": "INSERT INTO {schema}.consent (tenant_id, patient_id, purpose, granted) "
    "SELECT %(tenant)s, %(patient)s, 'marketing', true FROM generate_series(1, 100)",
    "update one row": "UPDATE {schema}.appointment SET status = %(status)s "
    "WHERE tenant_id = %(tenant)s AND patient_id = %(patient)s",
    "update 50 rows": "UPDATE {schema}.appointment SET status = %(status)s "
    "WHERE tenant_id = %(tenant)s AND patient_id = ANY (%(patients)s)",
    # Rows with three sealed columns, which stay as they are.
    "update 50 sealed": "UPDATE {schema}.patient SET preferred_language = %(language)s "
    "WHERE tenant_id = %(tenant)s AND id = ANY (%(patients)s)",
}


def act(app: Connection[tuple], statement: bytes, clinic: Clinic, turn: int) -> None:
    """Do an operation once; what it writes differs from turn to turn."""
    answer = app.execute(
        statement,
        {
            "id": uuid4(),
            "tenant": clinic.id,
            "patient": clinic.patients[turn % 50],
            "patients": clinic.patients,
            "status": ("booked", "confirmed")[turn % 2],
            "language": ("de", "en")[turn % 2],
        },
    )
    if answer.description:
        answer.fetchall()


@dataclass
class Round:
    """What one client came to: for each transaction the seconds that it took, those that its operations took, and the
    server's CPU nanoseconds for them."""

    transactions: list[float] = field(default_factory=list)
    operations: list[float] = field(default_factory=list)
    cpu: list[int] = field(default_factory=list)


def cpu(connection: Connection[tuple]) -> int:
    """CPU nanoseconds that a connection's server process has used."""
    return int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text().split()[0])


def work(world: World, clinic: Clinic, dsn: str, operation: str, prepared: bool, orders: Pipe) -> None:
    """The body of a client's process: a session for each variant, and a round for each order (variant, seconds) until
    there is none. A session is warm before it is measured: what it loads once is no cost of a statement."""
    sessions: dict[str, Connection[tuple]] = {}
    turn = 0
    while (order := orders.recv()) is not None:
        variant, seconds = order
        schema, protected = SCHEMAS[variant], variant not in ("bare", "read log")
        if variant not in sessions:
            sessions[variant] = psycopg.connect(dsn, autocommit=True, prepare_threshold=0 if prepared else None)
            seconds = max(seconds, 0.02)
        app, statement = sessions[variant], OPERATIONS[operation].format(schema=schema).encode()
        done = Round()
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            started = time.perf_counter()
            with app.transaction():
                if protected:
                    app.execute("SELECT app.begin_context(%s)", (world.token(ROLE, clinic),))
                used, begun = cpu(app), time.perf_counter()
                for _ in range(PER_TRANSACTION):
                    turn += 1
                    act(app, statement, clinic, turn)
                done.operations.append(time.perf_counter() - begun)
                done.cpu.append(cpu(app) - used)
            done.transactions.append(time.perf_counter() - started)
        orders.send(done)
    for app in sessions.values():
        app.close()


class Clients:
    """Client processes, each of a clinic of its own."""

    def __init__(self, world: World, clinics: list[Clinic], dsn: str, operation: str, prepared: bool) -> None:
        context = multiprocessing.get_context("fork")
        self._pipes: list[Pipe] = []
        self._processes = []
        for clinic in clinics:
            ours, theirs = context.Pipe()
            process = context.Process(target=work, args=(world, clinic, dsn, operation, prepared, theirs), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)

    def round(self, variant: str, seconds: float) -> list[Round]:
        """One round of all clients at once."""
        for pipe in self._pipes:
            pipe.send((variant, seconds))
        return [pipe.recv() for pipe in self._pipes]

    def __enter__(self) -> "Clients":
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join()


@contextmanager
def network(port: int) -> Iterator[int]:
    """A port that passes everything on to ``port``, later: a network between client and server."""
    listen = free_port()
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_relay, args=(listen, port), daemon=True)
    process.start()
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", listen)) == 0:
                    break
            time.sleep(0.02)
        yield listen
    finally:
        process.terminate()
        process.join()


def _relay(listen: int, port: int) -> None:
    with socket.create_server(("127.0.0.1", listen), backlog=64) as server:
        while True:
            near, _ = server.accept()
            far = socket.create_connection(("127.0.0.1", port))
            for source, target in ((near, far), (far, near)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            time.sleep(ONE_WAY_SECONDS)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
