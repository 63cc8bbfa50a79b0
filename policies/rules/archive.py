"""What is sent to the audit archive, and the containers it lands in: feeding services choose their names."""

from collections.abc import Iterator

from facts.log_containers import ACTIVITY_LOG_CONTAINER, LOG_CONTAINERS, category_container, table_container
from policies.compare import same
from policies.resource import Resource, lookup, token
from policies.rule import about, at_least, must, rule
from policies.rules.floor import ACTIVITY_LOG, CONTAINER, WORM, may_hold_phi
from policies.view import Stack

ACCOUNT = "storage:StorageAccount"
KEPT = "immutabilityPeriodSinceCreationInDays"
SIX_YEARS = 2192
"""Days in any six calendar years. Policy choice: 164.316(b)(2)(i) asks six years for documentation, not for logs."""
EXPORT, SETTING = "operationalinsights:DataExport", "monitor:DiagnosticSetting"
FEEDS = [EXPORT, SETTING, ACTIVITY_LOG]


def _account_path(feed: Resource) -> str:
    return "resourceId" if feed.type == token(EXPORT) else "storageAccountId"


def written(feed: Resource) -> Iterator[str]:
    """The containers that Azure Monitor writes a feed to."""
    if feed.type == token(EXPORT):
        yield from (table_container(str(name)) for name in feed.each("tableNames"))
    elif feed.type == token(ACTIVITY_LOG):
        yield ACTIVITY_LOG_CONTAINER
    else:
        for entry in feed.each("logs"):
            if entry.get("enabled") and entry.get("category"):
                yield category_container(str(entry.get("category")))


@rule(
    "ARCH-FEED-PROTECTED",
    "Whatever is sent to the archive lands in a container that was declared for it",
    on=FEEDS,
    severity="high",
    controls=["164.312(c)(1)", "164.312(b)"],
    remediation="Declare the container in advance with its immutability policy: one that Azure makes has none.",
    source="learn.microsoft.com/azure/azure-monitor/essentials/resource-logs (container names)",
    where=lambda feed: feed.has(_account_path(feed)),
)
def feed_protected(feed: Resource, stack: Stack) -> Iterator[str]:
    for account in stack.targets(feed, _account_path(feed), ACCOUNT):
        declared = {str(container.get("containerName")) for container in stack.parts(account, "accountName", CONTAINER)}
        missing = sorted(set(written(feed)) - declared)
        if missing:
            yield f"{account} has no container {', '.join(missing)}, which it writes to"
        if feed.type == token(SETTING) and any(True for _ in feed.leaves("logs[].categoryGroup")):
            yield "it sends a group of categories, so that nobody knows the containers in advance"


@rule(
    "ARCH-CONTAINER-FED",
    "Every container that is declared for a log is fed",
    on=CONTAINER,
    severity="high",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Add the export or diagnostic setting that writes to it, or remove the container.",
    source="requirement S15: an archive that nothing feeds proves nothing",
    where=lambda container: str(container.get("containerName", "")).startswith(LOG_CONTAINERS),
)
def container_fed(container: Resource, stack: Stack) -> Iterator[str]:
    name = container.get("containerName")
    for account in stack.owners(container, "accountName", ACCOUNT):
        feeds = [feed for type_ in FEEDS for feed in _feeds(account, type_, stack)]
        if not any(name in written(feed) for feed in feeds):
            yield f"no export or diagnostic setting of this stack writes to {name}"


def _feeds(account: Resource, type_: str, stack: Stack) -> list[Resource]:
    if type_ == EXPORT:
        return [feed for feed in stack.holders(account, "resourceId", EXPORT) if not same(feed.get("enable"), False)]
    return stack.holders(account, "storageAccountId", type_)


@rule(
    "ST-WORM",
    "What is archived cannot be changed or deleted for six years, and can be appended to",
    on=CONTAINER,
    severity="high",
    controls=["164.312(c)(1)", "164.312(c)(2)", "164.316(b)(2)(i)"],
    remediation="Give the container an immutability policy of 2192 days or more that allows protected append writes.",
    source="policy choice: six years, as 164.316(b)(2)(i) asks for documentation; diagnostics write append blobs",
)
def worm(container: Resource, stack: Stack) -> Iterator[str]:
    policies = _policies(container, stack)
    if not policies:
        yield "it has no immutability policy"
    for policy in policies:
        yield from about(policy, at_least(policy, KEPT, SIX_YEARS, "days"))
        if not (policy.get("allowProtectedAppendWrites") or policy.get("allowProtectedAppendWritesAll")):
            yield f"{policy}: protected append writes are not allowed, so a log cannot grow"


@rule(
    "ARCH-RECOVERABLE",
    "A record or container that is deleted from the archive can be brought back",
    on=ACCOUNT,
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(7)(ii)(A)"],
    remediation="Turn on soft delete of blobs and of containers for 7 days or more (blob service properties).",
    source="CIS Azure Foundations 3.11; learn.microsoft.com/azure/storage/blobs/soft-delete-container-overview",
    where=lambda account, stack: _is_archive(account, stack),
)
def recoverable(account: Resource, stack: Stack) -> Iterator[str]:
    services = stack.parts(account, "accountName", "storage:BlobServiceProperties")
    if not services:
        yield "it has no blob service properties, so that nothing deleted comes back"
    for service in services:
        for kind in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"):
            yield from must(service, f"{kind}.enabled", True)
            yield from at_least(service, f"{kind}.days", 7, "days")


@rule(
    "ARCH-REDUNDANT",
    "The archive survives the loss of a region",
    on=ACCOUNT,
    severity="high",
    controls=["164.308(a)(7)(ii)(A)", "164.310(d)(2)(iv)", "164.316(b)(2)(i)"],
    remediation="Set sku.name to Standard_GZRS, or another that copies to the paired region.",
    source="PSRule Azure.Storage.UseReplication (AZR-000195); "
    "learn.microsoft.com/azure/storage/common/storage-redundancy",
    where=lambda account, stack: _is_archive(account, stack) and may_hold_phi(account, stack),
)
def redundant(account: Resource) -> Iterator[str]:
    yield from must(account, "sku.name", *(f"Standard_{kind}" for kind in ("GZRS", "RAGZRS", "GRS", "RAGRS")))


@rule(
    "ARCH-EXPIRY",
    "A record of the archive goes when it need not be kept any more, and not before",
    on=ACCOUNT,
    severity="medium",
    controls=["164.316(b)(2)(i)", "164.312(c)(1)"],
    remediation="Give the account a lifecycle rule that deletes after the containers' immutability ends.",
    source="requirement S15; learn.microsoft.com/azure/storage/blobs/lifecycle-management-overview",
    where=lambda account, stack: _is_archive(account, stack),
)
def expiry(account: Resource, stack: Stack) -> Iterator[str]:
    kept = [int(policy.get(KEPT, 0)) for each in _containers(account, stack) for policy in _policies(each, stack)]
    days = deleted_after(account, stack)
    if not days:
        yield "no lifecycle rule deletes what is past its retention"
    elif min(days) < max(kept):
        yield f"a lifecycle rule deletes after {min(days)} days what must be kept for {max(kept)}"


DELETES = tuple(
    f"definition.actions.baseBlob.delete.daysAfter{event}GreaterThan"
    for event in ("Modification", "Creation", "LastAccessTime")
)
"""What a lifecycle rule counts the days from."""


def deleted_after(account: Resource, stack: Stack) -> list[int]:
    """The days after which each lifecycle rule of a storage account that is on deletes."""
    return [
        int(lookup(each, path))
        for policy in stack.parts(account, "accountName", "storage:ManagementPolicy")
        for each in policy.each("policy.rules")
        for path in DELETES
        if not same(each.get("enabled"), False) and lookup(each, path) is not None
    ]


def _containers(account: Resource, stack: Stack) -> list[Resource]:
    return stack.parts(account, "accountName", CONTAINER)


def _policies(container: Resource, stack: Stack) -> list[Resource]:
    return stack.parts(container, "containerName", WORM)


def _is_archive(account: Resource, stack: Stack) -> bool:
    return any(_policies(each, stack) for each in _containers(account, stack))
