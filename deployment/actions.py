"""Actions of ARM that the steps and commands need beside those of `up`: `preflight` holds the signed-in identity to
them, and docs/deployment.md shows them."""

from collections.abc import Mapping

_POSTGRES = "Microsoft.DBforPostgreSQL/flexibleServers"
_POLICIES = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies"
_JOBS = ("Microsoft.App/jobs/read", "Microsoft.App/jobs/executions/read", "Microsoft.App/jobs/start/action")
_SITES = "Microsoft.Web/sites"
_SLOTS = f"{_SITES}/slots"
_CDN = "Microsoft.Cdn/profiles"

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "private-links": (
        f"{_CDN}/originGroups/read",
        f"{_CDN}/originGroups/origins/read",
        f"{_SITES}/privateEndpointConnections/read",
        f"{_SITES}/privateEndpointConnections/write",
    ),
    "postgres-restart": (f"{_POSTGRES}/read", f"{_POSTGRES}/configurations/read", f"{_POSTGRES}/restart/action"),
    "postgres-window": (f"{_POSTGRES}/read", f"{_POSTGRES}/write"),
    "worm-extend": (f"{_POLICIES}/read", f"{_POLICIES}/write", f"{_POLICIES}/extend/action"),
    "worm-lock": (f"{_POLICIES}/read", f"{_POLICIES}/lock/action"),
    "database-bootstrap": _JOBS,
    "database-apply": _JOBS,
    "database-credentials": _JOBS,
    "slot-image": (f"{_SITES}/config/read", f"{_SLOTS}/read", f"{_SLOTS}/config/read", f"{_SLOTS}/config/write"),
    "slot-warm": (
        f"{_SLOTS}/instances/read",
        f"{_SLOTS}/start/action",
        f"{_SLOTS}/applySlotConfig/action",
        f"{_SLOTS}/resetSlotConfig/action",
    ),
    "slot-swap": (f"{_SLOTS}/slotsswap/action",),
    "providers": (
        "Microsoft.Resources/subscriptions/resourceGroups/read",
        "Microsoft.Resources/subscriptions/resources/read",
    ),
    "alert-rules": tuple(
        f"Microsoft.Insights/{kind}/read" for kind in ("scheduledQueryRules", "metricAlerts", "activityLogAlerts")
    ),
    "private-endpoints": ("Microsoft.Network/privateEndpoints/read",),
    "archive-fed": ("Microsoft.Insights/metrics/read",),
    "certificates": (f"{_CDN}/customDomains/read",),
    "unlock": tuple(f"Microsoft.Authorization/locks/{verb}" for verb in ("read", "write", "delete")),
    "drill": (
        f"{_POSTGRES}/read",
        f"{_POSTGRES}/write",
        f"{_POSTGRES}/delete",
        f"{_POSTGRES}/administrators/read",
        "Microsoft.Network/virtualNetworks/subnets/join/action",
        "Microsoft.Network/privateDnsZones/join/action",
        "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
        "Microsoft.DataProtection/backupVaults/backupInstances/read",
        "Microsoft.DataProtection/backupVaults/backupInstances/recoveryPoints/read",
    ),
}
