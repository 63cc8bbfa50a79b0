"""Sign-ins and changes of the tenant, kept where the platform's people can ask them."""

import pulumi
from pulumi_azure_native import aadiam

from bootstrap.settings import LogSettings

CATEGORIES = (
    "AuditLogs",
    "SignInLogs",
    "NonInteractiveUserSignInLogs",
    "ServicePrincipalSignInLogs",
    "ManagedIdentitySignInLogs",
)
"""Changes in Entra, and everything that signs in. Source: learn.microsoft.com/entra/identity/monitoring-health/
concept-diagnostic-settings-logs-options, read 2026-11-29."""


def export_tenant_logs(workspace_id: pulumi.Output[str], logs: LogSettings) -> None:
    """One setting for each workspace; Entra takes five."""
    targets: dict[str, pulumi.Input[str]] = {"shared": workspace_id, **logs.tenant_also_to}
    for name, target in targets.items():
        aadiam.DiagnosticSetting(
            f"tenant-logs-{name}",
            name=f"to-{name}",
            workspace_id=target,
            logs=[aadiam.LogSettingsArgs(category=category, enabled=True) for category in CATEGORIES],
        )
