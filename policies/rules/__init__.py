"""All rules, one module for each domain."""

from __future__ import annotations

from policies.rule import Rule
from policies.rules import (
    alert_peers,
    alert_routes,
    api_management,
    app_service,
    app_settings,
    archive,
    backup,
    conditional_properties,
    edge_rules,
    encryption,
    entra,
    floor,
    floor_sight,
    flows,
    front_door,
    identity,
    key_vault,
    monitoring,
    monitoring_facts,
    needs,
    network,
    options,
    postgres,
    postgres_parameters,
    protection,
    query_fields,
    redis,
    regions,
    secrets,
    security_groups,
    service_bus,
    software,
    storage,
    trust,
    types,
    values,
    waf,
    waf_custom_rules,
)

_MODULES = (
    key_vault,
    identity,
    entra,
    trust,
    postgres,
    postgres_parameters,
    redis,
    storage,
    archive,
    encryption,
    app_service,
    app_settings,
    front_door,
    edge_rules,
    waf,
    waf_custom_rules,
    api_management,
    service_bus,
    network,
    security_groups,
    flows,
    monitoring,
    monitoring_facts,
    alert_peers,
    alert_routes,
    query_fields,
    conditional_properties,
    regions,
    backup,
    protection,
    options,
    secrets,
    software,
    floor,
    floor_sight,
    needs,
    types,
    values,
)

RULES: tuple[Rule, ...] = tuple(
    rule
    for module in _MODULES
    for rule in vars(module).values()
    if isinstance(rule, Rule) and rule.check.__module__ == module.__name__
)
"""Every rule, in the order of the modules and of their text."""
