"""What apps need of other sections, and apps that other sections name."""

from collections.abc import Collection, Iterator, Mapping

from documents.problems import Problem, did_you_mean
from stacks.catalogues.secrets import CATALOGUE, catalogue
from stacks.naming import SUFFIX_LENGTH, Names, name_problem
from stacks.settings.apps import SITE, AppSettings
from stacks.settings.bus import EventBusSettings
from stacks.settings.cache import CacheSettings
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.network import NetworkSettings
from stacks.settings.plans import PlanSettings
from stacks.settings.platform import PlatformSettings
from stacks.settings.registry import RegistrySettings
from stacks.settings.slo import SloSettings
from stacks.settings.vaults import VaultSettings


def app_problems(
    platform: PlatformSettings,
    plans: Mapping[str, PlanSettings],
    apps: Mapping[str, AppSettings],
    registry: RegistrySettings | None,
) -> Iterator[Problem]:
    """Mistakes between apps, and between apps and other sections. Keys are full paths without the namespace."""
    names = Names(platform.short, platform.code, "0" * SUFFIX_LENGTH)
    for name, app in apps.items():
        plan = plans.get(app.plan)
        if plan is None:
            yield Problem(f"apps.{name}.plan", app.plan, f"a plan of `plans`{did_you_mean(app.plan, plans)}")
        else:
            yield from _tier_problems(name, app, plan)
        if app.uses_image and registry is None:
            yield Problem(f"apps.{name}.runtime.image", "…", "`registry` says where images come from, and is missing")
        claimed = {"site": names.global_name(SITE, name)} | ({} if app.vault_name else {"vault": names.vault(name)})
        for kind, claim in claimed.items():
            if wrong := name_problem(kind, str(claim)):
                yield Problem(f"apps.{name}", name, f"a shorter name: {wrong}")
    yield from _twice("hostNames", ((name, host) for name, app in apps.items() for host in app.host_names))
    yield from _twice("vaultName", ((name, app.vault_name) for name, app in apps.items() if app.vault_name))


def outbound_problems(network: NetworkSettings, apps: Mapping[str, AppSettings]) -> Iterator[Problem]:
    """An app in the subnet of front ends cannot reach the database. Keys are full paths without the namespace."""
    if network.subnets.frontends is not None:
        for name, app in apps.items():
            if app.outbound == "platform" and "DATABASE-URL" in app.secrets:
                yield Problem(f"apps.{name}.outbound", app.outbound, "internet: only such apps reach the database")


def _tier_problems(name: str, app: AppSettings, plan: PlanSettings) -> Iterator[Problem]:
    if app.slot and not plan.tier.elastic:
        yield Problem(f"apps.{name}.slot", True, f"false: tier {plan.tier.name} of plan {app.plan} has no slots")


def _twice(key: str, values: Iterator[tuple[str, str]]) -> Iterator[Problem]:
    """Values that two apps claim."""
    owners: dict[str, str] = {}
    for name, value in values:
        owner = owners.setdefault(value, name)
        if owner != name:
            yield Problem(f"apps.{name}.{key}", value, f"one that apps.{owner} does not have")


def slo_problems(slo: SloSettings, apps: Collection[str]) -> Iterator[Problem]:
    """Traffic and objectives are those of apps that exist. Keys are full paths without the namespace."""
    for name in ("traffic", "objectives"):
        for app in getattr(slo, name):
            if app not in apps:
                yield Problem(f"slo.{name}.{app}", app, f"an app of this stack: {', '.join(sorted(apps))}")


def bus_problems(bus: EventBusSettings, apps: Collection[str]) -> Iterator[Problem]:
    """Senders and receivers must be apps of the stack. Keys are full paths without the namespace."""
    members = [(f"queues.{name}.senders", queue.senders) for name, queue in bus.queues.items()]
    members += [(f"queues.{name}.receivers", queue.receivers) for name, queue in bus.queues.items()]
    members += [(f"topics.{name}.senders", topic.senders) for name, topic in bus.topics.items()]
    members += [
        (f"topics.{name}.subscriptions.{key}.receivers", subscription.receivers)
        for name, topic in bus.topics.items()
        for key, subscription in topic.subscriptions.items()
    ]
    for path, names in members:
        for app in names:
            if app not in apps or names.count(app) > 1:
                yield Problem(f"eventBus.{path}", app, f"each an app of the stack, once: {', '.join(apps)}")


def secret_problems(
    apps: Mapping[str, AppSettings], vaults: VaultSettings, cache: CacheSettings | None, monitoring: MonitoringSettings
) -> Iterator[Problem]:
    """Apps read what is for them, plain settings have a value, derived ones a source, the alert webhook is in use."""
    for app, app_settings in apps.items():
        for index, name in enumerate(app_settings.secrets):
            key = f"apps.{app}.secrets[{index}]"
            entry = catalogue()[name]
            if not entry.may_be_read_by(app):
                readers = ", ".join([entry.owner, *entry.readers])
                yield Problem(key, name, f"one that {app} may read; {CATALOGUE} lets only these read it: {readers}")
            if entry.origin == "setting" and not entry.retired and name not in vaults.settings:
                yield Problem(f"vaults.settings.{name}", None, f"required: {key} reads it")
            if name == "REDIS-URL" and cache is None:
                yield Problem(key, name, "another secret, or a `cache` section: this stack has no Redis")
    webhook = monitoring.webhook_secret
    if webhook is not None and catalogue()[webhook].retired:
        yield Problem("monitoring.webhookSecret", webhook, f"a secret of {CATALOGUE} that is not retired")


def vault_name_problems(apps: Mapping[str, AppSettings]) -> Iterator[Problem]:
    """No app is called like a vault of the platform's own. Keys are full paths without the namespace."""
    for part, what in (("keys", "encryption keys"), ("geo", "encryption keys"), ("database", "the database job")):
        if part in apps:
            yield Problem(f"apps.{part}", part, f"another name: the vault of {what} is called {part}")
