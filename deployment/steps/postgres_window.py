"""Set the maintenance window of servers that do not have it: Azure takes it in an update, not when it makes a server.

A replica made with a window in the same request failed (Azure/azure-postgresql commit 3a5594f split its template in
two), so the program sends none for a replica. For a primary Terraform's provider too sends it as an update of its own
after each create (hashicorp/terraform-provider-azurerm, postgresql_flexible_server_resource.go); whether Azure takes
the one in the creating request of API 2025-08-01 is not known (docs/azure-unproven.md). Nothing restarts by it.
"""

from collections.abc import Iterator

from deployment.step import Context, Result, attempt, name_of

POSTGRES = "2025-08-01"


def run(context: Context) -> Iterator[Result]:
    """One result for each server."""
    for server in context.inputs.databases.values():
        yield attempt(name_of(server), _set, context, server)


def _set(context: Context, server: str) -> Result:
    target, wanted = name_of(server), context.inputs.maintenance_window.as_azure()
    properties = context.arm.get(server, POSTGRES)["properties"]
    now = properties.get("maintenanceWindow") or {}
    if all(now.get(name) == value for name, value in wanted.items()):
        return Result(target, "already", context.inputs.maintenance_window.in_words)
    if properties.get("state") != "Ready":
        return Result(target, "failed", f"the server is {properties.get('state')}; run again when it is Ready")
    if context.plan:
        return Result(target, "planned", f"would set {context.inputs.maintenance_window.in_words}")
    context.arm.patch(server, POSTGRES, {"properties": {"maintenanceWindow": wanted}})
    after = context.arm.get(server, POSTGRES)["properties"].get("maintenanceWindow") or {}
    if any(after.get(name) != value for name, value in wanted.items()):
        return Result(target, "failed", f"Azure shows {after} after the change")
    return Result(target, "done", context.inputs.maintenance_window.in_words)
