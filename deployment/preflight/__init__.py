"""What must be there before `up`: each check reads the record and the subscription, and writes nothing."""

from collections.abc import Callable, Iterator, Mapping

from deployment.preflight.budget import check_budget
from deployment.preflight.capacity import check_plans, check_quotas, check_storage
from deployment.preflight.database import check_database
from deployment.preflight.engine import check_engine
from deployment.preflight.existing import check_existing
from deployment.preflight.locks import check_locks
from deployment.preflight.names import check_names
from deployment.preflight.network import check_shared_subnets, check_watcher
from deployment.preflight.providers import check_offered, check_registered
from deployment.preflight.rights import check_rights
from deployment.preflight.subscription import Subscription
from deployment.step import Result

CHECKS: Mapping[str, Callable[[Subscription], Iterator[Result]]] = {
    "engine": check_engine,
    "providers": check_registered,
    "rights": check_rights,
    "locks": check_locks,
    "names": check_names,
    "regions": check_offered,
    "database": check_database,
    "app-service": check_plans,
    "storage": check_storage,
    "quotas": check_quotas,
    "network-watcher": check_watcher,
    "shared-subnets": check_shared_subnets,
    "existing": check_existing,
    "budget": check_budget,
}
"""Every check of the subscription, in the order in which they run."""
