"""What alerts of the catalogue need to know of the stack: limits of its resources, and lists in their queries."""

from collections.abc import Mapping, Sequence

from stacks.catalogues.alerts import Limit
from stacks.catalogues.database_connections import max_connections
from stacks.settings.apps import AppSettings
from stacks.settings.database import DatabaseSettings
from stacks.settings.vaults import VaultSettings


def alert_limits(database: DatabaseSettings) -> dict[Limit, float]:
    """What shares in the alert catalogue are shares of."""
    return {"database-connections": max_connections(database.tier, database.sku)}


KEY = "INTERNAL-API-KEY"


QueryLists = Mapping[str, Sequence[str]]
"""Lists that stand for ``{{name}}`` in an alert's query, by name."""


def internal_keys(apps: Mapping[str, AppSettings], vaults: VaultSettings) -> QueryLists:
    """Who has such a key (``internal_consumers``), and when all were rotated last (``internal_keys_rotated``, one day:
    the keys are one secret of the catalogue, each consumer's its own value)."""
    return {
        "internal_consumers": [app for app, settings in apps.items() if KEY in settings.secrets],
        "internal_keys_rotated": [vaults.rotation_dates(KEY)[-1].isoformat()],
    }
