"""The data layer: vaults and keys, database, cache, archive, backup, event bus, and every app's secrets."""

from collections.abc import Mapping

import pulumi
import pulumi_random as random

from stacks.archive import build_archive
from stacks.backup import build_backup
from stacks.bus import build_bus
from stacks.cache import Cache, build_cache
from stacks.catalogues.database_roles import app_role
from stacks.catalogues.secrets import SecretName
from stacks.database import Database, DatabaseKeys, build_database
from stacks.database_job import build_database_job
from stacks.foundation import DATABASE_BOOTSTRAP, FLOW_LOGS
from stacks.network import build_flow_logs
from stacks.outputs import Bus, Data, Foundation
from stacks.secrets import Generated, SecretValues, Value, build_secrets
from stacks.settings.jobs import CREDENTIAL, DATABASE_URL
from stacks.settings.model import Settings
from stacks.vaults import Vaults, build_vaults

REDIS_URL = "REDIS-URL"


def build_data(settings: Settings, foundation: Foundation, supplied: Mapping[SecretName, pulumi.Output[str]]) -> Data:
    """Build every store of data and hand each app its vault and its secrets."""
    common, network, identities = foundation.common, foundation.network, foundation.identities
    vaults = build_vaults(settings, foundation)
    database = build_database(
        settings.database,
        common,
        network,
        identities.duties[DATABASE_BOOTSTRAP],
        DatabaseKeys(primary=vaults.keys["postgres"], geo=vaults.geo_key),
        _administrator_password(settings),
    )
    cache = _cache(settings, foundation, vaults)
    servers = {"primary": database.id} | ({"replica": database.replica_id} if database.replica_id is not None else {})
    archive = build_archive(
        settings.archive,
        settings.database_job,
        common,
        network,
        vaults.keys["archive"],
        foundation.edge.profile_id,
        servers,
        foundation.monitoring.tables,
    )
    backup_instance_id = build_backup(settings.backup, common, database)
    jobs = build_database_job(settings, common, network, identities, database, archive, vaults.database)
    flow_logs = None
    if settings.network.flow_logs is not None:
        # One key for both accounts of logs: nobody would take it from one alone.
        flow_logs = build_flow_logs(
            settings.network.flow_logs,
            common,
            network,
            identity=identities.duties[FLOW_LOGS],
            key=vaults.keys["archive"],
        )
    accounts = {"archive": archive.id} | ({"flows": flow_logs.outputs.account_id} if flow_logs else {})
    bus = build_bus(settings.event_bus, foundation)
    generated = Generated(settings)
    derived = _derived(settings, foundation, database, cache, generated)
    values = SecretValues(settings=settings, supplied=supplied, derived=derived, generated=generated)
    return Data(
        vault_names={app: vault.outputs.name for app, vault in vaults.apps.items()},
        secrets=build_secrets(values, common, vaults),
        settings=bus.settings,
        alert_targets=_list_alert_targets(vaults, servers, cache, accounts, bus)
        | {"jobs": jobs, "flows": {"network": flow_logs.outputs.id} if flow_logs else {}},
        backup_instance_id=backup_instance_id,
    )


def _administrator_password(settings: Settings) -> pulumi.Output[str] | None:
    """Generated, kept in the state only: for emergencies, where config allows signing in by password at all."""
    if settings.database.authentication == "entra":
        return None
    return random.RandomPassword("database-administrator-password", length=64, special=False).result


def _readers(settings: Settings, secret: SecretName) -> list[str]:
    return [app for app, app_settings in settings.apps.items() if secret in app_settings.secrets]


def _cache(settings: Settings, foundation: Foundation, vaults: Vaults) -> Cache | None:
    if settings.cache is None:
        return None
    users = {app: foundation.identities.apps[app] for app in _readers(settings, REDIS_URL)}
    return build_cache(settings.cache, foundation.common, foundation.network, users, vaults.keys.get("redis"))


def _derived(
    settings: Settings, foundation: Foundation, database: Database, cache: Cache | None, generated: Generated
) -> dict[SecretName, dict[str, Value]]:
    """Connection strings of the apps that read them. With Entra authentication they hold no credential."""
    by_password = settings.database.app_authentication == "password"
    urls: dict[SecretName, dict[str, Value]] = {
        DATABASE_URL: {
            app: database.url(app_role(app), generated.current(CREDENTIAL, app) if by_password else None)
            for app in _readers(settings, DATABASE_URL)
        }
    }
    if cache is not None:
        apps = foundation.identities.apps
        urls[REDIS_URL] = {app: cache.url(apps[app]) for app in _readers(settings, REDIS_URL)}
    return urls


def _list_alert_targets(
    vaults: Vaults,
    servers: Mapping[str, pulumi.Output[str]],
    cache: Cache | None,
    accounts: Mapping[str, pulumi.Output[str]],
    bus: Bus,
) -> dict[str, Mapping[str, pulumi.Output[str]]]:
    """What the operations layer puts alerts on, by kind."""
    database = {"database": vaults.database} if vaults.database is not None else {}
    all_vaults = {**vaults.apps, **database, **vaults.key_vaults}
    return {
        "keyvault": {name: vault.outputs.id for name, vault in all_vaults.items()},
        "postgres": servers,
        "redis": {"cache": cache.id} if cache is not None else {},
        "storage": accounts,
        "servicebus": bus.alert_targets,
        "topic": {name: vault.outputs.topic_id for name, vault in all_vaults.items() if vault.outputs.topic_id},
    }
