"""The subscription that a stack is about to go to, read once for all checks, and what the checks ask of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from deployment.arm import Arm, ArmError
from deployment.errors import UsageError
from deployment.record import Declared, Record

RESOURCES = "2021-04-01"
SUBSCRIPTIONS = "2022-12-01"


@dataclass(frozen=True)
class Subscription:
    """A subscription beside the record of a stack.

    id: ``/subscriptions/…``; ask: runs a program and returns what it prints, None where it is not there.
    today: the day on which `up` is to run.
    """

    arm: Arm
    id: str
    record: Record
    ask: Callable[[list[str]], str | None]
    today: date
    _known: dict[str, list[dict[str, Any]]] = field(default_factory=dict, init=False)

    def real(self, text: str) -> str:
        """An ARM id of the record, in this subscription."""
        invented = self.record.subscription
        return self.id + text[len(invented) :] if invented and text.lower().startswith(invented.lower()) else text

    def is_made(self, resource: Declared) -> bool:
        """Whether Azure has this resource already: an `up` before made it."""
        return self.real(resource.id).lower() in self.made

    @cached_property
    def made(self) -> set[str]:
        """Ids, in lower case, of everything in the subscription that is no child of something else."""
        return {str(one["id"]).lower() for one in self.arm.list(f"{self.id}/resources", RESOURCES)}

    @cached_property
    def providers(self) -> Mapping[str, dict[str, Any]]:
        """Resource providers by namespace in lower case: state, types, their regions and API versions."""
        return {str(one["namespace"]).lower(): one for one in self.arm.list(f"{self.id}/providers", RESOURCES)}

    def listed(self, path: str, version: str) -> list[dict[str, Any]]:
        """What a resource provider lists (``Microsoft.Storage/skus``); asked once."""
        if path not in self._known:
            self._known[path] = self.arm.list(f"{self.id}/providers/{path}", version)
        return self._known[path]

    def offered(self, arm_type: str) -> dict[str, Any] | None:
        """What the provider says of an ARM type; None where it says nothing."""
        namespace, _, kind = arm_type.partition("/")
        types = self.providers.get(namespace.lower(), {}).get("resourceTypes") or []
        return next((one for one in types if str(one["resourceType"]).lower() == kind.lower()), None)

    def newest_version(self, arm_type: str) -> str | None:
        """The newest API version of a type, a stable one before a preview."""
        versions = (self.offered(arm_type) or {}).get("apiVersions") or []
        return max(versions, key=lambda version: ("preview" not in version, version), default=None)


def choose_subscription(arm: Arm, given: str | None) -> str:
    """The subscription to look at, ``/subscriptions/…``: the given one, else the only one that can be seen.

    Raises UsageError where there is none, or more than one.
    """
    if given:
        return f"/subscriptions/{given.removeprefix('/subscriptions/')}"
    try:
        seen = arm.list("/subscriptions", SUBSCRIPTIONS)
    except ArmError as refused:
        raise UsageError(str(refused)) from refused
    if len(seen) != 1:
        names = ", ".join(f"{one.get('subscriptionId')} ({one.get('displayName')})" for one in seen) or "none"
        raise UsageError(f"--subscription is needed: {len(seen)} can be seen ({names})")
    return f"/subscriptions/{seen[0]['subscriptionId']}"
