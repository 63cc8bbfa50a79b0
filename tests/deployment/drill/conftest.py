"""The drill command against a fake that restores."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deployment.cli import main
from deployment.tools import Tools
from tests.deployment.conftest import ARCHIVE, DATA, DAYS, PRIMARY, PROFILE
from tests.deployment.fake.client import Clock
from tests.deployment.fake.restore import RestoringArm

BEGIN = datetime(2026, 12, 1, 6, tzinfo=UTC)
COPY = f"{PRIMARY}-drill"
INSTANCE = f"{DATA}/providers/Microsoft.DataProtection/backupVaults/bvault-mss-test/backupInstances/psql-mss-test-x7k2"
PUT, DELETE = f"PUT {COPY}", f"DELETE {COPY}"


@dataclass
class Drills:
    """The command against the fake; the clock stands still while nobody waits."""

    fake: RestoringArm
    clock: Clock
    outputs: dict[str, Any]
    folder: Path
    record: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.clock.time)

    def __call__(self, *arguments: str) -> int:
        outputs, record = self.folder / "outputs.json", self.folder / "record.json"
        outputs.write_text(json.dumps({"deployment": self.outputs}))
        record.unlink(missing_ok=True)
        self.fake.changes.clear()
        arm = self.clock.client(self.fake.url)
        given = ["drill", "test", "--outputs", str(outputs), "--json", str(record), *arguments]
        code = main(given, Tools(connect=lambda: arm, clock=self.now))
        self.record = json.loads(record.read_text()) if record.exists() else {}
        return code

    @property
    def problems(self) -> str:
        return "; ".join(self.record["problems"])


@pytest.fixture
def drills(tmp_path: Path) -> Iterator[Drills]:
    clock = Clock()
    fake = RestoringArm(lambda: BEGIN + timedelta(seconds=clock.time))
    fake.source(PRIMARY, (BEGIN - timedelta(days=35)).isoformat())
    fake.points = [(BEGIN - timedelta(days=days)).isoformat() for days in (17, 10, 3)]
    outputs: dict[str, Any] = {
        "stack": "test",
        "groups": {"data": DATA},
        "frontDoorId": PROFILE,
        "edge": {"headers": [], "removed": []},
        "apps": {},
        "databases": {"primary": PRIMARY},
        "maintenanceWindow": {"day": 0, "hour": 7, "minute": 0},
        "archive": {"accountId": ARCHIVE, "containers": [], "lock": False, "retentionDays": DAYS},
        "jobs": {},
        "recovery": {
            "rpoMinutes": 5,
            "rtoMinutes": 240,
            "longTerm": {"instanceId": INSTANCE, "rpoMinutes": 8 * 24 * 60},
        },
    }
    yield Drills(fake, clock, outputs, tmp_path)
    fake.close()


def copies(drills: Drills) -> list[str]:
    return [server for server in drills.fake.full if server != PRIMARY]
