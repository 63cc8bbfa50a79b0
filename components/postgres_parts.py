"""What a PostgreSQL server and its replica have in common: size, storage, network, encryption, sign-in, logs, lock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi
from pulumi_azure_native import dbforpostgresql as postgresql

from components.component import Placed, enabled
from components.diagnostics import LogDestination, diagnose
from components.encryption import CustomerManagedKey
from components.protection import Protection, lock_resource

Tier = Literal["Burstable", "GeneralPurpose", "MemoryOptimized"]


@dataclass(frozen=True, kw_only=True)
class Compute:
    """tier: service tier; sku: size, ``Standard_D2ds_v5`` and the like, of that tier."""

    tier: Tier
    sku: str


@dataclass(frozen=True, kw_only=True)
class Storage:
    """size_gb: in Azure's steps, can only grow; auto_grow: Azure grows it before it is full."""

    size_gb: int
    auto_grow: bool


@dataclass(frozen=True, kw_only=True)
class PrivateNetwork:
    """Where the server lives.

    subnet_id: a subnet delegated to flexible servers, fixed at creation.
    dns_zone_id: a private zone named ``<x>.postgres.database.azure.com``, linked to the VNet.
    """

    subnet_id: pulumi.Input[str]
    dns_zone_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class MaintenanceWindow:
    """When Azure may restart the server for updates. day: 0 is Sunday; hour, minute: UTC."""

    day: int
    hour: int
    minute: int


@dataclass(frozen=True, kw_only=True)
class CommonServer(Placed):
    """What a primary and its replica are given alike.

    server_name: globally unique, 3 to 63 characters. key: encrypts the data; fixed at creation.
    zone: of the server at creation, None lets Azure choose. depends_on: what must be there first and no other
    argument names.
    """

    tenant_id: pulumi.Input[str]
    server_name: pulumi.Input[str]
    compute: Compute
    storage: Storage
    network: PrivateNetwork
    key: CustomerManagedKey
    zone: str | None
    logs: LogDestination
    protection: Protection
    depends_on: Sequence[pulumi.Resource] = field(default_factory=tuple)


def declare_server(
    parent: pulumi.Resource,
    name: str,
    args: CommonServer,
    *,
    geo_key: CustomerManagedKey | None = None,
    with_password: bool,
    ignore_changes: Sequence[str] = (),
    **inputs: Any,
) -> postgresql.Server:
    """A server inside the VNet, encrypted with our key, with Entra authentication, its logs and its lock.

    geo_key: encrypts geo-redundant backups. ignore_changes: beside what Azure itself changes. inputs: what only a
    primary or only a replica has, as the SDK takes it.
    """
    made = postgresql.Server(
        name,
        **args.place,
        server_name=args.server_name,
        sku=postgresql.SkuArgs(name=args.compute.sku, tier=postgresql.SkuTier(args.compute.tier)),
        storage=_storage(args.storage),
        network=_private_network(args.network),
        identity=_key_identities([args.key] if geo_key is None else [args.key, geo_key]),
        data_encryption=_data_encryption(args.key, geo_key),
        auth_config=_authentication(args.tenant_id, with_password=with_password),
        availability_zone=args.zone,
        opts=pulumi.ResourceOptions(
            parent=parent,
            protect=args.protection.protect or None,
            depends_on=list(args.depends_on),
            ignore_changes=[*_changed_by_azure(args.storage), *ignore_changes],
        ),
        **inputs,
    )
    diagnose(name, made.id, args.logs, parent=parent)
    lock_resource(name, made.id, args.protection, parent=parent)
    return made


def _storage(args: Storage) -> postgresql.StorageArgs:
    """Premium SSD of the given size; IOPS and performance tier follow the size."""
    return postgresql.StorageArgs(
        storage_size_gb=args.size_gb,
        auto_grow=enabled(args.auto_grow),
        type=postgresql.StorageType.PREMIUM_LRS,
    )


def _private_network(args: PrivateNetwork) -> postgresql.NetworkArgs:
    """Inside a delegated subnet. This mode and private endpoints exclude each other."""
    return postgresql.NetworkArgs(
        delegated_subnet_resource_id=args.subnet_id,
        private_dns_zone_arm_resource_id=args.dns_zone_id,
        public_network_access=postgresql.ServerPublicNetworkAccessState.DISABLED,
    )


def _key_identities(keys: Sequence[CustomerManagedKey]) -> postgresql.UserAssignedIdentityArgs:
    """The identities that use the keys. Here the SDK wants ``{id: {}}``; a list of ids fails at run time."""
    return postgresql.UserAssignedIdentityArgs(
        type=postgresql.IdentityType.USER_ASSIGNED,
        user_assigned_identities=pulumi.Output.all(*(key.identity_id for key in keys)).apply(
            lambda ids: {identity: postgresql.UserIdentityArgs() for identity in ids}
        ),
    )


def _data_encryption(key: CustomerManagedKey, geo_key: CustomerManagedKey | None) -> postgresql.DataEncryptionArgs:
    """Encryption with our keys. URIs without version: the server follows each rotation by itself."""
    return postgresql.DataEncryptionArgs(
        type=postgresql.DataEncryptionType.AZURE_KEY_VAULT,
        primary_key_uri=key.uri,
        primary_user_assigned_identity_id=key.identity_id,
        geo_backup_key_uri=geo_key.uri if geo_key else None,
        geo_backup_user_assigned_identity_id=geo_key.identity_id if geo_key else None,
    )


def _authentication(tenant_id: pulumi.Input[str], *, with_password: bool) -> postgresql.AuthConfigArgs:
    """Entra authentication, and passwords only where asked for."""
    return postgresql.AuthConfigArgs(
        active_directory_auth=postgresql.MicrosoftEntraAuth.ENABLED,
        password_auth=enabled(with_password),
        tenant_id=tenant_id,
    )


def _changed_by_azure(args: Storage) -> list[str]:
    """What Azure changes on a running server: zones swap at a failover, autogrow grows the disk.

    Nested paths are given as they are on the wire: the SDK translates top-level names only.
    """
    zones = ["availability_zone", "highAvailability.standbyAvailabilityZone"]
    return [*zones, "storage.storageSizeGB"] if args.auto_grow else zones
