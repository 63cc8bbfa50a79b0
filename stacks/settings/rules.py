"""Rules between sections of the stack config."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic.alias_generators import to_camel

from documents.problems import Bare, Problem
from stacks.catalogues.secrets import CATALOGUE, catalogue
from stacks.settings import apps, archive, backup, database, jobs, security, slo
from stacks.settings.bus import bus_problems
from stacks.settings.domains import domain_problems, unused_externals
from stacks.settings.edge_rules import edge_problems
from stacks.settings.gateway import gateway_problems
from stacks.settings.model import Settings
from stacks.settings.network import app_instance_problems, private_endpoint_problems
from stacks.settings.offers import database_offers, gateway_offers, plan_offers, zone_problems
from stacks.settings.plans import PlanSettings

MORE = Bare("(more may follow)")


RULES: Sequence[tuple[Sequence[str], Callable[..., Iterator[Problem]]]] = (
    (("platform", "plans", "apps", "registry"), apps.cross_problems),
    (("network", "apps"), apps.outbound_problems),
    (("database", "platform"), database.cross_problems),
    (("database", "platform"), database_offers),
    (("plans", "platform"), plan_offers),
    (("api_management", "platform"), gateway_offers),
    (("database_job", "registry", "apps"), jobs.cross_problems),
    (("database", "database_job", "apps"), jobs.credential_problems),
    (("archive", "platform"), archive.cross_problems),
    (("backup", "platform"), backup.cross_problems),
    (("event_bus", "apps"), bus_problems),
    (("slo", "apps"), slo.cross_problems),
    (("security", "monitoring"), security.cross_problems),
    (("subscription", "security", "archive"), security.owner_problems),
    (("front_door", "waf", "apps", "api_management", "platform"), edge_problems),
    (("api_management", "front_door", "network", "apps"), gateway_problems),
)
"""Rules between sections: the fields of `Settings` that a rule reads, in its order, and the rule."""


def cross_section_problems(sections: Mapping[str, Any], wrong: Collection[str]) -> Iterator[Problem]:
    """Mistakes that no section can see alone. Keys are full paths without the namespace.

    sections: all by field of `Settings`; those in ``wrong`` have mistakes of their own. A rule that reads one
    of these is left out, and a last problem says so.
    """
    for names, rule in RULES:
        if not set(names) & set(wrong):
            yield from rule(*(sections[name] for name in names))
    if "platform" not in wrong:
        right = {to_camel(name): section for name, section in sections.items() if name not in wrong}
        yield from zone_problems(sections["platform"], right)
        if "apps" not in wrong:
            yield from domain_problems(sections["platform"], sections["apps"], _given(right))
    if wrong:
        yield Problem("", MORE, "rules between sections are tried when each of them is right by itself")
        return
    settings = Settings.model_construct(**sections)
    right = {to_camel(name): section for name, section in sections.items()}
    yield from unused_externals(settings.platform, _given(right))
    yield from _room_problems(settings)
    yield from _secret_problems(settings)
    yield from _vault_name_problems(settings)


def _given(sections: Mapping[str, Any]) -> dict[str, Any]:
    return {key: section for key, section in sections.items() if section is not None}


def private_endpoints(settings: Settings) -> int:
    """How many private endpoints the stack makes: vaults, archive, flow logs, cache, bus, gateway, Grafana, apps and
    slots that are reached privately."""
    vaults = len(settings.apps) + 1 + int(settings.database.geo_redundant_backup)
    vaults += int(jobs.installs_credentials(settings.database_job, settings.apps))
    sites = sum(1 + int(app.slot) for app in settings.apps.values() if app.ingress == "privateLink")
    grafana = settings.dashboards.managed_grafana
    single = (
        settings.cache is not None,
        settings.network.flow_logs is not None,
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
