"""Every rule between sections, and when it is tried."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic.alias_generators import to_camel

from documents.problems import Bare, Problem
from stacks.settings.between.addresses import address_problems
from stacks.settings.between.apps import (
    app_problems,
    bus_problems,
    outbound_problems,
    secret_problems,
    slo_problems,
    vault_name_problems,
)
from stacks.settings.between.database import credential_problems, job_problems
from stacks.settings.between.domains import domain_problems, unused_externals
from stacks.settings.between.edge import edge_problems
from stacks.settings.between.gateway import gateway_problems
from stacks.settings.between.regions import (
    archive_problems,
    backup_problems,
    database_offers,
    gateway_offers,
    plan_offers,
    replica_problems,
    zone_problems,
)
from stacks.settings.between.subscription import owner_problems, sentinel_problems
from stacks.settings.model import Settings

MORE = Bare("(more may follow)")


RULES: Sequence[tuple[Sequence[str], Callable[..., Iterator[Problem]]]] = (
    (("platform", "plans", "apps", "registry"), app_problems),
    (("network", "apps"), outbound_problems),
    (("database", "platform"), replica_problems),
    (("database", "platform"), database_offers),
    (("plans", "platform"), plan_offers),
    (("api_management", "platform"), gateway_offers),
    (("database_job", "registry", "apps"), job_problems),
    (("database", "database_job", "apps"), credential_problems),
    (("archive", "platform"), archive_problems),
    (("backup", "platform"), backup_problems),
    (("event_bus", "apps"), bus_problems),
    (("slo", "apps"), slo_problems),
    (("security", "monitoring"), sentinel_problems),
    (("subscription", "security", "archive"), owner_problems),
    (("front_door", "waf", "apps", "api_management", "platform"), edge_problems),
    (("api_management", "front_door", "network", "apps"), gateway_problems),
    (("apps", "vaults", "cache", "monitoring"), secret_problems),
    (("apps",), vault_name_problems),
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
    yield from address_problems(settings)


def _given(sections: Mapping[str, Any]) -> dict[str, Any]:
    return {key: section for key, section in sections.items() if section is not None}
