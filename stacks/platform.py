"""The composition root: the platform, layer by layer. Each layer gets only what earlier ones gave."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.front_door import record_output
from stacks.alert_inputs import alert_limits, internal_keys
from stacks.apps import build_apps
from stacks.backup import recovery_targets
from stacks.catalogues.secrets import SecretName
from stacks.dashboards import build_dashboards
from stacks.data import build_data
from stacks.deployment import deployment_inputs
from stacks.edge import build_edge
from stacks.foundation import build_foundation
from stacks.gateway import build_gateway
from stacks.operations import build_operations
from stacks.security import build_security
from stacks.settings.model import Settings
from stacks.slo import build_slo, error_budgets


def build_platform(settings: Settings, supplied: Mapping[SecretName, pulumi.Output[str]]) -> dict[str, Any]:
    """Declare every resource of the stack and return the stack's outputs."""
    foundation = build_foundation(settings, supplied)
    data = build_data(settings, foundation, supplied)
    apps = build_apps(settings.plans, settings.apps, settings.registry, foundation, data)
    gateway = build_gateway(settings.api_management, settings.front_door, settings.apps, foundation, apps)
    edge = build_edge(settings.front_door, settings.waf, settings.apps, foundation, apps, gateway)
    build_operations(
        settings.monitoring,
        settings.subscription,
        foundation,
        data,
        apps,
        alert_limits(settings.database),
        internal_keys(settings.apps, settings.vaults),
        gateway,
    )
    build_slo(settings.slo, settings.apps, settings.monitoring.alerts, foundation)
    build_security(
        settings.security, settings.subscription, settings.monitoring, settings.platform, foundation, data, edge
    )
    dashboards = build_dashboards(settings.dashboards, settings.subscription, settings.monitoring, foundation, data)
    outputs = {
        "appUrls": {app: f"https://{app_settings.host_names[0]}" for app, app_settings in settings.apps.items()},
        "keyVaultNames": dict(data.vault_names),
        "egressAddress": foundation.network.egress_address,
        "dnsRecords": [record_output(record) for record in foundation.edge.dns_records],
        "deployment": deployment_inputs(settings, foundation, data, apps, gateway),
        "recoveryTargets": {
            event: target.as_output() for event, target in recovery_targets(settings.database, settings.backup).items()
        },
        "errorBudgets": error_budgets(settings.slo),
        "dashboards": dashboards,
    }
    return {name: value for name, value in outputs.items() if value is not None}
