"""Changes that a pull request might hold, made in copies of prod's record."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from assurance.compare.changes import find_changes
from assurance.compare.choice import Comparison
from assurance.compare.cost import compare_bills
from assurance.compare.pairing import pair_revisions
from assurance.compare.posture.build import find_posture
from assurance.compare.posture.keys import name_keys
from assurance.compare.report import StackComparison
from assurance.record import Record, Resource
from tests.harness import ROOT, once, shared_record, stack_record

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"


def base() -> Record:
    """prod as it is, to be read."""
    return shared_record("prod")


def changed(change: Callable[[Record], Any]) -> Record:
    """prod with a change in it."""
    head = stack_record("prod")
    change(head)
    return head


def find(record: Record, type_: str, name: str | None = None) -> Resource:
    """The first resource of a type, or the one of that name."""
    return next(each for each in record.of_type(type_) if name in (None, each.name))


def gone(type_: str, name: str | None = None) -> Callable[[Record], Any]:
    """A change that takes a resource out."""
    return lambda record: record.resources.remove(find(record, type_, name))


def set_to(type_: str, path: str, value: Any, name: str | None = None) -> Callable[[Record], Any]:
    """A change that gives the input at a dotted path (numbers for places in lists) a value."""

    def change(record: Record) -> None:
        *steps, last = path.split(".")
        inner: Any = find(record, type_, name).inputs
        for step in steps:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        inner[int(last) if isinstance(inner, list) else last] = value

    return change


def open_vault(record: Record) -> None:
    """Public access, and no firewall."""
    properties = find(record, "keyvault:Vault", "vault-backend").inputs["properties"]
    properties["publicNetworkAccess"] = "Enabled"
    properties["networkAcls"]["defaultAction"] = "Allow"


def widen_policy(record: Record) -> None:
    """An app may set secrets."""
    vault = find(record, "keyvault:Vault", "vault-backend")
    vault.inputs["properties"]["accessPolicies"][0]["permissions"]["secrets"].append("set")


def move_role(record: Record) -> None:
    """The same role, on the whole subscription."""
    find(record, "authorization:RoleAssignment").inputs["scope"] = SUBSCRIPTION


def rename_tag(record: Record) -> None:
    """On every resource."""
    for each in record:
        if "cost-center" in (each.inputs.get("tags") or {}):
            each.inputs["tags"]["cost-centre"] = each.inputs["tags"].pop("cost-center")


def unprotect(record: Record) -> None:
    """The engine may delete the database."""
    find(record, "dbforpostgresql:Server").options["protect"] = False


def bump_sdk(record: Record) -> None:
    """Another API version for vaults, as another SDK has it."""
    for each in record.of_type("keyvault:Vault"):
        each.apiVersion = "2026-02-01"


def flow_logs_off(record: Record) -> None:
    """The log goes together with the account that it is written to; the network that it is about stays."""
    record.resources = [each for each in record if not each.name.startswith("network-flows")]


def remove_app(record: Record) -> None:
    """All of an app, and what asks for it alone: its firewall, its service level."""
    record.resources = [each for each in record if "marketing" not in each.urn and "www" not in each.name]


def add_app(record: Record) -> None:
    """Take the base's way: what is new is what the base has not."""
    names = ("vault-backend", "app-backend", "identity-backend")
    record.resources = [each for each in record if not each.name.startswith(names)]


def share_secret(record: Record) -> None:
    """A secret that the backend has is put into the vault of the public pages too."""
    shared = deepcopy(find(record, "keyvault:Secret", "backend-jwt-secret"))
    vault = find(record, "keyvault:Vault", "vault-marketing")
    shared.urn, shared.name = shared.urn.replace("backend", "marketing"), "marketing-jwt-secret"
    shared.id = shared.id.replace(shared.inputs["vaultName"], vault.inputs["vaultName"])
    shared.inputs["vaultName"] = vault.inputs["vaultName"]
    shared.propertyDependencies = {}
    record.resources.append(shared)


def swap_people(record: Record) -> None:
    """Another group of the same name is given the database."""
    administrator = find(record, "dbforpostgresql:AdministratorsMicrosoftEntra", BREAK_GLASS)
    administrator.inputs["objectId"] = "00000000-0000-4000-8000-0000000000c9"


def declassify(record: Record) -> None:
    """The stack says that it holds no patients' data."""
    for each in record:
        if "data-classification" in (each.inputs.get("tags") or {}):
            each.inputs["tags"]["data-classification"] = "test-data"


def lower_objective(record: Record) -> None:
    """The error budget of the backend is ten times as large."""
    for condition in find(record, "monitor:ScheduledQueryRule", "slo-backend-availability-fast").inputs["criteria"][
        "allOf"
    ]:
        condition["query"] = condition["query"].replace("/ 0.001", "/ 0.01")


BREAK_GLASS = "postgres-administrator-00000000-0000-4000-8000-0000000000b1"
FIREWALL = "customRules.rules"
EXCLUSION = {"matchVariable": "QueryStringArgNames", "selector": "q", "selectorMatchOperator": "Equals"}
SERVER = "dbforpostgresql:Server"

# by name: the change, and what it does: (area, direction, resource, file), the first of them
SEEDED: dict[str, tuple[Callable[[Record], Any], tuple[str, str, str, str] | None]] = {
    "a vault opened": (open_vault, ("exposure", "weaker", "vault-backend", "Pulumi.prod.yaml")),
    "a limit raised": (
        set_to("frontdoor:Policy", f"{FIREWALL}.5.rateLimitThreshold", 1000, "waf-api"),
        ("rates", "weaker", "waf-api", "stacks/catalogues/rate_limits.yaml"),
    ),
    "a limit dropped": (
        lambda record: find(record, "frontdoor:Policy", "waf-api").inputs["customRules"]["rules"].pop(5),
        ("rates", "weaker", "waf-api", "stacks/catalogues/rate_limits.yaml"),
    ),
    "a policy widened": (widen_policy, ("access", "weaker", "vault-backend", "Pulumi.prod.yaml")),
    "a role moved": (move_role, ("access", "weaker", "app-backend-pull", "Pulumi.prod.yaml")),
    "an alert removed": (
        gone("monitor:ScheduledQueryRule", "alert-app-logs-missing"),
        ("alerts", "weaker", "alert-app-logs-missing", "stacks/catalogues/alerts.yaml"),
    ),
    "a receiver removed": (
        set_to("monitor:ActionGroup", "emailReceivers", []),
        ("alerts", "weaker", "action-group-critical", "Pulumi.prod.yaml"),
    ),
    "an alert made deaf": (
        set_to("monitor:ScheduledQueryRule", "criteria.allOf.0.threshold", 99),
        ("alerts", "weaker", "alert-app-logs-missing", "stacks/catalogues/alerts.yaml"),
    ),
    "retention shortened": (
        set_to("operationalinsights:Workspace", "retentionInDays", 30),
        ("retention", "weaker", "observability", "Pulumi.prod.yaml"),
    ),
    "retention lengthened": (
        set_to("operationalinsights:Workspace", "retentionInDays", 730),
        ("retention", "stronger", "observability", "Pulumi.prod.yaml"),
    ),
    "backups kept shorter": (
        set_to(SERVER, "backup.backupRetentionDays", 30),
        ("backup", "weaker", "postgres", "Pulumi.prod.yaml"),
    ),
    "a private endpoint removed": (
        gone("network:PrivateEndpoint", "vault-backend-private-endpoint"),
        ("exposure", "weaker", "vault-backend-private-endpoint", "Pulumi.prod.yaml"),
    ),
    "a firewall exclusion": (
        set_to("frontdoor:Policy", "managedRules.managedRuleSets.0.exclusions", [EXCLUSION], "waf-api"),
        ("edge", "weaker", "waf-api", "stacks/catalogues/rate_limits.yaml"),
    ),
    "the firewall only detects": (
        set_to("frontdoor:Policy", "policySettings.mode", "Detection", "waf-api"),
        ("edge", "weaker", "waf-api", "Pulumi.prod.yaml"),
    ),
    "a country let in": (
        set_to("frontdoor:Policy", f"{FIREWALL}.1.matchConditions.0.matchValue", ["CU", "IR"], "waf-api"),
        ("edge", "weaker", "waf-api", "Pulumi.prod.yaml"),
    ),
    "a route cached": (
        set_to("cdn:Route", "cacheConfiguration", {"queryStringCachingBehavior": "UseQueryString"}, "edge-backend"),
        ("edge", "weaker", "edge-backend", "Pulumi.prod.yaml"),
    ),
    "a lock lifted": (
        gone("authorization:ManagementLockByScope", "archive-lock"),
        ("backup", "weaker", "archive-lock", "Pulumi.prod.yaml"),
    ),
    "protection lifted": (unprotect, ("backup", "weaker", "postgres", "Pulumi.prod.yaml")),
    "a log switched off": (
        lambda record: find(record, "monitor:DiagnosticSetting").inputs["logs"].pop(0),
        ("logs", "weaker", "app-backend-diagnostics", "Pulumi.prod.yaml"),
    ),
    "an older TLS": (
        set_to("storage:StorageAccount", "minimumTlsVersion", "TLS1_0"),
        ("encryption", "weaker", "archive", "Pulumi.prod.yaml"),
    ),
    "a network rule widened": (
        set_to("network:NetworkSecurityGroup", "securityRules.0.sourceAddressPrefix", "Internet", "subnet-apps"),
        ("exposure", "weaker", "subnet-apps", "stacks/catalogues/network_flows.yaml"),
    ),
    "flow logs switched off": (flow_logs_off, ("logs", "weaker", "network-flows", "Pulumi.prod.yaml")),
    "a secret shared": (share_secret, ("access", "weaker", "marketing-jwt-secret", "stacks/catalogues/secrets.yaml")),
    "people swapped": (swap_people, ("access", "weaker", BREAK_GLASS, "Pulumi.prod.yaml")),
    "patients' data declared away": (declassify, ("rules", "weaker", "alert-processing-backup", "Pulumi.prod.yaml")),
    "a service level lowered": (
        lower_objective,
        ("alerts", "weaker", "slo-backend-availability-fast", "Pulumi.prod.yaml"),
    ),
    "a key used for longer": (
        set_to("keyvault:Key", "properties.rotationPolicy.attributes.expiryTime", "P3Y", "key-postgres-k1"),
        ("encryption", "weaker", "key-postgres-k1", "Pulumi.prod.yaml"),
    ),
    "fewer workers": (
        set_to("monitor:AutoscaleSetting", "profiles.0.capacity.minimum", "2", "plan-api-autoscale"),
        ("backup", "weaker", "plan-api-autoscale", "Pulumi.prod.yaml"),
    ),
    "the budget raised": (
        set_to("consumption:Budget", "amount", 60_000),
        ("alerts", "weaker", "budget", "Pulumi.prod.yaml"),
    ),
    "a job run rarely": (
        set_to("app:Job", "configuration.scheduleTriggerConfig.cronExpression", "30 6 * * 1", "database-jobs-verify"),
        ("logs", "weaker", "database-jobs-verify", "Pulumi.prod.yaml"),
    ),
    "a database parameter dropped": (
        gone("dbforpostgresql:Configuration", "postgres-connection_throttle.enable"),
        ("logs", "weaker", "postgres-connection_throttle.enable", "database/parameters.yaml"),
    ),
    "an archived table dropped": (
        lambda record: find(record, "operationalinsights:DataExport").inputs["tableNames"].pop(),
        ("logs", "weaker", "archive-export", "Pulumi.prod.yaml"),
    ),
    "an app removed": (remove_app, ("exposure", "stronger", "app-marketing", "Pulumi.prod.yaml")),
    "a tag renamed": (rename_tag, None),
    "the SDK bumped": (bump_sdk, None),
    "a SKU raised": (set_to("web:AppServicePlan", "sku.name", "P3v3", "plan-api"), None),
}


def comparison(name: str) -> Comparison:
    """What `assurance compare` finds of a seeded change, the verdicts of rules left out."""
    return once(lambda: _compared(SEEDED[name][0]), "seeded", name)


def _compared(change: Callable[[Record], Any]) -> Comparison:
    before, after = base(), changed(change)
    pairs = pair_revisions(before, after)
    text = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    posture = name_keys(find_posture(before, after, pairs, []), "Pulumi.prod.yaml", (text, text))
    sides = ({"commit": "a" * 40}, {"commit": "b" * 40})
    changes = find_changes(before, after, pairs)
    found = StackComparison("prod", *sides, changes, [], posture, cost=compare_bills(before, after))
    return Comparison([found], {"commit": "b" * 40})
