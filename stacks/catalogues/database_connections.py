"""Limits of resources that their size decides, for alerts whose threshold is a share of one."""

import re

from documents.reading import data_reader

_connections = data_reader(__file__, "database_connections.yaml", dict[str, dict[str, int]])
""""""


def max_connections(tier: str, sku: str) -> int:
    """Connections that a server of this size accepts at most.

    tier: Burstable, GeneralPurpose or MemoryOptimized; sku: a size of it (``Standard_D4ds_v5``). Raises KeyError for
    a size that the table does not have.
    """
    sizes = _connections()[tier]
    size = sku.removeprefix("Standard_")[1:]
    cores = re.match(r"\d+", size)
    return sizes[size] if size in sizes or cores is None else sizes[cores.group()]
