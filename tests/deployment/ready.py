"""A subscription in which prod can be made, and the preflight command against it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from deployment.cli import main
from deployment.drill_checks import at
from deployment.preflight.capacity import quotas
from deployment.preflight.network import watchers
from deployment.preflight.providers import needed_namespaces
from deployment.record import Declared, Record, load_record
from deployment.tools import Tools
from tests.deployment.fake import FakeArm
from tests.deployment.fake.client import Clock
from tests.harness import stack_record

SUBSCRIPTION = "/subscriptions/11111111-2222-4333-8444-555555555555"
DATABASE = "azure-native:dbforpostgresql:Server"


@cache
def prod() -> str:
    return stack_record("prod").to_json()


@dataclass
class Preflight:
    """The command, with the record of prod, against a subscription that is ready for it."""

    fake: FakeArm
    folder: Path
    data: dict[str, Any]
    programs: dict[str, str] = field(default_factory=lambda: {"pulumi": "v3.272.0"})
    results: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    github: dict[str, tuple[int, str]] = field(default_factory=dict)
    now: datetime = datetime(2026, 11, 29, tzinfo=UTC)

    @property
    def record(self) -> Record:
        self.file.write_text(json.dumps(self.data))
        return load_record("prod", str(self.file))

    @property
    def file(self) -> Path:
        return self.folder / "record.json"

    def inputs(self, type_: str) -> dict[str, Any]:
        """Inputs, to be altered, of the first resource of a type."""
        found: dict[str, Any] = next(one["inputs"] for one in self.data["resources"] if one["type"] == type_)
        return found

    def __call__(self, *arguments: str) -> int:
        self.file.write_text(json.dumps(self.data))
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        tools = Tools(
            connect=lambda: Clock().client(self.fake.url),
            ask=lambda program: self.programs.get(program[0]),
            github=lambda path: self.github.get(path, (404, "{}")),
            environment={"GITHUB_REPOSITORY": "o/r"},
            clock=lambda: self.now,
        )
        code = main(["preflight", "prod", "--record", str(self.file), "--json", str(report), *arguments], tools)
        self.results = {}
        for one in json.loads(report.read_text())["results"] if report.exists() else ():
            self.results.setdefault(one["step"], []).append((one["status"], one["target"], one["detail"]))
        return code

    def missing(self, check: str) -> str:
        """What a check found missing."""
        return "; ".join(f"{target}: {detail}" for status, target, detail in self.results[check] if status == "missing")


def real(one: Declared | str, record: Record) -> str:
    text = one if isinstance(one, str) else one.id
    return SUBSCRIPTION + text[len(record.subscription) :]


def ready(fake: FakeArm, record: Record) -> None:
    """A subscription in which prod can be made."""
    fake.subscriptions = [SUBSCRIPTION.rsplit("/", 1)[-1]]
    types: dict[str, dict[str, tuple[list[str], list[str]]]] = {name: {} for name in needed_namespaces(record)}
    for one in record.resources:
        namespace, _, kind = one.arm.partition("/")
        rows = next(rows for name, rows in types.items() if name.lower() == namespace.lower())
        regions, versions = rows.setdefault(kind, ([], []))
        regions += ["East US 2", "Central US"] if one.location else []
        versions.append(one.api_version or "2024-01-01")
    for name, rows in types.items():
        fake.namespace(name, **rows)
    fake.namespace("Microsoft.ContainerRegistry", registries=(["East US 2"], ["2025-04-01", "2024-11-01-preview"]))
    fake.made.add(
        f"{SUBSCRIPTION}/resourceGroups/rg-mss-shared/providers/Microsoft.ContainerRegistry/registries/medspasyncpro"
    )
    server = record.of(DATABASE)[0]
    fake.capabilities = {
        "restricted": "Disabled",
        "zoneRedundantHaSupported": "Enabled",
        "geoBackupSupported": "Enabled",
        "supportedServerVersions": [{"name": server.inputs["version"]}],
        "supportedServerEditions": [
            {
                "name": at(server.inputs, "sku.tier"),
                "supportedServerSkus": [
                    {
                        "name": at(server.inputs, "sku.name"),
                        "supportedZones": ["1", "2", "3"],
                        "supportedHaMode": ["SameZone", "ZoneRedundant"],
                    }
                ],
            }
        ],
    }
    fake.usages = {
        "Microsoft.DBforPostgreSQL": {"cores": (0, 100), "standardDDSv5Family": (0, 100)},
        **{row.path.split("/")[0]: {} for row in quotas().values()},
    }
    for row in quotas().values():
        fake.usages[row.path.split("/")[0]][row.name] = (1, 100)
    skus = {(one.inputs["sku"]["name"], one.location) for one in record.of("azure-native:storage:StorageAccount")}
    fake.storage_skus = [{"name": name, "locations": [region]} for name, region in skus]
    fake.worker_regions = ["East US 2", "Central US"]
    fake.watchers = {real(watcher, record) for watcher in watchers(record)}
