"""Sites and slots: images, instances, swaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.deployment.fake.server import Answer, FakeServer, RefusedError, Route

_SLOT = r"(?P<slot>.+/sites/[^/]+(/slots/[^/]+)?)"
_ONLY_SLOT = r"(?P<slot>.+/slots/[^/]+)"


@dataclass
class Slot:
    """A site or a slot: what a swap exchanges (image) and what it leaves."""

    image: str
    state: str = "Running"
    availability: str = "Normal"
    target_swap_slot: str | None = None
    sign_in: bool = False
    instances: dict[str, list[str]] = field(default_factory=lambda: {"i1": ["READY"], "i2": ["READY"]})
    """States of each instance, one a read; the last one stays."""
    healthy: bool = True
    """Whether the health path answers Azure's warm-up with 200."""


class Sites(FakeServer):
    """Sites and slots by id."""

    ROUTES: ClassVar[list[Route]] = [
        ("GET", _SLOT, "_slot"),
        ("GET", f"{_SLOT}/config/web", "_config"),
        ("PATCH", f"{_SLOT}/config/web", "_set_config"),
        ("GET", f"{_SLOT}/config/authsettingsV2", "_sign_in"),
        ("GET", f"{_SLOT}/instances", "_instances"),
        ("GET", rf"{_SLOT}/instances/(?P<name>[^/]+)", "_instance"),
        ("POST", f"{_ONLY_SLOT}/start", "_start_slot"),
        ("POST", f"{_ONLY_SLOT}/applySlotConfig", "_begin_swap"),
        ("POST", f"{_ONLY_SLOT}/resetSlotConfig", "_reset"),
        ("POST", f"{_ONLY_SLOT}/slotsswap", "_swap"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.sites: dict[str, Slot] = {}

    def _known_slot(self, slot: str) -> Slot:
        if slot not in self.sites:
            raise RefusedError(404, "ResourceNotFound", slot)
        return self.sites[slot]

    def _slot(self, given: dict[str, Any], *_: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        return Answer(
            200,
            {
                "properties": {
                    "state": slot.state,
                    "availabilityState": slot.availability,
                    "targetSwapSlot": slot.target_swap_slot,
                }
            },
        )

    def _config(self, given: dict[str, Any], *_: Any) -> Answer:
        return Answer(200, {"properties": {"linuxFxVersion": self._known_slot(given["slot"]).image}})

    def _set_config(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        if slot.target_swap_slot:
            raise RefusedError(409, "Conflict", "a swap with preview is in progress")
        slot.image = body["properties"]["linuxFxVersion"]
        return self._config(given)

    def _sign_in(self, given: dict[str, Any], *_: Any) -> Answer:
        return Answer(200, {"properties": {"platform": {"enabled": self._known_slot(given["slot"]).sign_in}}})

    def _instances(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        names = slot.instances if slot.state == "Running" else {}
        return self._page(f"{given['slot']}/instances", [{"name": name} for name in names], query)

    def _instance(self, given: dict[str, Any], *_: Any) -> Answer:
        states = self._known_slot(given["slot"]).instances[given["name"]]
        state = states.pop(0) if len(states) > 1 else states[0]
        return Answer(200, {"name": given["name"], "properties": {"state": state}})

    def _start_slot(self, given: dict[str, Any], *_: Any) -> Answer:
        self._known_slot(given["slot"]).state = "Running"
        return Answer(200)

    def _begin_swap(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        if slot.sign_in:
            raise RefusedError(409, "Conflict", "swap with preview cannot be used with site authentication")
        slot.target_swap_slot = body["targetSlot"]
        return Answer(200)

    def _reset(self, given: dict[str, Any], *_: Any) -> Answer:
        self._known_slot(given["slot"]).target_swap_slot = None
        return Answer(200)

    def _swap(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        slot = self._known_slot(given["slot"])
        production = self._known_slot(given["slot"].split("/slots/")[0])
        if body["targetSlot"] != "production":
            raise RefusedError(400, "BadRequest", "no such slot")

        def exchange() -> None:
            slot.image, production.image = production.image, slot.image
            slot.target_swap_slot = None

        unanswered = RefusedError(409, "Conflict", "the slot did not respond to http ping")
        refused = None if slot.healthy else unanswered
        site = given["slot"].split("/slots/")[0]
        return self._accept("location", exchange, error=refused, on=site, conflict="Conflict")
