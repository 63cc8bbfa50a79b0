"""What the tests put into a database: two clinics, their patients, context keys and data keys."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from psycopg import Connection

from database.context import sign_context
from tests.database.servers import Server

BACKEND, PRO, MARKETING = "medspasync_backend", "medspasync_pro_next", "medspasync_marketing"
APPS = (BACKEND, PRO, "medspasync_frontend", MARKETING)
MIGRATOR, MAINTAINER, AUDITOR = "medspasync_migrator", "medspasync_maintainer", "medspasync_auditor"
BREAKGLASS, JOB = "medspasync_breakglass", "medspasync_credentials"
"""The roles that people and jobs have; JOB sets credentials."""
WRAPPING_KEY = "https://vault.example/keys/phi-columns/" + "0" * 32


def check_value(key: bytes) -> bytes:
    return hmac.new(key, b"medspasync key check", hashlib.sha256).digest()[:8]


@dataclass
class Clinic:
    """One tenant and what it holds."""

    id: UUID
    name: str
    column_key: bytes = b""
    index_key: bytes = b""
    column_key_id: UUID | None = None
    index_key_id: UUID | None = None
    patients: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Told by the name, so that a copy of a populated database is known without asking it.
        self.column_key = hashlib.sha256(f"column {self.name}".encode()).digest()
        self.index_key = hashlib.sha256(f"index {self.name}".encode()).digest()


class World:
    """A database with the room applied. ``a`` and ``b`` are two clinics with two patients each."""

    def __init__(self, server: Server, dbname: str) -> None:
        self.server = server
        self.dbname = dbname
        self.secrets = {role: hashlib.sha256(role.encode()).digest() for role in APPS}
        self.a = Clinic(UUID("aaaaaaaa-0000-4000-8000-000000000001"), "Alpha")
        self.b = Clinic(UUID("bbbbbbbb-0000-4000-8000-000000000002"), "Beta")

    @contextmanager
    def login(self, role: str) -> Iterator[Connection[tuple]]:
        """A session of ``role`` in autocommit mode."""
        with self.server.connect(role, self.dbname) as connection:
            yield connection

    def token(self, role: str, clinic: Clinic, **changes: object) -> str:
        return sign_context(
            **{
                "key_id": role,
                "secret": self.secrets[role],
                "tenant": clinic.id,
                "actor": "staff-7",  # type: ignore[arg-type]
                "correlation_id": "req-1",
                "purpose": "treatment",
                **changes,
            }
        )

    @contextmanager
    def acting(
        self, role: str, clinic: Clinic, connection: Connection[tuple] | None = None, *, rollback: bool = False
    ) -> Iterator[Connection[tuple]]:
        """A transaction of an application in a clinic's context, in a session of its own or in ``connection``."""
        with ExitStack() as stack:
            session = connection or stack.enter_context(self.login(role))
            stack.enter_context(session.transaction(force_rollback=rollback))
            session.execute("SELECT app.begin_context(%s)", (self.token(role, clinic),))
            yield session

    def populate(self) -> None:
        """Context keys, data keys, and the clinics' rows, all by way of the public functions."""
        with self.login("medspasync_migrator") as migrator:
            for role, secret in self.secrets.items():
                migrator.execute(
                    "SELECT security.install_context_key(%s, %s, %s, now() + interval '90 days')", (role, role, secret)
                )
        for clinic in (self.a, self.b):
            with self.acting("medspasync_backend", clinic) as app:
                clinic.column_key_id = self.add_key(app, "column", clinic.column_key)
                clinic.index_key_id = self.add_key(app, "index", clinic.index_key)
                app.execute("INSERT INTO phi.clinic (id, display_name) VALUES (%s, %s)", (clinic.id, clinic.name))
                for number in (1, 2):
                    clinic.patients.append(
                        self.add_patient(
                            app, clinic, f"{clinic.name} Patient {number}", f"p{number}@{clinic.name.lower()}.example"
                        )
                    )

    def recall(self) -> World:
        """Ids of what :meth:`populate` put into the database that this one is a copy of."""
        with self.login("platform") as platform:
            for clinic in (self.a, self.b):
                for purpose, key_id in platform.execute(
                    "SELECT purpose, key_id FROM security.data_keys WHERE tenant_id = %s", (clinic.id,)
                ).fetchall():
                    setattr(clinic, f"{purpose}_key_id", key_id)
                clinic.patients = [
                    row[0]
                    for row in platform.execute(
                        "SELECT row_id::uuid FROM audit.hipaa_audit_logs WHERE table_name = 'patient' "
                        "AND tenant_id = %s AND action = 'INSERT' ORDER BY audit_id",
                        (clinic.id,),
                    ).fetchall()
                ]
        return self

    @staticmethod
    def add_key(app: Connection[tuple], purpose: str, key: bytes) -> UUID:
        row = app.execute(
            "SELECT app.add_data_key(%s, 'RSA-OAEP-256', %s, %s, %s)",
            (purpose, WRAPPING_KEY, b"wrapped:" + hashlib.sha512(key).digest(), check_value(key)),
        ).fetchone()
        assert row is not None
        return UUID(str(row[0]))

    @staticmethod
    def add_patient(app: Connection[tuple], clinic: Clinic, name: str, email: str) -> UUID:
        patient = uuid4()
        app.execute(
            "INSERT INTO phi.patient (id, tenant_id, full_name_sealed, email_sealed, email_index, birth_year) "
            "VALUES (%(id)s, %(t)s, "
            "app.seal(%(name)s, %(k)s, %(key)s, 'phi.patient', 'full_name_sealed', %(id)s::uuid::text), "
            "app.seal(%(mail)s, %(k)s, %(key)s, 'phi.patient', 'email_sealed', %(id)s::uuid::text), "
            "app.blind_index(%(mail)s, %(ik)s, %(ikey)s, 'email_sealed'), 1980)",
            {
                "id": patient,
                "t": clinic.id,
                "name": name,
                "mail": email,
                "k": clinic.column_key_id,
                "key": clinic.column_key,
                "ik": clinic.index_key_id,
                "ikey": clinic.index_key,
            },
        )
        app.execute(
            "INSERT INTO phi.appointment (tenant_id, patient_id, starts_at) VALUES (%s, %s, now())",
            (clinic.id, patient),
        )
        app.execute(
            "INSERT INTO phi.treatment (tenant_id, patient_id, treatment_code, performed_at) "
            "VALUES (%s, %s, 'laser-1', now())",
            (clinic.id, patient),
        )
        note = uuid4()
        app.execute(
            "INSERT INTO phi.clinical_note (id, tenant_id, patient_id, body_sealed) VALUES (%s, %s, %s, "
            "app.seal('tolerated well', %s, %s, 'phi.clinical_note', 'body_sealed', %s::uuid::text))",
            (note, clinic.id, patient, clinic.column_key_id, clinic.column_key, note),
        )
        app.execute(
            "INSERT INTO phi.payment_reference (tenant_id, patient_id, processor_reference, amount_minor, currency) "
            "VALUES (%s, %s, 'pi_test', 12000, 'USD')",
            (clinic.id, patient),
        )
        app.execute(
            "INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) VALUES (%s, %s, 'treatment', true)",
            (clinic.id, patient),
        )
        app.execute("INSERT INTO phi.message (tenant_id, patient_id) VALUES (%s, %s)", (clinic.id, patient))
        return patient


def count(connection: Connection[tuple], what: str) -> int:
    """How many rows of a table or view this session sees."""
    row = connection.execute(f"SELECT count(*) FROM {what}").fetchone()
    assert row is not None
    return int(row[0])
