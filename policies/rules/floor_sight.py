"""What must be seen of a stack, whatever its own file says: the flows of its network, and whether it answers."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from policies.compare import same
from policies.resource import Resource
from policies.rule import rule
from policies.rules.archive import deleted_after
from policies.rules.floor import PROFILE, may_hold_phi
from policies.rules.monitoring import METRIC
from policies.view import Stack

KEPT_DAYS = 90
TEST, DOMAIN = "applicationinsights:WebTest", "cdn:AFDCustomDomain"


@rule(
    "FLOOR-FLOW-LOG",
    "The flows of a network are recorded, and kept for 90 days",
    on="network:VirtualNetwork",
    severity="high",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Give the stack medspasync:network.flowLogs, with retentionDays of 90 or more; NET-FLOW-LOG says what "
    "a flow log must be.",
    source="CIS Azure Foundations 6.5: kept for 90 days",
    where=may_hold_phi,
)
def flow_log(network: Resource, stack: Stack) -> Iterator[str]:
    logs = stack.holders(network, "targetResourceId", "network:FlowLog")
    if not logs:
        yield "no flow log of this stack is of it"
    for account in (each for log in logs for each in stack.targets(log, "storageId", "storage:StorageAccount")):
        days = min(deleted_after(account, stack), default=KEPT_DAYS)
        if days < KEPT_DAYS:
            yield f"{account} deletes its flows after {days} days"


@rule(
    "FLOOR-AVAILABILITY",
    "Somebody asks from outside whether the platform answers, and an alert tells when it does not",
    on=PROFILE,
    severity="high",
    controls=["164.308(a)(7)(ii)(C)", "164.308(a)(6)(ii)"],
    remediation="Name a page of a public host under medspasync:monitoring.availabilityTests.",
    source="requirement S24; learn.microsoft.com/azure/azure-monitor/app/availability",
    where=lambda profile, stack: may_hold_phi(profile, stack) and bool(_domains(profile, stack)),
)
def availability_test(profile: Resource, stack: Stack) -> Iterator[str]:
    hosts = {str(domain.get("hostName")).lower() for domain in _domains(profile, stack)}
    tests = [test for test in stack.by_type(TEST) if urlsplit(str(test.get("request.requestUrl"))).hostname in hosts]
    if not any(same(test.get("enabled"), True) for test in tests):
        yield f"no availability test that is on asks for a page of {', '.join(sorted(hosts))}"
    for test in tests:
        if not any(same(alert.get("enabled"), True) for alert in stack.holders(test, "criteria.webTestId", METRIC)):
            yield f"no alert that is on tells of the test {test}"


def _domains(profile: Resource, stack: Stack) -> list[Resource]:
    return stack.holders(profile, "profileName", DOMAIN, by="profileName")
