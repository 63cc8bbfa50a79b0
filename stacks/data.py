"""The data layer: vaults and keys, database, cache, and every app's secrets."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from stacks.cache import Cache, build_cache
from stacks.database import Database, DatabaseKeys, app_role, build_database
from stacks.outputs import Data, Foundation
from stacks.secrets import Value, build_secrets
from stacks.settings.model import Settings
from stacks.settings.secrets import SecretName
from stacks.vaults import Vaults, build_vaults

DATABASE_URL = "DATABASE-URL"
REDIS_URL = "REDIS-URL"


def build_data(settings: Settings, foundation: Foundation, supplied: Mapping[SecretName, pulumi.Output[str]]) -> Data:
    """Build every store of data and hand each app its vault and its secrets."""
    common, network, identities = foundation.common, foundation.network, foundation.identities
    vaults = build_vaults(settings, common, network, identities)
    database = build_database(
        settings.database,
        common,
        network,
        identities.duties["database-bootstrap"],
        DatabaseKeys(primary=vaults.keys["postgres"], geo=vaults.geo_key),
    )
    cache = _cache(settings, foundation, vaults)
    secrets = build_secrets(settings, common, vaults.apps, supplied, _derived(settings, foundation, database, cache))
    return Data(
        vault_names={app: vault.outputs.name for app, vault in vaults.apps.items()},
        vault_ids={app: vault.outputs.id for app, vault in vaults.apps.items()},
        secrets=secrets,
        settings={},
        watched=_watched(vaults, database, cache),
    )


def _readers(settings: Settings, secret: SecretName) -> list[str]:
    return [app for app, app_settings in settings.apps.items() if secret in app_settings.secrets]


def _cache(settings: Settings, foundation: Foundation, vaults: Vaults) -> Cache | None:
    if settings.cache is None:
        return None
    users = {app: foundation.identities.apps[app] for app in _readers(settings, REDIS_URL)}
    return build_cache(settings.cache, foundation.common, foundation.network, users, vaults.keys["redis"])


def _derived(
    settings: Settings, foundation: Foundation, database: Database, cache: Cache | None
) -> dict[SecretName, dict[str, Value]]:
    """Connection strings of the apps that read them. With Entra authentication they hold no credential."""
    urls: dict[SecretName, dict[str, Value]] = {
        DATABASE_URL: {app: database.url(app_role(app)) for app in _readers(settings, DATABASE_URL)}
    }
    if cache is not None:
        apps = foundation.identities.apps
        urls[REDIS_URL] = {app: cache.url(apps[app]) for app in _readers(settings, REDIS_URL)}
    return urls


def _watched(vaults: Vaults, database: Database, cache: Cache | None) -> dict[str, dict[str, pulumi.Output[str]]]:
    """What the operations layer puts alerts on."""
    watched: dict[str, dict[str, pulumi.Output[str]]] = {
        "keyvault": {app: vault.outputs.id for app, vault in vaults.apps.items()}
        | {part: vault.outputs.id for part, vault in vaults.key_vaults.items()},
        "postgres": {"primary": database.id},
    }
    if database.replica_id is not None:
        watched["postgres"]["replica"] = database.replica_id
    if cache is not None:
        watched["redis"] = {"cache": cache.id}
    return watched
