"""What the steps after `up` work on: the stack's output ``deployment``, ids only (docs/deployment.md)."""

from typing import Any

import pulumi

from stacks.archive import containers
from stacks.backup import drill_inputs
from stacks.catalogues.security_headers import CSP_BY_APP, security_headers
from stacks.outputs import Apps, Data, Foundation, Gateway
from stacks.settings.apps import SLOT
from stacks.settings.model import Settings


def deployment_inputs(
    settings: Settings, foundation: Foundation, data: Data, apps: Apps, gateway: Gateway | None
) -> dict[str, Any]:
    """The inputs of `python -m deployment`, as deployment/inputs.py reads them."""
    return {
        "stack": pulumi.get_stack(),
        "groups": foundation.common.group_ids(),
        "frontDoorId": foundation.edge.profile_id,
        **({"gatewayId": gateway.id} if gateway else {}),
        "edge": {"headers": list(security_headers().all), "removed": list(security_headers().remove)},
        "apps": {name: _app(settings, name, site.id) for name, site in apps.sites.items()},
        "databases": dict(data.alert_targets["postgres"]),
        "maintenanceWindow": {
            "day": settings.database.maintenance.day_number,
            "hour": settings.database.maintenance.hour,
            "minute": settings.database.maintenance.minute,
        },
        "archive": {
            "accountId": data.alert_targets["storage"]["archive"],
            "containers": containers(settings.archive, settings.database_job),
            "lock": settings.archive.lock,
            "retentionDays": settings.archive.retention_days,
        },
        "jobs": dict(data.alert_targets["jobs"]),
        "recovery": drill_inputs(settings.database, settings.backup, data.backup_instance_id),
    }


def _app(settings: Settings, name: str, site_id: pulumi.Output[str]) -> dict[str, Any]:
    app, registry = settings.apps[name], settings.registry
    image = app.runtime.image
    return {
        "url": f"https://{app.host_names[0]}",
        "healthCheckPath": app.health_check_path,
        "ownPolicy": app.content_security_policy == CSP_BY_APP,
        "staticPaths": list(app.static_paths),
        "siteId": site_id,
        "slot": SLOT if app.slot else None,
        "privateLink": app.ingress == "privateLink" and name not in settings.api_management.apis,
        "repository": f"{registry.login_server}/{image.repository}" if image and registry else None,
    }
