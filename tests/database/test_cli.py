# ruff: noqa: E501 (SQL statements stay on one line)
"""The command line as a person or a job meets it: messages, exit codes, JSON."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from database import connection
from database.errors import DatabaseRoomError
from database.files import read_files
from database.keys import KEY_VAULT_SCOPE
from database.verify import PROVEN_VERSIONS, read_anchors
from tests.database import conftest
from tests.database.servers import Server
from tests.database.test_key_rotation import VAULT_KEY, Vault
from tests.database.trail import age, seal, tamper
from tests.database.world import World


def test_from_nothing_to_verified(server: Server, run: Any, tmp_path: Path) -> None:
    """What the job does, and the evidence that comes of it."""
    dbname, files = conftest.empty_database(server), len(read_files("apply"))
    admin, migrator = server.dsn("administrator", dbname), server.dsn("medspasync_migrator", dbname)
    waive = [] if server.binaries.pgaudit else ["--without-pgaudit"]
    principals = tmp_path / "principals.yaml"
    principals.write_text("medspasync_backend: {object_id: 00000000-0000-4000-8000-000000000001, type: service}\n")
    code, out, err = run("bootstrap", "--dsn", admin, "--principals", str(principals), *waive)
    assert (code, err) == (0, "")
    assert "plain roles" in out
    assert "bootstrap/040_owner.sql" in out
    assert run("status", "--dsn", migrator)[:2] == (1, f"0 applied, {files} pending\n")
    code, out, _ = run("plan", "--dsn", migrator)
    assert code == 0
    assert out.splitlines()[0] == "  run  apply/100_registry.sql"
    assert run("apply", "--dsn", migrator)[0] == 0
    assert run("status", "--dsn", migrator)[:2] == (0, f"{files} applied, 0 pending\n")
    assert run("maintain", "--dsn", server.dsn("medspasync_maintainer", dbname))[0] == 0

    target = tmp_path / "evidence.json"
    code, out, err = run("verify", "--dsn", server.dsn("medspasync_auditor", dbname), "--json", str(target))
    assert (code, err) == (0, "")
    evidence = json.loads(target.read_text())
    assert evidence["server"]["version"].startswith(server.binaries.version)
    assert evidence["server"]["proven"] is (int(server.binaries.version.split(".")[0]) in PROVEN_VERSIONS)
    assert "fail" not in evidence["totals"]
    assert sum(evidence["totals"].values()) == len(evidence["findings"])
    assert {row["file"] for row in evidence["files"]} >= {"030_extensions.sql", "910_reference_protection.sql"}
    assert all(len(row["checksum"]) == 64 for row in evidence["files"])
    access = {(a["role"], a["relation"]): (a["commands"], a["rows"]) for a in evidence["access"]}
    assert access["medspasync_backend", "phi.patient"] == (["SELECT", "INSERT", "UPDATE"], "tenant of the context")
    assert access["medspasync_pro_next", "phi.treatment"] == (["SELECT"], "tenant of the context")
    assert access["medspasync_auditor", "audit.hipaa_audit_logs"] == (["SELECT"], "all")
    # The two sites see their own context, and that is all.
    sites = ("medspasync_frontend", "medspasync_marketing")
    assert {relation for role, relation in access if role in sites} == {"app.context"}
    assert not any(rows == "all" for (role, relation), (_, rows) in access.items() if relation.startswith("phi."))
    assert evidence["basis"] == "observed on the server below"
    # Whole: everything that an auditor is told of, and the checksum of every file that runs.
    assert set(evidence) == {"basis", "observed_at", "server", "findings", "totals", "chain", "heads", "access",
                             "functions", "parameters", "files", "shipped", "exemptions", "catalogue"}  # fmt: skip
    assert {file["phase"] for file in evidence["shipped"]} == {"bootstrap", "apply", "repeat"}
    applied = {(f["phase"], f["file"]): f["checksum"] for f in evidence["files"]}
    assert applied.items() <= {(f["phase"], f["file"]): f["checksum"] for f in evidence["shipped"]}.items()
    assert any("app.begin_context(text)" in one["functions"] for one in evidence["functions"])


def test_verify_finds_and_exits_1(world: World, run: Any) -> None:
    with world.login("platform") as platform:
        platform.execute("ALTER TABLE phi.patient NO FORCE ROW LEVEL SECURITY")
    code, out, _ = run("verify", "--dsn", world.server.dsn("medspasync_auditor", world.dbname), "--json", "-")
    assert code == 1
    failed = [f for f in json.loads(out)["findings"] if f["status"] == "fail"]
    assert [f["rule"] for f in failed] == ["database/rls-forced", "database/catalogue"]
    assert failed[0]["controls"] == ["164.312(a)(1)"]
    assert failed[0]["severity"] == "high"
    code, out, _ = run("verify", "--dsn", world.server.dsn("medspasync_maintainer", world.dbname))
    assert code == 1
    assert "phi.patient: not forced" in out.replace("\n", "")


def test_verify_compares_files_and_parameters(world: World, run: Any) -> None:
    with world.login("platform") as platform:
        platform.execute("UPDATE security.schema_history SET checksum = 'x' WHERE file = '100_registry.sql'")
        platform.execute("DELETE FROM security.schema_history WHERE file = '900_reference_tables.sql'")
        platform.execute(
            "INSERT INTO security.schema_history (phase, file, checksum, duration) VALUES ('apply', '999_x.sql', 'x', '0')"
        )
        platform.execute(f"ALTER DATABASE {world.dbname} SET log_lock_waits = off")
    code, out, _ = run("verify", "--dsn", world.server.dsn("medspasync_auditor", world.dbname), "--json", "-")
    report = json.loads(out)
    findings = {f["rule"]: f for f in report["findings"]}
    assert code == 1
    assert (
        findings["database/files"]["message"]
        == "apply/100_registry.sql differs; apply/900_reference_tables.sql is pending; apply/999_x.sql is unknown here"
    )
    assert findings["database/parameter log_lock_waits"]["status"] == "fail"
    assert findings["database/parameter azure.extensions"]["status"] == "unchecked"
    assert findings["database/parameter log_connections"]["status"] == "pass"


def test_verify_on_another_version_says_unproven(world: World, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("database.verify.PROVEN_VERSIONS", (9,))
    _, out, _ = run("verify", "--dsn", world.server.dsn("medspasync_auditor", world.dbname), "--json", "-")
    report = json.loads(out)
    assert report["server"]["proven"] is False
    assert {f["rule"]: f["status"] for f in report["findings"]}["database/server-version"] == "warn"


def test_anchors_find_a_rewritten_chain(world: World, run: Any, tmp_path: Path) -> None:
    maintainer = world.server.dsn("medspasync_maintainer", world.dbname)
    anchors = tmp_path / "heads.json"
    assert run("maintain", "--dsn", maintainer, "--json", str(anchors))[0] == 0
    arguments = ("verify", "--dsn", maintainer, "--json", "-", "--anchors", str(anchors))
    code, out, _ = run(*arguments)
    assert {f["rule"]: f["status"] for f in json.loads(out)["findings"]}["database/anchors"] == "pass"
    assert code == 0
    tamper(
        world,
        "UPDATE audit.hipaa_audit_logs SET actor = 'x'; DELETE FROM audit.seals; UPDATE audit.chain_state SET sealed_to = '0'",
    )
    seal(world)
    code, out, _ = run(*arguments)
    finding = {f["rule"]: f for f in json.loads(out)["findings"]}["database/anchors"]
    assert (code, finding["status"]) == (1, "fail")
    assert "1 of 2 heads" in finding["message"] or "2 of 2 heads" in finding["message"]


@pytest.mark.parametrize("content", ["", "{}", '{"heads": []}', '{"heads": [{"log": "x"}]}', "nonsense"])
def test_anchors_that_say_nothing_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "heads.json"
    path.write_text(content)
    with pytest.raises(DatabaseRoomError, match=r"heads\.json"):
        read_anchors(path)


def test_anchors_may_be_one_report_a_line(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    line = json.dumps({"heads": [{"log": "security_logs", "seq": 1, "hash": "00", "more": 1}]})
    path.write_text(line + "\n" + line + "\n")
    assert read_anchors(path) == [{"log": "security_logs", "seq": 1, "hash": "00"}] * 2


def test_a_report_on_stdout_is_one_line(world: World, run: Any) -> None:
    """A container's output is collected line by line: the chain's heads must be in one record."""
    code, out, _ = run("maintain", "--dsn", world.server.dsn("medspasync_maintainer", world.dbname), "--json", "-")
    assert (code, out.count("\n")) == (0, 1)
    # As audit-seal-missing.kql looks for it.
    assert re.search(r'"heads":\s*\[\s*\{', out)
    assert [head["log"] for head in json.loads(out)["heads"]] == ["hipaa_audit_logs", "security_logs"]


def test_maintain_reports_a_broken_chain_and_exits_1(world: World, run: Any, tmp_path: Path) -> None:
    dsn = world.server.dsn("medspasync_maintainer", world.dbname)
    assert run("maintain", "--dsn", dsn, "--export-to", str(tmp_path))[0] == 0
    tamper(world, "DELETE FROM audit.hipaa_audit_logs WHERE table_name = 'consent'")
    code, out, _ = run("maintain", "--dsn", dsn)
    assert code == 1
    assert "broken: hipaa_audit_logs" in out


def test_retire_and_check_export(world: World, run: Any, tmp_path: Path) -> None:
    suffix = age(world)
    dsn = world.server.dsn("medspasync_maintainer", world.dbname)
    assert run("maintain", "--dsn", dsn, "--export-to", str(tmp_path))[0] == 0
    exported = tmp_path / f"security_logs_{suffix}.tsv"
    code, out, _ = run("check-export", str(exported))
    assert (code, out.startswith("intact: sha256 ")) == (0, True)
    code, out, _ = run("retire", "--dsn", dsn, "--from", str(tmp_path), "--location", "https://archive.example")
    assert code == 0
    assert f"retired security_logs_{suffix}" in out
    exported.write_text("1\t{}\n")
    code, _, err = run("check-export", str(exported))
    assert code == 2
    assert "not what was sealed" in err


def test_context_key(world: World, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = (
        "context-key",
        "--dsn",
        world.server.dsn("medspasync_migrator", world.dbname),
        "--key-id",
        "k2",
        "--role",
        "medspasync_pro_next",
    )
    for wrong in ("", "zz", "ab" * 31):
        monkeypatch.setenv("MEDSPASYNC_CONTEXT_SECRET", wrong)
        code, _, err = run(*arguments)
        assert code == 2
        assert "32 to 64 bytes in hex" in err
    monkeypatch.setenv("MEDSPASYNC_CONTEXT_SECRET", "ab" * 32)
    assert run(*arguments)[0] == 0
    world.secrets["medspasync_pro_next"] = bytes.fromhex("ab" * 32)
    with world.login("medspasync_pro_next") as app, app.transaction():
        app.execute("SELECT app.begin_context(%s)", (world.token("medspasync_pro_next", world.a, key_id="k2"),))
        assert app.execute("SELECT count(*) FROM phi.patient").fetchone() == (2,)
    code, _, err = run(*arguments[:-1], "medspasync_auditor")
    assert code == 2
    assert "is no application role" in err


def test_rotate_key(world: World, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = Vault()
    monkeypatch.setattr("urllib.request.urlopen", vault.urlopen)
    monkeypatch.setattr("database.keys.entra_token", {KEY_VAULT_SCOPE: "token-of-the-identity"}.__getitem__)
    monkeypatch.setenv("MEDSPASYNC_CONTEXT_SECRET", world.secrets["medspasync_backend"].hex())
    tenant = "cccccccc-0000-4000-8000-000000000003"
    common = (
        "rotate-key",
        "--dsn",
        world.server.dsn("medspasync_backend", world.dbname),
        "--key-url",
        VAULT_KEY,
        "--key-id",
        "medspasync_backend",
    )
    for purpose in ("column", "index"):
        code, out, err = run(*common, "--tenant", tenant, "--purpose", purpose, "--json", "-")
        assert (code, err) == (0, "")
        assert list(json.loads(out)) == [tenant]
    code, _, err = run(*common, "--tenant", "x")
    assert (code, "--tenant x: no UUID" in err) == (2, True)
    code, _, err = run(*common, "--tenant", tenant, "--purpose", "both")
    assert (code, "allowed are column and index" in err) == (2, True)


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("nonsense", "DSN: missing"),
        ("", "DSN: no host"),
        ("dbname=app", "DSN: no host"),
        ("host=/nowhere dbname=app user=x", "cannot connect"),
        ("postgresql://127.0.0.1:1/app", "cannot connect"),
    ],
)
def test_wrong_dsn_is_one_line_and_exit_2(run: Any, monkeypatch: pytest.MonkeyPatch, dsn: str, message: str) -> None:
    """A wrong dsn is one line and exit 2."""
    monkeypatch.delenv("PGHOST", raising=False)
    code, out, err = run("status", "--dsn", dsn)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err


def test_wrong_database_and_missing_right(world: World, run: Any) -> None:
    code, _, err = run("status", "--dsn", world.server.dsn("medspasync_auditor", "absent"))
    assert (code, 'database "absent" does not exist' in err) == (2, True)
    code, _, err = run("verify", "--dsn", world.server.dsn("medspasync_backend", world.dbname))
    assert (code, "permission denied" in err) == (2, True)
    code, _, err = run("verify", "--dsn", world.server.dsn("platform", "postgres"))
    assert (code, "not applied here" in err) == (2, True)
    code, _, err = run("context-key", "--help-me")
    assert code == 2
    code, _, err = run(
        "status", "--dsn", world.server.dsn("medspasync_migrator", world.dbname), "--json", "/nowhere/x.json"
    )
    assert (code, "--json /nowhere/x.json: No such file" in err) == (2, True)


def test_an_error_of_the_server_that_nobody_expected(world: World, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDSPASYNC_CONTEXT_SECRET", "ab" * 32)
    code, _, err = run("context-key", "--dsn", world.server.dsn("medspasync_migrator", world.dbname),
                       "--key-id", "not valid", "--role", "medspasync_backend")  # fmt: skip
    assert code == 2
    assert err.startswith("error: the server refused: ")


def test_entra_sign_in_uses_a_token_as_password(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entra sign in uses a token as the password."""
    asked: list[str] = []

    class Credential:
        def get_token(self, scope: str) -> Any:
            asked.append(scope)
            return type("Token", (), {"token": "a-token"})

    module = ModuleType("azure.identity")
    module.DefaultAzureCredential = Credential  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "azure.identity", module)
    with connection.connect(server.dsn("administrator", "postgres"), entra=True) as session:
        assert session.info.password == "a-token"
    assert asked == ["https://ossrdbms-aad.database.windows.net/.default"]

    def refuse(self: Any, scope: str) -> Any:
        raise RuntimeError("no identity here\ndetails")

    monkeypatch.setattr(Credential, "get_token", refuse)
    with pytest.raises(DatabaseRoomError, match=r"no Entra token: no identity here$"):
        connection.entra_token("scope")
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(DatabaseRoomError, match="needs the package azure-identity"):
        connection.entra_token("scope")
