"""Azure Managed Redis (Microsoft.Cache/redisEnterprise)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_azure_native import redisenterprise

from components.component import Component, Placed, enabled
from components.diagnostics import LogDestination, diagnose
from components.encryption import CustomerManagedKey
from components.private_endpoint import PrivateAccess, private_endpoint
from components.protection import Protection, lock_resource

REDIS_PORT = 10000
"""Managed Redis listens here, with TLS; classic Azure Cache for Redis used 6380."""

Persistence = Literal["aof", "rdb-1h", "rdb-6h", "rdb-12h", "off"]


@dataclass(frozen=True, kw_only=True)
class RedisUser:
    """Who may use the database. name: short name; object_id: the identity's object id, its Redis user name."""

    name: str
    object_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class RedisArgs(Placed):
    """Arguments of `Redis`.

    cluster_name: globally unique, at most 60 letters, digits and single hyphens.
    sku: ``Balanced_B0`` to ``ComputeOptimized_X700``.
    high_availability: a replica of all data, in another zone where the region has zones.
    persistence: ``aof`` writes every second, ``rdb-<hours>h`` a snapshot; exclusive with active geo-replication.
    clustering: ``EnterpriseCluster`` looks like one Redis to a client; ``OSSCluster`` needs a cluster-aware client and
    is faster. Fixed at creation.
    eviction: what goes when memory is full.
    key: a customer-managed key; its identity reaches it. Redis takes a version and never follows a rotation.
    """

    cluster_name: pulumi.Input[str]
    sku: str
    high_availability: bool
    persistence: Persistence
    clustering: Literal["EnterpriseCluster", "OSSCluster", "NoCluster"]
    eviction: str
    users: Sequence[RedisUser]
    key: CustomerManagedKey | None
    private_access: PrivateAccess
    logs: LogDestination
    protection: Protection
    depends_on: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True, kw_only=True)
class RedisOutputs:
    """id: the cluster's ARM id; database_id: the database's; host: its name, which only the VNet resolves."""

    id: pulumi.Output[str]
    database_id: pulumi.Output[str]
    host: pulumi.Output[str]


class Redis(Component[RedisArgs, RedisOutputs]):
    """A cluster with one database: TLS and Entra only, no access keys, reached by its private endpoint."""

    def _declare(self, name: str, args: RedisArgs) -> RedisOutputs:
        cluster = redisenterprise.RedisEnterprise(
            name,
            **args.place,
            cluster_name=args.cluster_name,
            sku=redisenterprise.SkuArgs(name=args.sku),
            high_availability=enabled(args.high_availability),
            minimum_tls_version=redisenterprise.TlsVersion.TLS_VERSION_1_2,
            public_network_access=redisenterprise.PublicNetworkAccess.DISABLED,
            identity=_key_identity(args.key) if args.key else None,
            encryption=_encryption(args.key) if args.key else None,
            opts=pulumi.ResourceOptions(
                parent=self, protect=args.protection.protect or None, depends_on=list(args.depends_on)
            ),
        )
        database = redisenterprise.Database(
            f"{name}-database",
            resource_group_name=args.resource_group_name,
            cluster_name=cluster.name,
            database_name="default",
            port=REDIS_PORT,
            client_protocol=redisenterprise.Protocol.ENCRYPTED,
            access_keys_authentication=redisenterprise.AccessKeysAuthentication.DISABLED,
            clustering_policy=redisenterprise.ClusteringPolicy(args.clustering),
            eviction_policy=redisenterprise.EvictionPolicy(args.eviction),
            persistence=_persistence(args.persistence),
            defer_upgrade=redisenterprise.DeferUpgradeSetting.NOT_DEFERRED,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protection.protect or None),
        )
        # A cluster takes one operation at a time (facts/types.yaml, serial).
        access, after = args.private_access, [database]
        last: pulumi.Resource = private_endpoint(
            name, cluster.id, "redisEnterprise", access, place=args.place, parent=self, depends_on=after
        )
        for user in args.users:
            last = redisenterprise.AccessPolicyAssignment(
                f"{name}-user-{user.name}",
                resource_group_name=args.resource_group_name,
                cluster_name=cluster.name,
                database_name=database.name,
                # Azure allows letters and digits only, and knows no other policy than `default`.
                access_policy_assignment_name=re.sub(r"[^A-Za-z0-9]", "", user.name),
                access_policy_name="default",
                user=redisenterprise.AccessPolicyAssignmentPropertiesUserArgs(object_id=user.object_id),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[last]),
            )
        # Metrics are the cluster's, connection events the database's (Azure Monitor's supported logs).
        diagnose(name, cluster.id, args.logs, parent=self, log_groups=())
        diagnose(
            f"{name}-database",
            database.id,
            args.logs,
            parent=self,
            log_groups=(),
            log_categories=("ConnectionEvents",),
            metrics=False,
        )
        lock_resource(name, cluster.id, args.protection, parent=self)
        return RedisOutputs(id=cluster.id, database_id=database.id, host=cluster.host_name)


def _persistence(kind: Persistence) -> redisenterprise.PersistenceArgs:
    """At most one of the two kinds; both are written out."""
    aof, rdb = kind == "aof", kind.startswith("rdb-")
    return redisenterprise.PersistenceArgs(
        aof_enabled=aof,
        aof_frequency=redisenterprise.AofFrequency.AOF_FREQUENCY_1S if aof else None,
        rdb_enabled=rdb,
        rdb_frequency=redisenterprise.RdbFrequency(kind.removeprefix("rdb-")) if rdb else None,
    )


def _key_identity(key: CustomerManagedKey) -> redisenterprise.ManagedServiceIdentityArgs:
    return redisenterprise.ManagedServiceIdentityArgs(
        type=redisenterprise.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[key.identity_id]
    )


def _encryption(key: CustomerManagedKey) -> redisenterprise.ClusterPropertiesEncryptionArgs:
    return redisenterprise.ClusterPropertiesEncryptionArgs(
        customer_managed_key_encryption=redisenterprise.ClusterPropertiesCustomerManagedKeyEncryptionArgs(
            key_encryption_key_url=key.versioned_uri,
            key_encryption_key_identity=redisenterprise.ClusterPropertiesKeyEncryptionKeyIdentityArgs(
                identity_type=redisenterprise.CmkIdentityType.USER_ASSIGNED_IDENTITY,
                user_assigned_identity_resource_id=key.identity_id,
            ),
        )
    )
