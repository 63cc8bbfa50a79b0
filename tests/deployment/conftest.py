"""A fake ARM with a whole stack on it, a client with a clock of its own, and the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deployment.arm import Arm
from deployment.cli import main
from deployment.pages import Answer
from deployment.tools import Tools
from tests.deployment.fake import DATA, GROUP, MONITORING, FakeArm, Slot
from tests.deployment.fake.client import Clock
from tests.deployment.ready import Preflight, prod, ready

MESSAGE = "Front Door afd-mss-test k3v9QxT2mZ7pLw4cRb8NfYs6HdJ1aGuE"
PROFILE = f"{GROUP}/providers/Microsoft.Cdn/profiles/afd-mss-test"
BACKEND = f"{GROUP}/providers/Microsoft.Web/sites/app-mss-test-backend-x7k2"
MARKETING = f"{GROUP}/providers/Microsoft.Web/sites/app-mss-test-marketing-x7k2"
PRIMARY = f"{DATA}/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql-mss-test-x7k2"
REPLICA = f"{DATA}/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql-mss-test-replica-x7k2"
ARCHIVE = f"{DATA}/providers/Microsoft.Storage/storageAccounts/stmsstestauditx7k2"
JOBS = {
    name: f"{DATA}/providers/Microsoft.App/jobs/job-mss-test-{name}"
    for name in ("bootstrap", "apply", "credentials", "maintain")
}
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
REPOSITORY = "registry.example/backend"
DAYS = 2192


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


def image(letter: str) -> str:
    return f"DOCKER|{REPOSITORY}@{digest(letter)}"


@dataclass
class Deployment:
    """The command against the fake: what it answered and what it sent."""

    fake: FakeArm
    clock: Clock
    outputs: dict[str, Any]
    folder: Path
    results: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    pages: dict[str, list[Answer]] = field(default_factory=dict)
    """What pages answer, one after the other; the last one stays."""

    answering: bool = True
    """Whether pages that a test does not name answer 200."""
    expiries: dict[str, datetime] = field(default_factory=dict)
    """When certificates end, by host; all others in a year."""

    def expiry(self, host: str) -> datetime:
        return self.expiries.get(host, NOW + timedelta(days=365))

    def page(self, url: str) -> Answer:
        answers = self.pages.get(url) or ([Answer(200, {})] if self.answering and not self.pages else [])
        if not answers:
            raise OSError(f"{url}: nobody answers")
        return answers[0] if len(answers) == 1 else answers.pop(0)

    @property
    def arm(self) -> Arm:
        return self.clock.client(self.fake.url)

    def __call__(self, *arguments: str, command: str = "run", stack: str = "test") -> int:
        outputs, report = self.folder / "outputs.json", self.folder / "report.json"
        outputs.write_text(json.dumps({"deployment": self.outputs}))
        report.unlink(missing_ok=True)
        self.fake.changes.clear()
        given = [command, stack, "--outputs", str(outputs), "--json", str(report), *arguments]
        world = Tools(connect=lambda: self.arm, fetch=self.page, expiry=self.expiry, clock=lambda: NOW)
        code = main(given, world)
        self.results = {}
        if report.exists():
            for one in json.loads(report.read_text())["results"]:
                self.results.setdefault(one["step"], {})[one["target"]] = (one["status"], one["detail"])
        return code

    def verify(self, *arguments: str) -> int:
        return self(*arguments, command="verify")

    def status(self, step: str) -> set[str]:
        return {status for status, _ in self.results[step].values()}

    def detail(self, step: str) -> str:
        return "; ".join(detail for _, detail in self.results[step].values())

    @property
    def changes(self) -> list[str]:
        """Requests that change something, as method, last name and action."""
        return self.fake.changes


@pytest.fixture
def fake() -> Iterator[FakeArm]:
    fake = FakeArm()
    yield fake
    fake.close()


@pytest.fixture
def deployment(fake: FakeArm, tmp_path: Path) -> Deployment:
    """A stack just after its first `up`."""
    for site in (BACKEND, MARKETING):
        fake.asks(PROFILE, site, MESSAGE)
        fake.connection(site, f"{site[-9:]}-afd", MESSAGE)
        fake.connection(site, f"{site[-9:]}-vnet", "", status="Approved", by="/".join(GROUP.split("/")[:3]))
    fake.server(PRIMARY, "shared_preload_libraries", "max_connections")
    fake.server(REPLICA, "shared_preload_libraries")
    for container in ("am-azkvauditlogs", "insights-activity-logs"):
        fake.policy(container, DAYS)
    for job in JOBS.values():
        fake.job(job, f"registry.example/database@{digest('0')}", PRINCIPALS="1")
    for site in (BACKEND, MARKETING):
        fake.sites[site] = Slot(image("a"))
        fake.sites[f"{site}/slots/staging"] = Slot(image("a"))
    fake.in_group = ["Microsoft.Web/sites", "Microsoft.KeyVault/vaults"]
    fake.namespace("Microsoft.Web")
    fake.namespace("Microsoft.KeyVault")
    fake.rules = {
        "scheduledQueryRules": {"waf-blocks": True, "log-volume": "true"},
        "metricAlerts": {"postgres-down": True},
        "activityLogAlerts": {"lock-deleted": True},
    }
    fake.endpoints = {"pe-vault": "Approved", "pe-archive": "Approved"}
    fake.domains = {f"{app}.example.com": "Approved" for app in ("backend", "marketing")}
    outputs: dict[str, Any] = {
        "stack": "test",
        "groups": {"platform": GROUP, "data": DATA, "monitoring": MONITORING},
        "frontDoorId": PROFILE,
        "edge": {"headers": ["Strict-Transport-Security", "X-Content-Type-Options"], "removed": ["Server"]},
        "apps": {
            name: {
                "url": f"https://{name}.example.com",
                "healthCheckPath": "/healthz",
                "ownPolicy": name == "marketing",
                "staticPaths": ["/static/*"] if name == "marketing" else [],
                "siteId": site,
                "slot": "staging",
                "privateLink": True,
                "repository": REPOSITORY,
            }
            for name, site in (("backend", BACKEND), ("marketing", MARKETING))
        },
        "databases": {"primary": PRIMARY, "replica": REPLICA},
        "maintenanceWindow": {"day": 0, "hour": 7, "minute": 0},
        "archive": {
            "accountId": ARCHIVE,
            "containers": ["am-azkvauditlogs", "insights-activity-logs"],
            "lock": False,
            "retentionDays": DAYS,
        },
        "jobs": dict(JOBS),
        "recovery": {"rpoMinutes": 5, "rtoMinutes": 240},
    }
    return Deployment(fake, Clock(), outputs, tmp_path)


@pytest.fixture
def preflight(fake: FakeArm, tmp_path: Path) -> Iterator[Preflight]:
    made = Preflight(fake, tmp_path, json.loads(prod()))
    ready(fake, made.record)
    yield made
    assert fake.changes == [], "a preflight writes nothing"
