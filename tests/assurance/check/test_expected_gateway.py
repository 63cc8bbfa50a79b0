"""An API of the stack file that is not behind the gateway, or asks less than the file says, fails the check."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from assurance.check.expected import stack_settings
from assurance.check.expected_gateway import gateway_demands
from assurance.check.places import Places
from assurance.record import Mode, Record
from assurance.references import References
from stacks.settings.model import Settings
from stacks.settings.parse import parse
from tests.assurance.altered import named, without
from tests.gateway import gateway_config, gateway_record
from tests.harness import MODES, ROOT, stack_record

API, ORIGIN, POLICY = "apimanagement:Api", "cdn:AFDOrigin", "apimanagement:ApiPolicy"


def settings(**apis: Any) -> Settings:
    config = gateway_config()
    config["medspasync:apiManagement"]["apis"]["backend"] |= apis
    return parse({key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}, "P")


def problems(record: Record, wanted: Settings | None = None) -> list[str]:
    (found,) = gateway_demands(References(record), wanted or settings(), Places(ROOT))
    return list(found.problems)


@pytest.mark.parametrize("mode", MODES)
def test_what_the_program_makes_is_what_the_file_says(mode: Mode) -> None:
    assert problems(gateway_record(mode)) == []


def test_a_stack_without_a_gateway_is_not_asked() -> None:
    prod = stack_settings(ROOT, "prod")
    assert prod is not None
    assert list(gateway_demands(References(stack_record("prod")), prod, Places(ROOT))) == []


def past(record: Record) -> None:
    site = named(record, "app-backend", "web:WebApp")
    named(record, "edge-backend", ORIGIN).inputs["sharedPrivateLinkResource"]["privateLink"]["id"] = site.id


def no_key(record: Record) -> None:
    named(record, "gateway-backend", API).inputs["subscriptionRequired"] = False


def no_policy(record: Record) -> None:
    named(record, "gateway-backend", POLICY).inputs["value"] = "<policies><inbound/></policies>"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (past, "leads past the gateway"),
        (lambda record: without(record, "edge-backend", ORIGIN), "no origin for it"),
        (lambda record: without(record, "gateway-backend", API), "there is no such API"),
        (no_key, "subscriptionRequired is False"),
        (no_policy, "does not check tokens"),
        (no_policy, "no limit of 300 calls in 60 s for each user"),
    ],
)
def test_less_than_the_file_says_is_told(change: Callable[[Record], None], told: str) -> None:
    record = gateway_record()
    change(record)
    assert any(told in problem for problem in problems(record))


def test_another_limit_in_the_file_is_told() -> None:
    other = settings(limits=[{"counter": "user", "calls": 100, "seconds": 60}])
    assert problems(gateway_record(), other) == ["no limit of 100 calls in 60 s for each user"]
