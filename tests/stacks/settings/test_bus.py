"""Wrong settings of the event bus are told with what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from stacks.settings.between.apps import bus_problems
from stacks.settings.bus import EventBusSettings

QUEUE = {"senders": ["backend"], "receivers": ["frontend"]}
APPS = ["backend", "frontend"]


def bus(**values: Any) -> EventBusSettings:
    return EventBusSettings.model_validate(values)


def topic(**subscription: Any) -> dict[str, Any]:
    return {"senders": ["backend"], "subscriptions": {"all": {"receivers": ["frontend"], **subscription}}}


def test_there_is_no_bus_unless_asked_for() -> None:
    assert bus().tier == "none"
    assert list(bus().problems()) == []


@pytest.mark.parametrize(
    "values",
    [
        {"tier": "basic"},
        {"tier": "premium", "messagingUnits": 3},
        {"queues": {"Mail": QUEUE}},
        {"queues": {"mail": {**QUEUE, "lockSeconds": 301}}},
        {"queues": {"mail": {**QUEUE, "maxDeliveries": 0}}},
        {"queues": {"mail": {**QUEUE, "senders": []}}},
        {"topics": {"events": {"senders": ["backend"], "subscriptions": {}}}},
        {"topics": {"events": topic(timeToLiveDays=91)}},
    ],
)
def test_values_that_azure_does_not_take_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        bus(**values)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"queues": {"mail": QUEUE}}, "tier"),
        ({"topics": {"events": topic()}}, "tier"),
        ({"tier": "standard", "messagingUnits": 2}, "messagingUnits"),
        ({"tier": "standard", "queues": {"events": QUEUE}, "topics": {"events": topic()}}, "topics.events"),
        (
            {"tier": "standard", "topics": {"events": topic(timeToLiveDays=30)}},
            "topics.events.subscriptions.all.timeToLiveDays",
        ),
    ],
)
def test_fields_that_do_not_fit_together_are_told(values: dict[str, Any], key: str) -> None:
    assert [problem.key for problem in bus(**values).problems()] == [key]


def test_senders_and_receivers_are_apps_each_once() -> None:
    right = bus(tier="standard", queues={"mail": QUEUE}, topics={"events": topic()})
    assert list(bus_problems(right, APPS)) == []
    wrong = bus(
        tier="standard",
        queues={"mail": {"senders": ["backed"], "receivers": ["frontend", "frontend"]}},
        topics={"events": {"senders": ["x"], "subscriptions": {"all": {"receivers": ["y"]}}}},
    )
    assert [(p.key, p.value) for p in bus_problems(wrong, APPS)] == [
        ("eventBus.queues.mail.senders", "backed"),
        ("eventBus.queues.mail.receivers", "frontend"),
        ("eventBus.queues.mail.receivers", "frontend"),
        ("eventBus.topics.events.senders", "x"),
        ("eventBus.topics.events.subscriptions.all.receivers", "y"),
    ]
