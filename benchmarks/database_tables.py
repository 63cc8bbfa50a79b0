"""What the database benchmark measures on: the platform's tables, and copies of three of them that have one protection
each, or none."""

from uuid import UUID

from tests.database.world import Clinic, World

ROLE = "medspasync_backend"
CLINICS, PATIENTS = 20, 500
TABLES = ("patient", "appointment", "consent")

# The schema of each variant. A copy has the columns, constraints and indexes of the platform's table.
COPIES = {"bare": "bare", "policies": "rls", "trail": "trail", "read log": "logged"}


def prepare(world: World) -> list[Clinic]:
    """Clinics with patients, an appointment and a consent each, in the platform's tables and in the copies."""
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
            "INSERT INTO phi.appointment (tenant_id, patient_id, starts_at) "
            "SELECT tenant_id, id, now() + random() * interval '300 days' FROM phi.patient"
        )
        platform.execute(
            "INSERT INTO phi.consent (tenant_id, patient_id, purpose, granted) "
            "SELECT tenant_id, id, 'treatment', true FROM phi.patient"
        )
        # Envelopes as long as real ones.
        platform.execute(
            "UPDATE phi.patient SET (full_name_sealed, email_sealed, phone_sealed) = "
            "(SELECT e, e, e FROM (SELECT '\\x01'::bytea || sha256(id::text::bytea) || sha512('') AS e) AS s) "
            "WHERE full_name_sealed IS NULL"
        )
        for feature, schema in COPIES.items():
            platform.execute(f"CREATE SCHEMA {schema}")
            platform.execute(f"GRANT USAGE ON SCHEMA {schema} TO {ROLE}")
            for table in TABLES:
                copy = f"{schema}.{table}"
                platform.execute(f"CREATE TABLE {copy} (LIKE phi.{table} INCLUDING ALL)")
                platform.execute(f"INSERT INTO {copy} SELECT * FROM phi.{table}")
                platform.execute(f"GRANT SELECT, INSERT, UPDATE ON {copy} TO {ROLE}")
                for statement in _protection(feature, copy):
                    platform.execute(statement.encode())
            for table in ("appointment", "consent"):
                # The planner goes by them, and writes pay for them.
                platform.execute(
                    f"ALTER TABLE {schema}.{table} ADD FOREIGN KEY (tenant_id, patient_id) "
                    f"REFERENCES {schema}.patient (tenant_id, id) DEFERRABLE"
                )
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


def _protection(feature: str, table: str) -> list[str]:
    """The one protection, as secure_table() makes it."""
    if feature == "policies":
        return [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant_isolation ON {table} AS RESTRICTIVE USING (tenant_id = (SELECT app.tenant()))",
            f"CREATE POLICY granted ON {table} TO {ROLE} USING (true) WITH CHECK (true)",
        ]
    if feature == "trail":
        subject = "id" if table.endswith(".patient") else "patient_id"
        function = f"audit.trail_{table.replace('.', '_')}"
        return [
            f"SELECT audit.write_trail_function('{table}', 'id', 'tenant_id', '{subject}')",
            f"ALTER FUNCTION {function}() OWNER TO medspasync_owner",
        ] + [
            f"CREATE TRIGGER phi_audit_{event} AFTER {event} ON {table} REFERENCING {rows} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION {function}()"
            for event, rows in (
                ("INSERT", "NEW TABLE AS new_rows"),
                ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
            )
        ]
    if feature == "read log":
        # pgaudit.role: what it may read is logged. Without pgaudit it costs nothing, and is not measured.
        return [f"GRANT SELECT ON {table} TO medspasync_phi_audit"]
    return []
