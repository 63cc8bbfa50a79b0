"""Azure Resource Manager on loopback, as far as the deployment steps use it, with its states and its rules.

What is written here follows the public REST references of each service: what an operation needs, what it changes and
when the change can be seen. `FakeArm.changes` holds every request that was not a read.
"""

from __future__ import annotations

from tests.deployment.fake.account import Account
from tests.deployment.fake.immutability import Immutability
from tests.deployment.fake.jobs import Jobs
from tests.deployment.fake.live import Live
from tests.deployment.fake.locks import Locks
from tests.deployment.fake.postgres import Postgres
from tests.deployment.fake.private_links import FRONT_DOORS_SUBSCRIPTION, PrivateLinks
from tests.deployment.fake.server import Answer, Fault, RefusedError
from tests.deployment.fake.sites import Sites, Slot

__all__ = [
    "DATA",
    "FRONT_DOORS_SUBSCRIPTION",
    "GROUP",
    "MONITORING",
    "SUBSCRIPTION",
    "Answer",
    "FakeArm",
    "Fault",
    "RefusedError",
    "Slot",
]

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
MONITORING = f"{SUBSCRIPTION}/resourceGroups/rg-mss-test-monitoring"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-mss-test-platform"
DATA = f"{SUBSCRIPTION}/resourceGroups/rg-mss-test-data"


class FakeArm(Account, Live, Locks, PrivateLinks, Postgres, Immutability, Jobs, Sites):
    """The whole of it."""
