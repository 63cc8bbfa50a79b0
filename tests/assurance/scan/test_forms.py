"""Each form in which people write secrets is found where they write it; what only looks like one is not."""

from __future__ import annotations

import base64
import codecs
import json
from pathlib import Path

from assurance.scan.baseline import Baseline
from assurance.scan.report import scan, to_sarif
from tests.official_formats import read_sarif

KEY = "sk_live_" + "q8Zr4TnV1xYw6LbK3mHd"
WORD = "kT7vQ2mX9pLw"
SECRETS: dict[str, str | bytes] = {
    "list-of-variables.yaml": f"env:\n  - name: JWT_SECRET\n    value: {WORD}\n",
    "variable.tf": f'variable "db_password" {{\n  type    = string\n  default = "{WORD}"\n}}\n',
    "notebook.ipynb": json.dumps({"cells": [{"source": [f'api_key = "{WORD}{WORD}"\n']}]}),
    "image/Dockerfile": f"ARG NPM_TOKEN={WORD}\n",
    "page.md": f"```\nexport API_KEY={WORD}{WORD}\n```\n",
    "added.js": "const key = 'sk_' + 'live_' + 'q8Zr4TnV1xYw6LbK3mHd';\n",
    "over-lines.py": "key = ('sk_live_'\n       'q8Zr4TnV1xYw6LbK3mHd')\n",
    "next-line.js": f"const password =\n  '{WORD}';\n",
    "utf-16.json": codecs.BOM_UTF16_LE + json.dumps({"password": WORD}).encode("utf-16-le"),
    "mark.env": codecs.BOM_UTF8 + f"JWT_SECRET={WORD}\r\n".encode(),
    "fetch.sh": f"curl -u admin:{WORD} https://example.com\n",
    "app.config": f'<add key="SmtpPassword" value="{WORD}" />\n',
    "encoded.js": f"Buffer.from('{base64.b64encode(KEY.encode()).decode()}', 'base64')\n",
    "main.bicep": f"param adminPassword string = '{WORD}'\n",
    "typed.ts": f"const password: string = '{WORD}';\n",
    "parameters.json": json.dumps({"parameters": {"loginPassword": {"value": WORD}}}, indent=1),
    "one-line.json": json.dumps({"env": {"JWT_SECRET": WORD, "SIZE": 1}}, separators=(",", ":")),
    "app-settings.json": json.dumps([{"name": "JWT_SECRET", "value": WORD}]),
    "role.sql": f"CREATE ROLE app LOGIN PASSWORD '{WORD}';\n",
    "call.http": f"Ocp-Apim-Subscription-Key: {WORD}\n",
    "script.ps1": f"$x = ConvertTo-SecureString '{WORD}' -AsPlainText -Force\n",
    "signed.js": f"jwt.sign(payload, '{WORD}');\n",
    "page.html": f"<script>window.API_KEY = '{WORD}'</script>\n",
    "least.min.js": "var a=1;" * 5000 + f'f(process.env.JWT_SECRET||"{WORD}");' + "var b=2;" * 5000,
    "app/[slug]/a b.tsx": f"const key = '{KEY}';\n",
}
HARMLESS = {
    "digest.yaml": f"digest: sha256:{'0123456789abcdef' * 4}\ntenantId: 3f0c1a4e-1111-4222-8333-0123456789ab\n",
    "placeholders.env": "JWT_SECRET=\nSTRIPE_SECRET_KEY=sk_test_xxxxxxxxxxxxxxxxxxxx\nDB_PASSWORD=${DB_PASSWORD}\n",
    "public.env": "NEXT_PUBLIC_STRIPE_KEY=pk_live_q8Zr4TnV1xYw6LbK3mHd\n",
    "form.md": "`postgres://user:password@localhost/app` is the form. Set `JWT_SECRET` to a random value.\n",
    "types.ts": "interface Props { password: string; apiKey?: string }\ntype Token = 'access' | 'refresh';\n",
    "form.tsx": '<input type="password" name="password" placeholder="Enter your password" />\n',
    "secret-ref.yaml": "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db, key: password}\n",
    "workflow.yml": "env:\n  TOKEN: ${{ secrets.GITHUB_TOKEN }}\n",
    "reference.tf": 'variable "db_password" {\n  sensitive = true\n}\npassword = random_password.db.result\n',
    "schema.json": json.dumps({"password": {"type": "string", "default": None}}, indent=1),
    "algorithm.yaml": "- name: password_encryption\n  value: scram-sha-256\n",
    "address.js": "const o = { DATABASE_URL: 'postgresql://app@host/app' };\n",
    "rotated.yaml": "passwords: [{password: '2026-11-01'}]\n",
    "empty.sql": "ALTER ROLE app PASSWORD NULL;\n",
    "picture.html": f'<img src="data:image/png;base64,{base64.b64encode(bytes(range(256))).decode()}">\n',
    "pieces.js": "log('the ' + 'secret ' + 'is kept');\n",
    "vault.yaml": 'JWT_SECRET: "@Microsoft.KeyVault(VaultName=kv;SecretName=JWT-SECRET)"\n',
}


def put(folder: Path, files: dict[str, str | bytes] | dict[str, str]) -> Path:
    """The files in a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_a_secret_is_found_however_written(tmp_path: Path) -> None:
    found = scan([put(tmp_path, SECRETS)], Baseline(), tmp_path)
    assert sorted(SECRETS.keys() - {each.file for each in found.found}) == []
    assert found.unread == []


def test_what_looks_like_a_secret_is_none(tmp_path: Path) -> None:
    found = scan([put(tmp_path, HARMLESS)], Baseline(), tmp_path).found
    assert [(each.file, each.line, each.kind) for each in found] == []


def test_a_report_names_a_file_as_it_is(tmp_path: Path) -> None:
    """Brackets are no marks of style, and an address in SARIF has no blanks."""
    from tests.assurance.scan.test_scan import assurance

    folder = put(tmp_path, {"app/[slug]/a b.tsx": SECRETS["app/[slug]/a b.tsx"]})
    assert "app/[slug]/a b.tsx:1: a Stripe key" in assurance(folder).output.replace("\n", "")
    log = read_sarif(to_sarif(scan([folder], Baseline(), folder)))
    uris = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in log["runs"][0]["results"]}
    assert "app/%5Bslug%5D/a%20b.tsx" in uris
