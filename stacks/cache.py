"""The Redis cache of the stack."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.identity import IdentityOutputs
from components.redis import REDIS_PORT, Redis, RedisArgs, RedisUser
from stacks.entries import name_entry, stack_entry
from stacks.outputs import Common, Network
from stacks.settings.cache import CacheSettings
from stacks.vaults import EncryptionKey


@dataclass(frozen=True, kw_only=True)
class Cache:
    """What others need of the cache. id: the cluster; host: its name."""

    id: pulumi.Output[str]
    host: pulumi.Output[str]

    def url(self, user: IdentityOutputs) -> pulumi.Output[str]:
        """REDIS-URL of one identity: its object id is the user, an Entra token the password, which is not here."""
        return pulumi.Output.format("rediss://{0}@{1}:{2}", user.principal_id, self.host, REDIS_PORT)


def build_cache(
    settings: CacheSettings,
    common: Common,
    network: Network,
    users: Mapping[str, IdentityOutputs],
    key: EncryptionKey | None,
) -> Cache:
    """Build the cache.

    users: the identities that may use it, by app; key: ours, where ``settings.customer_managed_key`` asks for one.
    Raises ValueError when key and settings disagree: the disk would silently be encrypted in another way.
    """
    if settings.customer_managed_key != (key is not None):
        raise ValueError("a key for the cache goes with customerManagedKey, and only with it")
    with name_entry(stack_entry("cache")):
        redis = Redis(
            "redis",
            RedisArgs(
                **common.place("data"),
                cluster_name=common.names.global_name("redis"),
                sku=settings.sku,
                high_availability=settings.high_availability,
                persistence=settings.persistence,
                clustering=settings.clustering,
                eviction=settings.eviction,
                users=[RedisUser(name=app, object_id=user.principal_id) for app, user in users.items()],
                key=key,
                private_access=network.private_access("redis"),
                logs=common.logs,
                protection=common.protection,
                # Without the identity's access to the key, Azure refuses to make the cluster.
                depends_on=[key.granted] if key else [],
            ),
        )
    return Cache(id=redis.outputs.id, host=redis.outputs.host)
