"""Management locks, inherited by everything below their scope.

What they refuse: learn.microsoft.com, azure-resource-manager/management/lock-resources (CanNotDelete: no delete at the
scope or below it, extension resources included; ReadOnly: no write either); answer 409 ``ScopeLocked``.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tests.deployment.fake.server import READING_POST, Answer, FakeServer, RefusedError, Route

LOCKS = "/providers/Microsoft.Authorization/locks"
_ONE = rf"(?P<scope>.+){LOCKS}/(?P<name>[^/]+)"


class Locks(FakeServer):
    """Locks by id."""

    ROUTES: ClassVar[list[Route]] = [
        ("GET", rf"(?P<scope>/subscriptions/[^/]+){LOCKS}", "_locks"),
        ("GET", _ONE, "_one_lock"),
        ("PUT", _ONE, "_make_lock"),
        ("DELETE", _ONE, "_delete_lock"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.locks: dict[str, dict[str, Any]] = {}

    def lock(self, scope: str, name: str = "do-not-delete", level: str = "CanNotDelete") -> str:
        """A lock; returns its id."""
        key = f"{scope}{LOCKS}/{name}"
        self.locks[key] = {"level": level, "notes": "Stateful."}
        return key

    def _refuse_conflicts(self, method: str, path: str) -> None:
        super()._refuse_conflicts(method, path)
        if LOCKS in path or method == "GET" or READING_POST.search(path):
            return
        for key, lock in self.locks.items():
            scope = key.rpartition(LOCKS)[0]
            below = f"{path}/".lower().startswith(f"{scope}/".lower())
            if below and (method == "DELETE" or lock["level"] == "ReadOnly"):
                verb = "delete" if method == "DELETE" else "write"
                raise RefusedError(
                    409,
                    "ScopeLocked",
                    f"The scope '{path}' cannot perform {verb} operation because "
                    f"following scope(s) are locked: '{scope}'. Please remove the lock and try again.",
                )

    def _shown_lock(self, key: str) -> dict[str, Any]:
        return {"id": key, "name": key.rsplit("/", 1)[-1], "properties": self.locks[key]}

    def _locks(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        items = [self._shown_lock(key) for key in self.locks if key.startswith(given["scope"])]
        return self._page(f"{given['scope']}{LOCKS}", items, query)

    def _key(self, given: dict[str, Any]) -> str:
        return f"{given['scope']}{LOCKS}/{given['name']}"

    def _one_lock(self, given: dict[str, Any], *_: Any) -> Answer:
        if self._key(given) not in self.locks:
            raise RefusedError(404, "LockNotFound", given["name"])
        return Answer(200, self._shown_lock(self._key(given)))

    def _make_lock(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        if body["properties"]["level"] not in ("CanNotDelete", "ReadOnly"):
            raise RefusedError(400, "InvalidLockLevel")
        self.locks[self._key(given)] = body["properties"]
        return Answer(201, self._shown_lock(self._key(given)))

    def _delete_lock(self, given: dict[str, Any], *_: Any) -> Answer:
        return Answer(200 if self.locks.pop(self._key(given), None) else 204)
