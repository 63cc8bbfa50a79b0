"""Immutability policies of an archive's containers: guarded by an ETag, and eternal once locked."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.deployment.fake.server import Answer, FakeServer, RefusedError, Route

_POLICY = r".+/containers/(?P<container>[^/]+)/immutabilityPolicies/default"


class Immutability(FakeServer):
    """Policies by container."""

    ROUTES: ClassVar[list[Route]] = [
        ("GET", _POLICY, "_policy"),
        ("POST", f"{_POLICY}/lock", "_lock_policy"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.policies: dict[str, dict[str, Any]] = {}

    def policy(self, container: str, days: int, state: str = "Unlocked", append: bool = True) -> None:
        """A container's immutability policy."""
        self.policies[container] = {"days": days, "state": state, "append": append, "etag": '"8d59f81a7fa7be0"'}

    def _known_policy(self, container: str) -> dict[str, Any]:
        if container not in self.policies:
            raise RefusedError(404, "ContainerNotFound", container)
        return self.policies[container]

    def _policy(self, given: dict[str, Any], *_: Any) -> Answer:
        policy = self._known_policy(given["container"])
        properties = {
            "immutabilityPeriodSinceCreationInDays": policy["days"],
            "state": policy["state"],
            "allowProtectedAppendWritesAll": policy["append"],
        }
        return Answer(200, {"etag": policy["etag"], "properties": properties})

    def _lock_policy(self, given: dict[str, Any], _: Any, __: Any, headers: dict[str, str]) -> Answer:
        policy = self._known_policy(given["container"])
        if "If-Match" not in headers:
            raise RefusedError(400, "MissingRequiredHeader")
        if headers["If-Match"] != policy["etag"]:
            raise RefusedError(412, "ConditionNotMet")
        if policy["state"] == "Locked":
            raise RefusedError(409, "ImmutabilityPolicyAlreadyLocked")
        policy.update(state="Locked", etag='"8d59f81a7fa7be1"')
        return Answer(200, {"etag": policy["etag"]})
