"""``assurance scan``: each kind of secret that the old applications had is found at its line, and nothing else is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assurance.cli import app
from assurance.scan.baseline import Baseline, fingerprint
from assurance.scan.lines import Manner
from assurance.scan.report import scan as work_out
from assurance.scan.report import to_json, to_sarif
from assurance.scan.texts import hits
from documents.problems import DocumentError
from tests.harness import ROOT
from tests.official_formats import read_sarif

SAMPLE = ROOT / "samples" / "hardcoded"
HARDCODED = {
    "Pulumi.staging.yaml:3": "medspasync:secrets.EMAIL-PASS in plain text, which Pulumi.dev.yaml encrypts",
    "Pulumi.staging.yaml:4": "medspasync:secrets.LOGIN-PASSWORD in plain text",
    "backend/.env.example:4": "an address with a password",
    "backend/.env.example:6": "a value of EMAIL_PASS",
    "backend/docker-compose.yml:5": "a value of POSTGRES_PASSWORD",
    "backend/docker-compose.yml:9": "a fallback for ENCRYPTION_KEY",
    "backend/src/auth.js:4": "a fallback for JWT_SECRET",
    "backend/src/auth.js:5": "a fallback for INTERNAL_API_KEY",
    "backend/src/stripe.js:3": "a Stripe key",
    "backend/src/stripe.js:4": "a fallback for STRIPE_WEBHOOK_SECRET",
    "frontend/src/config.ts:3": "a value of internalApiKey",
    "marketing/mailer.js:6": "a bearer token",
    "pro-next/app/storage.ts:2": "a storage or Service Bus key",
    "pro-next/app/storage.ts:4": "a fallback for MONGO_URI",
}


def assurance(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["scan", *map(str, arguments)])


def test_every_secret_of_the_sample_is_found() -> None:
    result = work_out([SAMPLE], Baseline(), SAMPLE)
    assert {f"{each.file}:{each.line}": each.kind for each in result.found} == HARDCODED
    assert {each.file.split("/")[0] for each in result.found} >= {"backend", "frontend", "marketing", "pro-next"}


def test_this_repository_holds_none_but_the_accepted() -> None:
    """Its tests and cases are full of made-up ones: each stands in policies/scan_baseline.yaml, with its reason."""
    result = assurance()
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    "line",
    [
        "const key = process.env.STRIPE_SECRET_KEY;",
        "const secret = process.env.JWT_SECRET ?? required('JWT_SECRET');",
        "JWT_SECRET=",
        "DATABASE_URL=postgresql://<role>:<password>@host",
        "password: ${DATABASE_PASSWORD}",
        "encryptionsalt: v1:5Kyk0cE8EHQ=:v1:AAAA",
        "EMAIL-PASS: {secure: v1:AAAAAAAAAAAAAAAA:AAAAAAAA}",
        'token = "the token that the caller sends"',
        "passwordAuth: Disabled",
        "apiKeyName: x-api-key",
        "password = read_password()",
        "commit: 3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
        "secret: STRIPE-WEBHOOK-SECRET",
    ],
)
def test_an_ordinary_line_is_no_secret(line: str) -> None:
    assert list(hits(line, Manner(bare=True))) == []
    assert list(hits(line, Manner(code=True))) == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ('os.environ.get("SMTP_PASSWORD", "hunter2")', "a fallback for SMTP_PASSWORD"),
        ("password = 'changeme'", "a value of password"),
        ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
        ('url = "redis://:s3cr3t@cache:6379"', "an address with a password"),
        ("x" * 5000 + " whsec_EXAMPLEEXAMPLE0001", "a webhook secret"),
    ],
)
def test_a_secret_of_each_form_is_found(line: str, kind: str) -> None:
    assert [each.kind for each in hits(line, Manner(code=True))] == [kind]


def test_no_report_shows_the_secret(tmp_path: Path) -> None:
    report, sarif = tmp_path / "scan.json", tmp_path / "scan.sarif"
    result = assurance(SAMPLE, "--baseline", "/dev/null", "--json", report, "--sarif", sarif)
    assert result.exit_code == 1
    for text in (result.output, report.read_text(), sarif.read_text()):
        assert "auth.js" in text
        for secret in ("sk_test_EXAMPLE", "whsec_EXAMPLE", "hunter2", "Winter2024", "Summer2025", "letmein"):
            assert secret not in text


def test_the_sarif_is_valid_with_line_and_fingerprint() -> None:
    result = work_out([SAMPLE], Baseline(), SAMPLE)
    log = read_sarif(to_sarif(result))
    found = log["runs"][0]["results"]
    places = [each["locations"][0]["physicalLocation"] for each in found]
    lines = {f"{p['artifactLocation']['uri']}:{p['region']['startLine']}" for p in places}
    assert lines == set(HARDCODED)
    assert json.loads(to_json(result))["totals"]["fail"] == len(HARDCODED)


def test_a_baseline_accepts_a_line_wherever_it_moves(tmp_path: Path) -> None:
    file = tmp_path / "auth.js"
    line = "const secret = process.env.JWT_SECRET || 'dev_jwt_secret';"
    file.write_text(f"\n\n  {line}\n")
    text = f"- {{file: auth.js, line: {fingerprint(line)}, reason: A server of the tests alone}}\n"
    baseline = tmp_path / "baseline.yaml"
    baseline.write_text(text)
    found = work_out([file], Baseline.load(baseline), tmp_path)
    assert (len(found.found), found.accepted) == (0, 1)
    file.write_text(line.replace("dev_jwt_secret", "another"))
    stale = Baseline.load(baseline)
    assert len(work_out([file], stale, tmp_path).found) == 1
    assert [entry.file for entry in stale.unused] == ["auth.js"]
    baseline.write_text(text.replace("}", ", until: 2026-12-31}"))
    for today, count in ((date(2026, 12, 31), 0), (date(2027, 1, 1), 1)):
        file.write_text(line)
        assert len(work_out([file], replace(Baseline.load(baseline), today=today), tmp_path).found) == count
    baseline.write_text("- {file: auth.js}\n")
    with pytest.raises(DocumentError, match="reason"):
        Baseline.load(baseline)


def test_a_key_that_another_stack_encrypts_is_found(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.one.yaml").write_text("config:\n  app:mailbox: {secure: v1:AAAA:BBBB}\n")
    (tmp_path / "Pulumi.two.yaml").write_text("config:\n  app:mailbox: ordinary\n  app:size: 3\n")
    (tmp_path / "Pulumi.three.yaml").write_text("config: [broken\n")
    found = work_out([tmp_path], Baseline(), tmp_path).found
    assert [(each.file, each.line) for each in found] == [("Pulumi.two.yaml", 2)]
    assert "which Pulumi.one.yaml encrypts" in found[0].kind


def test_what_is_no_text_is_named_unread(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\0\0")
    (tmp_path / "package-lock.json").write_text('{"token": "sk_test_EXAMPLEEXAMPLE01"}')
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text("const password = 'hunter2hunter2'")
    result = work_out([tmp_path], Baseline(), tmp_path)
    assert (result.found, result.read, result.unread) == ([], 0, ["image.png"])
    os.mkfifo(tmp_path / "pipe")
    assert assurance(tmp_path / "pipe").exit_code == 2
    missing = assurance(tmp_path / "nowhere")
    assert missing.exit_code == 2
    assert "no such file or folder" in " ".join(missing.output.split())


def test_a_scan_needs_no_sdk() -> None:
    """A hook before each commit waits for it: ten files take less than a second, most of it Python's own start."""
    code = "import sys, assurance.cli.scan; print([m for m in ('pulumi', 'jinja2', 'grpc') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
