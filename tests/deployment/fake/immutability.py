"""Immutability policies of an archive's containers: guarded by an ETag, and eternal once locked."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.deployment.fake.server import Answer, FakeServer, RefusedError, Route

_POLICY = r".+/containers/(?P<container>[^/]+)/immutabilityPolicies/default"


class Immutability(FakeServer):
    """Policies by container."""

    ROUTES: ClassVar[list[Route]] = [
        ("GET", _POLICY, "_policy"),
        ("PUT", _POLICY, "_write_policy"),
        ("POST", f"{_POLICY}/lock", "_lock_policy"),
        ("POST", f"{_POLICY}/extend", "_extend_policy"),
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

    def _guarded(self, given: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        """The policy, where the request carries its ETag."""
        policy = self._known_policy(given["container"])
        if "If-Match" not in headers:
            raise RefusedError(400, "MissingRequiredHeader")
        if headers["If-Match"] != policy["etag"]:
            raise RefusedError(412, "ConditionNotMet")
        return policy

    def _changed(self, policy: dict[str, Any], **values: Any) -> Answer:
        policy.update(values, etag=f'"{int(policy["etag"].strip(chr(34)), 16) + 1:x}"')
        return Answer(200, {"etag": policy["etag"]})

    def _lock_policy(self, given: dict[str, Any], _: Any, __: Any, headers: dict[str, str]) -> Answer:
        policy = self._guarded(given, headers)
        if policy["state"] == "Locked":
            raise RefusedError(409, "ImmutabilityPolicyAlreadyLocked")
        return self._changed(policy, state="Locked")

    def _write_policy(self, given: dict[str, Any], _: Any, body: Any, headers: dict[str, str]) -> Answer:
        policy = self._guarded(given, headers)
        if policy["state"] == "Locked":
            raise RefusedError(409, "ImmutabilityPolicyLocked")
        asked = body["properties"]
        return self._changed(
            policy,
            days=asked["immutabilityPeriodSinceCreationInDays"],
            append=bool(asked.get("allowProtectedAppendWritesAll")),
        )

    def _extend_policy(self, given: dict[str, Any], _: Any, body: Any, headers: dict[str, str]) -> Answer:
        policy = self._guarded(given, headers)
        days = body["properties"]["immutabilityPeriodSinceCreationInDays"]
        if policy["state"] != "Locked" or days <= policy["days"]:
            raise RefusedError(409, "ImmutabilityPolicyNotExtendable")
        return self._changed(policy, days=days)
