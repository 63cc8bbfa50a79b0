"""A read replica of a PostgreSQL flexible server, and the host names that follow a promotion."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import dbforpostgresql as postgresql

from components import postgres_parts as parts
from components.component import Component


@dataclass(frozen=True, kw_only=True)
class PostgresReplicaArgs(parts.CommonServer):
    """Arguments of `PostgresReplica`.

    source_id, source_name, source_group: the primary server.
    compute, storage: the primary's own, or it cannot be promoted to primary; not the Burstable tier.
    key: a key and an identity in the replica's region.
    network: in the replica's region; its VNet must reach the primary's.
    endpoint_name: base name of the virtual endpoints, globally unique.
    depends_on: the last operation on the primary, which takes one at a time.
    """

    source_id: pulumi.Input[str]
    source_name: pulumi.Input[str]
    source_group: pulumi.Input[str]
    with_password: bool
    endpoint_name: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class PostgresReplicaOutputs:
    """id, host: of the replica; writer_host, reader_host: who is the primary and the replica at the time."""

    id: pulumi.Output[str]
    host: pulumi.Output[str]
    writer_host: pulumi.Output[str]
    reader_host: pulumi.Output[str]


class PostgresReplica(Component[PostgresReplicaArgs, PostgresReplicaOutputs]):
    """An asynchronous replica that can be promoted, under host names that stay.

    Azure offers no backup and no high availability on a replica; both come with the promotion's own settings. It is
    made without a maintenance window: a request with both failed (Azure/azure-postgresql commit 3a5594f); who uses it
    sets one afterwards.
    """

    def _declare(self, name: str, args: PostgresReplicaArgs) -> PostgresReplicaOutputs:
        replica = parts.declare_server(
            self,
            name,
            args,
            with_password=args.with_password,
            create_mode=postgresql.CreateMode.REPLICA,
            source_server_resource_id=args.source_id,
            # A promotion swaps the two servers' parts; the next `up` must not take that for a new server.
            ignore_changes=("create_mode", "maintenance_window", "source_server_resource_id"),
        )
        endpoint = postgresql.VirtualEndpoint(
            f"{name}-endpoint",
            resource_group_name=args.source_group,
            server_name=args.source_name,
            virtual_endpoint_name=args.endpoint_name,
            endpoint_type=postgresql.VirtualEndpointType.READ_WRITE,
            members=[replica.name],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return PostgresReplicaOutputs(
            id=replica.id,
            host=replica.fully_qualified_domain_name,
            writer_host=pulumi.Output.concat(endpoint.name, ".writer.postgres.database.azure.com"),
            reader_host=pulumi.Output.concat(endpoint.name, ".reader.postgres.database.azure.com"),
        )
