"""With a CLI on PATH: a first preview of each stack by the real engine has the verdicts of `check --rules-only`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assurance.check.audit import audit
from assurance.record import Record
from policies.exceptions import Register
from policies.rules import RULES
from tests.harness import ROOT, STACKS, shared_record
from tests.loopback_provider import loopback_provider
from tests.projects import project

MISSING = [name for name in ("pulumi", "pulumi-language-python") if shutil.which(name) is None]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(MISSING), reason=f"no {' and no '.join(MISSING)} on PATH: the real engine is not asked"),
]
SHOWN = [rule for rule in RULES if not rule.offline]


@pytest.mark.parametrize("stack", STACKS)
def test_first_preview_has_the_checks_verdicts(stack: str, tmp_path: Path) -> None:
    """Without a credential, a network or a plugin: each provider is a loopback server of the test's own."""
    record = shared_record(stack, "preview")
    told = previewed(stack, record, tmp_path)
    wrong = {pair for pair, message in told if not message.startswith("unchecked: ")}
    unchecked = {pair for pair, message in told if message.startswith("unchecked: ")}
    assert wrong == found(record, "fail", "warn")
    assert unchecked - wrong == found(record, "unchecked")
    assert len(unchecked) > 5


def found(record: Record, *statuses: str) -> set[tuple[str, str]]:
    """(rule, URN) of what `check --rules-only` finds with one of these statuses."""
    findings = audit(record, Register.load(), datetime.now(UTC).date(), SHOWN).findings
    return {(each.rule, each.urn) for each in findings if each.status in statuses and each.urn}


def previewed(stack: str, record: Record, folder: Path) -> list[tuple[tuple[str, str], str]]:
    """(rule, URN) and message of what the pack of the checkout says in a preview by the engine."""
    root, events = folder / "project", folder / "events.json"
    root.mkdir()
    (folder / "state").mkdir()
    project(root, **{stack: (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")})
    for name in ("facts", "documents", ".venv"):
        if not (root / name).exists():
            (root / name).symlink_to(ROOT / name)
    packages = {each.registered.split(":")[0] for each in record if each.custom} - {"pulumi"}
    with loopback_provider(sorted(packages)) as providers:
        environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "trial",
            "PULUMI_DEBUG_COMMANDS": "true",
            "PULUMI_DEBUG_PROVIDERS": providers,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

        def pulumi(*arguments: str) -> None:
            command = ["pulumi", *arguments, "--non-interactive"]
            done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

        pulumi("stack", "init", stack)
        for key in record.supplied:
            pulumi("config", "set", "--secret", "--path", f"medspasync:secrets.{key}", f"https://trial.invalid/{key}")
        pulumi("preview", "--policy-pack", "policies", "--event-log", str(events))
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    policies = [each["policyEvent"] for each in lines if "policyEvent" in each]
    return [((each["policyName"], each["resourceUrn"]), each["message"]) for each in policies]
