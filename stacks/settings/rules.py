"""Rules between sections of the stack config."""

from __future__ import annotations

from collections.abc import Iterator

from documents.problems import Problem
from stacks.settings import apps, archive, backup, credentials, dashboards, database, jobs, security, slo, subscription
from stacks.settings.bus import bus_problems
from stacks.settings.edge_rules import edge_apps, edge_problems
from stacks.settings.gateway import gateway_problems
from stacks.settings.model import Settings
from stacks.settings.network import app_instance_problems, private_endpoint_problems
from stacks.settings.plans import PlanSettings
from stacks.settings.secrets import CATALOGUE, catalogue


def cross_section_problems(settings: Settings) -> Iterator[Problem]:
    """Mistakes that no section can see alone. Keys are full paths without the namespace."""
    yield from apps.cross_problems(settings.platform, settings.plans, settings.apps, settings.registry)
    yield from database.cross_problems(settings.database, settings.platform)
    yield from jobs.cross_problems(settings.database_job, settings.platform, settings.registry, settings.apps)
    yield from credentials.cross_problems(settings.database, settings.database_job, settings.apps)
    yield from archive.cross_problems(settings.archive, settings.platform)
    yield from backup.cross_problems(settings.backup, settings.platform)
    yield from bus_problems(settings.event_bus, settings.apps)
    yield from slo.cross_problems(settings.slo, settings.apps)
    yield from security.cross_problems(settings.security, settings.monitoring)
    yield from subscription.cross_problems(settings.subscription, settings.security, settings.archive)
    yield from dashboards.cross_problems(settings.dashboards, settings.platform)
    seen = edge_apps(settings.apps, settings.api_management.apis)
    yield from edge_problems(settings.front_door, settings.waf, seen, settings.platform.location)
    yield from gateway_problems(settings.api_management, settings.front_door, settings.network, settings.apps)
    yield from _room_problems(settings)
    yield from _secret_problems(settings)
    yield from _vault_name_problems(settings)


def private_endpoints(settings: Settings) -> int:
    """How many private endpoints the stack makes: vaults, archive, cache, bus, gateway, Grafana, privately reached
    apps and slots."""
    vaults = len(settings.apps) + 1 + int(settings.database.geo_redundant_backup)
    vaults += int(credentials.installs_credentials(settings.database_job, settings.apps))
    sites = sum(1 + int(app.slot) for app in settings.apps.values() if app.ingress == "privateLink")
    grafana = settings.dashboards.managed_grafana
    single = (
        settings.cache is not None,
        settings.event_bus.tier == "premium",
        settings.api_management.on,
        grafana is not None and not grafana.public_network,
    )
    return vaults + 1 + sites + single.count(True)


def _room_problems(settings: Settings) -> Iterator[Problem]:
    yield from private_endpoint_problems(settings.network, private_endpoints(settings))
    yield from app_instance_problems(settings.network, sum(map(_most_workers, settings.plans.values())))


def _most_workers(plan: PlanSettings) -> int:
    quiet = [plan.schedule.quiet.maximum] if plan.schedule else []
    return max(plan.instances.maximum, *quiet, 0)


def _secret_problems(settings: Settings) -> Iterator[Problem]:
    """Apps read what is for them, plain settings have a value, derived ones a source, the alert webhook is in use."""
    for app, app_settings in settings.apps.items():
        for index, name in enumerate(app_settings.secrets):
            key = f"apps.{app}.secrets[{index}]"
            entry = catalogue()[name]
            if not entry.may_be_read_by(app):
                readers = ", ".join([entry.owner, *entry.readers])
                yield Problem(key, name, f"one that {app} may read; {CATALOGUE} lets only these read it: {readers}")
            if entry.origin == "setting" and not entry.retired and name not in settings.vaults.settings:
                yield Problem(f"vaults.settings.{name}", None, f"required: {key} reads it")
            if name == "REDIS-URL" and settings.cache is None:
                yield Problem(key, name, "another secret, or a `cache` section: this stack has no Redis")
    webhook = settings.monitoring.webhook_secret
    if webhook is not None and catalogue()[webhook].retired:
        yield Problem("monitoring.webhookSecret", webhook, f"a secret of {CATALOGUE} that is not retired")


def _vault_name_problems(settings: Settings) -> Iterator[Problem]:
    for part, what in (("keys", "encryption keys"), ("geo", "encryption keys"), ("database", "the database job")):
        if part in settings.apps:
            yield Problem(f"apps.{part}", part, f"another name: the vault of {what} is called {part}")
