"""What a PostgreSQL server and its replicas have in common: size, storage, network, encryption, sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import dbforpostgresql as postgresql

from components.encryption import CustomerManagedKey

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


def compute(args: Compute) -> postgresql.SkuArgs:
    """Tier and size as the SDK takes them."""
    return postgresql.SkuArgs(name=args.sku, tier=postgresql.SkuTier(args.tier))


def storage(args: Storage) -> postgresql.StorageArgs:
    """Premium SSD of the given size; IOPS and performance tier follow the size."""
    return postgresql.StorageArgs(
        storage_size_gb=args.size_gb,
        auto_grow=postgresql.StorageAutoGrow.ENABLED if args.auto_grow else postgresql.StorageAutoGrow.DISABLED,
        type=postgresql.StorageType.PREMIUM_LRS,
    )


def private_network(args: PrivateNetwork) -> postgresql.NetworkArgs:
    """Inside a delegated subnet. This mode and private endpoints exclude each other."""
    return postgresql.NetworkArgs(
        delegated_subnet_resource_id=args.subnet_id,
        private_dns_zone_arm_resource_id=args.dns_zone_id,
        public_network_access=postgresql.ServerPublicNetworkAccessState.DISABLED,
    )


def key_identities(keys: Sequence[CustomerManagedKey]) -> postgresql.UserAssignedIdentityArgs:
    """The identities that use the keys. Here the SDK wants ``{id: {}}``; a list of ids fails at run time."""
    return postgresql.UserAssignedIdentityArgs(
        type=postgresql.IdentityType.USER_ASSIGNED,
        user_assigned_identities=pulumi.Output.all(*(key.identity_id for key in keys)).apply(
            lambda ids: {identity: postgresql.UserIdentityArgs() for identity in ids}
        ),
    )


def data_encryption(key: CustomerManagedKey, geo_key: CustomerManagedKey | None) -> postgresql.DataEncryptionArgs:
    """Encryption with our keys. URIs without version: the server follows each rotation by itself."""
    return postgresql.DataEncryptionArgs(
        type=postgresql.DataEncryptionType.AZURE_KEY_VAULT,
        primary_key_uri=key.uri,
        primary_user_assigned_identity_id=key.identity_id,
        geo_backup_key_uri=geo_key.uri if geo_key else None,
        geo_backup_user_assigned_identity_id=geo_key.identity_id if geo_key else None,
    )


def authentication(tenant_id: pulumi.Input[str], *, with_password: bool) -> postgresql.AuthConfigArgs:
    """Entra authentication, and passwords only where asked for."""
    return postgresql.AuthConfigArgs(
        active_directory_auth=postgresql.MicrosoftEntraAuth.ENABLED,
        password_auth=(
            postgresql.PasswordBasedAuth.ENABLED if with_password else postgresql.PasswordBasedAuth.DISABLED
        ),
        tenant_id=tenant_id,
    )


def maintenance_window(args: MaintenanceWindow) -> postgresql.MaintenanceWindowArgs:
    """A window of our own instead of one that Azure picks."""
    return postgresql.MaintenanceWindowArgs(
        custom_window="Enabled", day_of_week=args.day, start_hour=args.hour, start_minute=args.minute
    )


def changed_by_azure(args: Storage) -> list[str]:
    """What Azure changes on a running server: zones swap at a failover, autogrow grows the disk.

    Nested paths are given as they are on the wire: the SDK translates top-level names only.
    """
    zones = ["availability_zone", "highAvailability.standbyAvailabilityZone"]
    return [*zones, "storage.storageSizeGB"] if args.auto_grow else zones
