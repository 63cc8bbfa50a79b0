"""How long the archive keeps what, and that the network's flows are recorded and analysed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from assurance.check.demand import Demand, demand, made_from
from assurance.check.expected_logs import RETENTION
from assurance.check.places import Places
from assurance.record import Resource
from assurance.references import References
from policies.rule import RuleInfo
from policies.rules.monitoring import WORKSPACE
from stacks.settings.archive import DATABASE_AUDIT
from stacks.settings.model import Settings

FLOWS = partial(RuleInfo, source="the stack's file")(
    "EXPECT-FLOW-LOG",
    "The network's flows are recorded and analysed as the stack file says",
    "high",
    ("164.312(b)", "164.308(a)(1)(ii)(D)"),
    "Give the virtual network its flow log with traffic analytics (medspasync:network.flowLogs).",
)
WORM, SOFT_DELETE, EXPIRY = (
    "storage:BlobContainerImmutabilityPolicy",
    "storage:BlobServiceProperties",
    "storage:ManagementPolicy",
)
KEY = "medspasync:archive"


def archive_demands(references: References, settings: Settings, places: Places) -> Iterator[Demand]:
    """Every container's days, how long a deleted record can be brought back, and when one goes by itself."""
    file, archive = f"Pulumi.{references.record.stack}.yaml", settings.archive
    containers = {one.inputs.get("containerName"): one for one in references.by_type("storage:BlobContainer")}
    for name, key in _containers(settings).items():
        container = containers.get(name)
        found = references.holders(container, "containerName", WORM, by="containerName") if container else []
        wanted: dict[str, Any] = {"immutabilityPeriodSinceCreationInDays": archive.retention_days}
        yield demand(RETENTION, f"retention of container {name}", places.of(file, key), found, wanted)
    kept = {"enabled": True, "days": archive.soft_delete_days}
    wanted = {"deleteRetentionPolicy": kept, "containerDeleteRetentionPolicy": kept}
    origin = places.of(file, f"{KEY}.softDeleteDays")
    yield demand(
        RETENTION, "soft delete of the archive", origin, made_from(references.by_type(SOFT_DELETE), KEY), wanted
    )
    expiry = made_from(references.by_type(EXPIRY), KEY)
    made = demand(RETENTION, "end of the archive's records", places.of(file, f"{KEY}.deleteAfterDays"), expiry)
    days = {day for one in expiry for day in _expiries(one)}
    if expiry and days != {archive.delete_after_days}:
        made = Demand(**{**vars(made), "problems": [f"it deletes after {sorted(days)} days"]})
    yield made


def _containers(settings: Settings) -> dict[str, str]:
    """Every container by name, as Azure names what it writes to, and the entry that asks for it."""
    archive = settings.archive
    found = {f"am-{table.lower()}": f"{KEY}.tables[{index}]" for index, table in enumerate(archive.tables)}
    for source, categories in (("frontDoor", archive.direct.front_door), ("database", archive.direct.database)):
        found |= {f"insights-logs-{category.lower()}": f"{KEY}.direct.{source}" for category in categories}
    found |= {"insights-activity-logs": f"{KEY}.activityLog"} if archive.activity_log else {}
    return found | ({DATABASE_AUDIT: "medspasync:databaseJob.retirement"} if settings.database_job.image else {})


def _expiries(policy: Resource) -> Iterator[int]:
    for rule in policy.inputs.get("policy", {}).get("rules", ()):
        if rule.get("enabled") is True:
            yield rule["definition"]["actions"]["baseBlob"]["delete"]["daysAfterModificationGreaterThan"]


def flow_demands(references: References, settings: Settings, places: Places) -> Iterator[Demand]:
    """The flow log of the network, where the stack file asks for one."""
    flows = settings.network.flow_logs
    if flows is None:
        return
    found = references.by_type("network:FlowLog")
    analytics = "flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration"
    wanted = {
        "enabled": True,
        "retentionPolicy": {"enabled": True, "days": flows.retention_days},
        "flowAnalyticsConfiguration": {
            "networkWatcherFlowAnalyticsConfiguration": {
                "enabled": True,
                "trafficAnalyticsInterval": flows.analytics_minutes,
            }
        },
    }
    origin = places.of(f"Pulumi.{references.record.stack}.yaml", "medspasync:network.flowLogs")
    made = demand(FLOWS, "flow log of the network", origin, found, wanted)
    refers = {
        "it is not of the network": ("targetResourceId", "network:VirtualNetwork"),
        "its analytics do not write to the workspace": (f"{analytics}.workspaceResourceId", WORKSPACE),
    }
    problems = [
        problem
        for one in found[:1]
        for problem, (path, type_) in refers.items()
        if not references.targets(one, path, type_)
    ]
    yield Demand(**{**vars(made), "problems": [*made.problems, *problems]})
