"""Azure Database for PostgreSQL flexible server."""

from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import dbforpostgresql as postgresql

from components import postgres_parts as parts
from components.component import Component, enabled
from components.encryption import CustomerManagedKey

POSTGRES_PORT = 5432
POOLER_PORT = 6432
"""Where the built-in PgBouncer listens (learn.microsoft.com/azure/postgresql, PgBouncer)."""


@dataclass(frozen=True, kw_only=True)
class HighAvailability:
    """A standby that takes over by itself. Not on the Burstable tier.

    mode: ``ZoneRedundant`` or ``SameZone``; standby_zone: zone of the standby, None lets Azure choose.
    """

    mode: Literal["ZoneRedundant", "SameZone"]
    standby_zone: str | None


@dataclass(frozen=True, kw_only=True)
class PasswordLogin:
    """The administrator of a server that also takes passwords. name is fixed for the server's life."""

    name: str
    password: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class EntraAdministrator:
    """A Microsoft Entra principal that administers the server.

    key: short name of this entry, part of the logical resource name.
    object_id: the principal's object id, never a client id.
    principal_name: its name in Entra, which becomes the role's name in PostgreSQL.
    """

    key: str
    object_id: pulumi.Input[str]
    principal_name: pulumi.Input[str]
    principal_type: Literal["User", "Group", "ServicePrincipal"]


@dataclass(frozen=True, kw_only=True)
class PostgresServerArgs(parts.CommonServer):
    """Arguments of `PostgresServer`.

    geo_key: a second key in the paired region, under another identity; with it, and only then, backups are
    geo-redundant, as Azure asks of an encrypted server. Fixed at creation.
    backup_days: 7 to 35 days of point-in-time restore.
    password_login: None keeps passwords off altogether; Entra authentication is always on.
    depends_on: the identities' access to the keys, the link of the DNS zone.
    """

    version: str
    geo_key: CustomerManagedKey | None
    high_availability: HighAvailability | None
    backup_days: int
    maintenance: parts.MaintenanceWindow
    password_login: PasswordLogin | None


@dataclass(frozen=True, kw_only=True)
class PostgresServerOutputs:
    """id: ARM id; name: the server's name; host: its full host name. Only the VNet resolves it."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    host: pulumi.Output[str]


class PostgresServer(Component[PostgresServerArgs, PostgresServerOutputs]):
    """A server inside the VNet, encrypted with our key, with Entra authentication.

    It has no database of its own: one that ARM makes belongs to Azure's `azuresu` or to whichever administrator is made
    at the moment, and no other administrator can grant anything on it (hashicorp/terraform-provider-azurerm#27895,
    cyrilgdn/terraform-provider-postgresql#500). An administrator makes databases, over SQL.

    Parameters and administrators are added by methods, each after the one before: a flexible server
    takes one management operation at a time, parallel ones fail with ServerBusy
    (hashicorp/terraform-provider-azurerm#28298; AVM's module chains them too).
    """

    def _declare(self, name: str, args: PostgresServerArgs) -> PostgresServerOutputs:
        standby, login, window = args.high_availability, args.password_login, args.maintenance
        # No create_mode: every change is a full PUT, and one that says Create of a server that exists is suspected of
        # the InternalServerError of pulumi/pulumi-azure-native#4685; absent, Azure creates or updates.
        server = parts.declare_server(
            self,
            name,
            args,
            geo_key=args.geo_key,
            with_password=login is not None,
            version=args.version,
            administrator_login=login.name if login else None,
            administrator_login_password=pulumi.Output.secret(login.password) if login else None,
            high_availability=postgresql.HighAvailabilityArgs(
                mode=postgresql.PostgreSqlFlexibleServerHighAvailabilityMode(standby.mode if standby else "Disabled"),
                standby_availability_zone=standby.standby_zone if standby else None,
            ),
            backup=postgresql.BackupArgs(
                backup_retention_days=args.backup_days,
                geo_redundant_backup=enabled(args.geo_key is not None),
            ),
            # A window of our own instead of one that Azure picks.
            maintenance_window=postgresql.MaintenanceWindowArgs(
                custom_window="Enabled", day_of_week=window.day, start_hour=window.hour, start_minute=window.minute
            ),
        )
        self._group = args.resource_group_name
        self._tenant_id = args.tenant_id
        self._settled: pulumi.Resource = server
        return PostgresServerOutputs(id=server.id, name=server.name, host=server.fully_qualified_domain_name)

    @property
    def settled(self) -> pulumi.Resource:
        """The last operation on the server so far: what changes the server next depends on it."""
        return self._settled

    def parameter(self, parameter: str, value: str) -> None:
        """Set a server parameter. A static one waits for a restart, which ARM does not do."""
        self._settled = postgresql.Configuration(
            f"{self._name}-{parameter}",
            resource_group_name=self._group,
            server_name=self.outputs.name,
            configuration_name=parameter,
            value=value,
            source="user-override",
            opts=self._next(),
        )

    def administrator(self, administrator: EntraAdministrator) -> None:
        """Let a Microsoft Entra principal administer the server."""
        self._settled = postgresql.AdministratorsMicrosoftEntra(
            f"{self._name}-administrator-{administrator.key}",
            resource_group_name=self._group,
            server_name=self.outputs.name,
            object_id=administrator.object_id,
            principal_name=administrator.principal_name,
            # The SDK's enum of this name is another API version's, in lower case.
            principal_type=administrator.principal_type,
            tenant_id=self._tenant_id,
            opts=self._next(),
        )

    def _next(self) -> pulumi.ResourceOptions:
        """Options of the next operation: after the one before."""
        return pulumi.ResourceOptions(parent=self, depends_on=[self._settled])
