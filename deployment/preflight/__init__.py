"""What must be there before `up`: each check reads the record and the subscription, and writes nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deployment.arm import ArmError
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


@dataclass(frozen=True)
class Check:
    """One check of the subscription."""

    name: str
    run: Callable[[Subscription], Iterator[Result]]


CHECKS: tuple[Check, ...] = (
    Check("engine", check_engine),
    Check("providers", check_registered),
    Check("rights", check_rights),
    Check("locks", check_locks),
    Check("names", check_names),
    Check("regions", check_offered),
    Check("database", check_database),
    Check("app-service", check_plans),
    Check("storage", check_storage),
    Check("quotas", check_quotas),
    Check("network-watcher", check_watcher),
    Check("shared-subnets", check_shared_subnets),
    Check("existing", check_existing),
    Check("budget", check_budget),
)


def results(check: Check, subscription: Subscription) -> Iterator[Result]:
    """The results of one check; a read that Azure refuses is one that failed, and the next check gets its turn."""
    try:
        yield from check.run(subscription)
    except ArmError as refused:
        yield Result("-", "failed", str(refused))
