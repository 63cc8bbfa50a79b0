"""The Redis cache: size, redundancy, persistence."""

import re
from collections.abc import Iterator
from typing import Literal

from documents.problems import Problem, did_you_mean
from documents.sections import Section

# Memory in GB by size, as in the names (learn.microsoft.com/azure/redis/overview, tiers).
SKUS = tuple(
    f"{family}{size}"
    for family, sizes in {
        "Balanced_B": (0, 1, 3, 5, 10, 20, 50, 100, 150, 250, 350, 500, 700, 1000),
        "MemoryOptimized_M": (10, 20, 50, 100, 150, 250, 350, 500, 700, 1000, 1500, 2000),
        "ComputeOptimized_X": (3, 5, 10, 20, 50, 100, 150, 250, 350, 500, 700),
    }.items()
    for size in sizes
)


UNCLUSTERED_GB = 25
"""Largest cache without clustering (azure-docs, redis/architecture.md)."""


class CacheSettings(Section):
    """Azure Managed Redis for sessions and cache. Always private, TLS only, Entra only."""

    sku: str
    """Size: Balanced_B0 (0.5 GB, about $13 a month), B1 (1 GB, $26), B3 (3 GB, $55), B5 (6 GB, $110), B10 (12 GB,
    $220), and so on; twice that with high availability. Smaller later only where Azure lists it
    (az redisenterprise list-skus-for-scaling)."""
    high_availability: bool = True
    """A copy of all data that takes over. Without it there is no SLA. Doubles the cost. A cluster that has it
    keeps it."""
    persistence: Literal["aof", "rdb-1h", "rdb-6h", "rdb-12h", "off"] = "aof"
    """What survives the loss of every node: aof, all but the last second; rdb, all but the last hours; off, nothing."""
    clustering: Literal["EnterpriseCluster", "OSSCluster", "NoCluster"] = "EnterpriseCluster"
    """EnterpriseCluster looks like one Redis; NoCluster is one, up to 25 GB. OSSCluster is refused: its nodes answer on
    ports 85XX, which the network denies. Fixed at creation."""
    eviction: Literal["VolatileLRU", "VolatileLFU", "VolatileTTL", "AllKeysLRU", "AllKeysLFU", "NoEviction"] = (
        "VolatileLRU"
    )
    """What goes when memory is full: Volatile… takes keys with a time to live only, NoEviction refuses writes."""
    customer_managed_key: bool = True
    """Encrypt the disk with our key. Redis takes a key version and follows no rotation: an alert comes in time, and the
    next generation replaces the key (docs/runbooks/cache-key.md). Turning it off is a long, disruptive
    maintenance of the cluster."""

    def problems(self) -> Iterator[Problem]:
        """A size that Azure has."""
        if self.sku not in SKUS:
            yield Problem(
                "sku", self.sku, f"a size of Azure Managed Redis, for example Balanced_B1{did_you_mean(self.sku, SKUS)}"
            )
        if self.clustering == "OSSCluster":
            yield Problem("clustering", "OSSCluster", "EnterpriseCluster: nodes answer on ports 85XX, which are denied")
        size = re.search(r"\d+$", self.sku)
        if self.clustering == "NoCluster" and size and int(size.group()) > UNCLUSTERED_GB:
            yield Problem("clustering", "NoCluster", f"EnterpriseCluster above {UNCLUSTERED_GB} GB ({self.sku})")
