"""What a stack must never be without, whatever its own file says. An empty population is no pass here.

The subject is what must not be without: a database without its jobs, an app without its slot. The lists are the rules'
own (policies/data/floor.yaml), so that a catalogue that loses an entry is caught. A stack whose resources all bear
``data-classification: test-data`` may be without what only patients' data need; no tag counts as ``phi``.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from facts.log_containers import ACTIVITY_LOG_CONTAINER
from facts.schedules import longest_pause
from policies.compare import same
from policies.data import table
from policies.projects import PLATFORM
from policies.resource import UNKNOWN, Resource
from policies.rule import about, at_least, must, rule
from policies.rules.app_settings import SETTINGS
from policies.rules.monitoring import WORKSPACE
from policies.rules.postgres import SERVER, is_primary
from policies.view import Stack

APP, PLAN, SLOT, AUTOSCALE = "web:WebApp", "web:AppServicePlan", "web:WebAppSlot", "monitor:AutoscaleSetting"
JOB, VAULT, PROFILE = "app:Job", "keyvault:Vault", "cdn:Profile"
CACHE, BUS = "redisenterprise:RedisEnterprise", "servicebus:Namespace"
CONTAINER, WORM = "storage:BlobContainer", "storage:BlobContainerImmutabilityPolicy"
ACTIVITY_LOG, PRICING, CONTACT = "monitor:SubscriptionDiagnosticSetting", "security:Pricing", "security:SecurityContact"
INITIATIVE = "authorization:PolicyAssignment"
CLASS = "tags.data-classification"
SIX_YEARS = 2191
"""Days; the Tables API takes no value between 2191 and 2556."""

_ELASTIC = re.compile(r"^[SPI]\d", re.IGNORECASE)
"""Sizes of App Service plans with deployment slots and autoscale: Standard, Premium and Isolated
(learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits, App Service limits)."""


def is_ours(resource: Resource) -> bool:
    """Whether the platform's program declared it, whose floor this is: the bootstrap holds no patients' data."""
    return resource.project == PLATFORM


def may_hold_phi(resource: Resource, stack: Stack) -> bool:
    """Whether patients' data may be in the stack: unless ``resource`` and all that bear the tag say ``test-data``."""
    return is_ours(resource) and (not resource.has(CLASS) or not is_test_data(stack))


def is_test_data(stack: Stack) -> bool:
    """Whether all that bear the tag of a data classification say ``test-data``."""
    return stack.remember(_classes) == {"test-data"}


def _classes(stack: Stack) -> set[Any]:
    return {tag for each in stack.resources for tag in each.leaves(CLASS)}


def of_primary(server: Resource, stack: Stack) -> bool:
    """Whether it is a database of its own that may hold patients' data."""
    return is_primary(server, stack) and may_hold_phi(server, stack)


@rule(
    "FLOOR-JOBS",
    "The database has the jobs that make it, change it, look after it, prove it and retire its records",
    on=SERVER,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(b)", "164.312(c)(1)"],
    remediation="Give the stack a medspasync:databaseJob with an image; row-level security and the audit chain come "
    "from the jobs.",
    source="requirement S13; policies/data/floor.yaml, jobs",
    where=of_primary,
)
def database_jobs(_server: Resource, stack: Stack) -> Iterator[str]:
    jobs: dict[str, list[Resource]] = {}
    for job in stack.by_type(JOB):
        for container in job.each("template.containers"):
            words = [str(word) for word in container.get("command") or ()] + [
                str(word) for word in container.get("args") or ()
            ]
            if "database" in words[:-1]:
                jobs.setdefault(words[words.index("database") + 1], []).append(job)
    for command, row in table("floor")["jobs"].items():
        triggers = {str(job.get("configuration.triggerType")).capitalize(): job for job in jobs.get(command, ())}
        if not triggers:
            yield f"there is no job that runs it: {command} ({row['why']})"
        elif row["trigger"] not in triggers:
            yield f"its job {command} is started {' or '.join(sorted(triggers))}, must be {row['trigger']}"
        elif "longestHours" in row:
            yield from _too_seldom(command, triggers[row["trigger"]], row["longestHours"], row["why"])


def _too_seldom(command: str, job: Resource, most: int, why: str) -> Iterator[str]:
    cron = job.known("configuration.scheduleTriggerConfig.cronExpression")
    if cron is UNKNOWN:
        return
    try:
        pause = longest_pause(str(cron))
    except ValueError as error:
        yield f"its job {command} has no schedule that can be read: {error}"
        return
    if pause is None or pause > timedelta(hours=most):
        told = "for years" if pause is None else f"for {pause / timedelta(hours=1):g} hours"
        yield f"its job {command} ({cron}) does not run {told}, must be at most {most} ({why})"


@rule(
    "FLOOR-SLOT",
    "An app whose plan has slots has one, so that a deployment is a swap and a swap back",
    on=APP,
    severity="high",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Set slot to true for the app, or give it a plan without slots.",
    source="requirement S17; App Service limits: Standard has 5 slots, Premium and Isolated 20, Basic none",
    where=lambda app, stack: is_ours(app) and _is_elastic(app, "serverFarmId", stack),
)
def app_slot(app: Resource, stack: Stack) -> Iterator[str]:
    if not stack.parts(app, "name", SLOT):
        yield "it has no slot of this stack"


TWO_ZONES = 2
"""Workers that a plan over zones needs (learn.microsoft.com/azure/reliability/reliability-app-service)."""


@rule(
    "FLOOR-AUTOSCALE",
    "A plan that can scale does",
    on=PLAN,
    severity="medium",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Give the plan an autoscale setting that is on and has rules, or a size without autoscale.",
    source="requirement S19; learn.microsoft.com/azure/azure-monitor/autoscale/autoscale-get-started",
    where=lambda plan: is_ours(plan) and bool(_ELASTIC.match(str(plan.get("sku.name")))),
)
def autoscale(plan: Resource, stack: Stack) -> Iterator[str]:
    settings = stack.holders(plan, "targetResourceUri", AUTOSCALE)
    if not settings:
        yield "no autoscale setting of this stack is for it"
    for setting in settings:
        yield from about(setting, must(setting, "enabled", True))
        if not any(True for _ in setting.leaves("profiles[].capacity.maximum")):
            yield f"{setting} has no profile"
        elif not {UNKNOWN, "Increase"} & set(setting.leaves("profiles[].rules[].scaleAction.direction")):
            yield f"{setting} has no rule that adds a worker"
        known = (each for each in setting.leaves("profiles[].capacity.minimum") if each is not UNKNOWN)
        least = min(map(float, known), default=TWO_ZONES)
        if same(plan.get("zoneRedundant"), True) and least < TWO_ZONES:
            yield f"{setting}: capacity.minimum is {least:g}, must be {TWO_ZONES} or more for a plan of several zones"


def _is_elastic(app: Resource, path: str, stack: Stack) -> bool:
    """Whether the app's plan has slots; the plan of another stack counts as one that does."""
    plans = stack.targets(app, path, PLAN)
    return not plans or any(_ELASTIC.match(str(plan.get("sku.name"))) for plan in plans)


@rule(
    "FLOOR-RETENTION",
    "The tables that audits read are kept for six years",
    on=[WORKSPACE, SERVER],
    severity="high",
    controls=["164.312(b)", "164.316(b)(2)(i)"],
    remediation="Give the workspace each of these tables with totalRetentionInDays of 2191 or more.",
    source="six years, as 164.316(b)(2)(i) asks for documentation; policies/data/floor.yaml, tables",
    where=may_hold_phi,
)
def retention(_resource: Resource, stack: Stack) -> Iterator[str]:
    tables = {str(each.get("tableName")): each for each in stack.by_type("operationalinsights:Table")}
    for name, why in table("floor")["tables"].items():
        if name not in tables:
            yield f"nothing says how long table {name} is kept ({why})"
        else:
            yield from (f"table {name}: {m}" for m in at_least(tables[name], "totalRetentionInDays", SIX_YEARS, "days"))


@rule(
    "FLOOR-ARCHIVE",
    "Records of the database and of access to it go to an archive that nobody can change",
    on=[WORKSPACE, SERVER],
    severity="high",
    controls=["164.312(c)(1)", "164.312(b)", "164.316(b)(2)(i)"],
    remediation="Declare the archive's container, with its immutability policy and what feeds it (medspasync:archive).",
    source="requirement S15; policies/data/floor.yaml, containers and activity",
    where=may_hold_phi,
)
def archive(_resource: Resource, stack: Stack) -> Iterator[str]:
    containers = {str(each.get("containerName")): each for each in stack.by_type(CONTAINER)}
    required = table("floor")["containers"]
    if owned := stack.by_type(ACTIVITY_LOG):
        required = required | {ACTIVITY_LOG_CONTAINER: "who changed what of Azure"}
        sent = {category for each in owned for category in _archived(each, stack)}
        for category, why in table("floor")["activity"].items():
            if category not in sent:
                yield f"the subscription's activity log is not sent to the archive: {category} ({why})"
    for name, why in required.items():
        container = containers.get(name)
        if container is None or not stack.owners(container, "accountName", "storage:StorageAccount"):
            yield f"the archive has no container {name} ({why})"
        elif not stack.parts(container, "containerName", WORM):
            yield f"container {name} has no immutability policy ({why})"


def _archived(setting: Resource, stack: Stack) -> Iterator[str]:
    """The categories of the activity log that a setting sends to a storage account of this stack."""
    if stack.targets(setting, "storageAccountId", "storage:StorageAccount"):
        for entry in setting.each("logs"):
            if not same(entry.get("enabled"), False):
                yield str(entry.get("category"))


@rule(
    "FLOOR-SLO",
    "An app that patients use has an alert on its service level",
    on=APP,
    severity="medium",
    controls=["164.308(a)(7)(ii)(C)", "164.308(a)(6)(ii)"],
    remediation="Give the app an objective under medspasync:slo.objectives.",
    source="requirement S23; sre.google/workbook/alerting-on-slos",
    where=lambda app, stack: may_hold_phi(app, stack) and bool(_origins(app, stack)),
)
def service_level(app: Resource, stack: Stack) -> Iterator[str]:
    for origin in _origins(app, stack):
        name = str(origin.get("originName"))
        if not any(f'"{name}"' in query for query in stack.remember(_queries_of_levels)):
            yield f"no alert is on the service level of {name}"


def _origins(app: Resource, stack: Stack) -> list[Resource]:
    """The origins of Front Door that lead to the app."""
    return stack.holders(app, "sharedPrivateLinkResource.privateLink.id", "cdn:AFDOrigin") or stack.holders(
        app, "hostName", "cdn:AFDOrigin", by="defaultHostName"
    )


def _queries_of_levels(stack: Stack) -> list[str]:
    alerts = stack.by_type("monitor:ScheduledQueryRule")
    of_levels = [each for each in alerts if str(each.get("tags.alert")).startswith("slo-")]
    return [str(text) for alert in of_levels for text in alert.leaves("criteria.allOf[].query")]


@rule(
    "FLOOR-SECURITY",
    "Whoever owns the subscription has Defender on, somebody who hears of it, and the HIPAA initiative assigned",
    on=ACTIVITY_LOG,
    severity="high",
    controls=["164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)"],
    remediation="Give the stack its medspasync:security: Defender plans, contact, policies.",
    source="requirement S28; policies/data/floor.yaml, plans and initiatives",
    where=lambda setting, stack: is_ours(setting) and not is_test_data(stack),
)
def security(_setting: Resource, stack: Stack) -> Iterator[str]:
    on = {str(each.get("pricingName")) for each in stack.by_type(PRICING) if same(each.get("pricingTier"), "Standard")}
    for plan, why in table("floor")["plans"].items():
        if plan not in on:
            yield f"the Defender plan {plan} is off ({why})"
    if not any(each.get("isEnabled") and each.has("emails") for each in stack.by_type(CONTACT)):
        yield "nobody hears of Defender's alerts: there is no security contact with an address"
    assigned = {str(each.get("policyDefinitionId")).lower().rsplit("/", 1)[-1] for each in stack.by_type(INITIATIVE)}
    for initiative, why in table("floor")["initiatives"].items():
        if initiative not in assigned:
            yield f"the policy initiative {initiative} is not assigned ({why})"


@rule(
    "FLOOR-CACHE",
    "An app that is told a cache's address has one",
    on=SETTINGS,
    severity="high",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Give the stack its cache, or take the setting from the app.",
    source="requirement S14; the app's setting REDIS_URL",
    where=lambda settings: is_ours(settings) and settings.has("properties.REDIS_URL"),
)
def cache(_settings: Resource, stack: Stack) -> Iterator[str]:
    clusters = stack.by_type(CACHE)
    if not any(stack.parts(each, "clusterName", "redisenterprise:Database") for each in clusters):
        yield "it names a cache, and this stack has none with a database"


@rule(
    "FLOOR-BUS",
    "An app that is told a message bus has one",
    on=SETTINGS,
    severity="high",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Give the stack its message bus, or take the setting from the app.",
    source="requirement S32; the app's setting SERVICE_BUS_HOST",
    where=lambda settings: is_ours(settings) and settings.has("properties.SERVICE_BUS_HOST"),
)
def bus(settings: Resource, stack: Stack) -> Iterator[str]:
    host = next(iter(settings.leaves("properties.SERVICE_BUS_HOST")), "")
    names = [str(each.get("namespaceName")).lower() for each in stack.by_type(BUS)]
    if not names or (isinstance(host, str) and host.partition(".")[0].lower() not in names):
        yield "it names a message bus that this stack has not"
