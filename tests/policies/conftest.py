"""Records that rules are tried on: a platform that breaks none of them."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

import pytest

from assurance.check.view import stack_of
from assurance.record import Mode, Record
from assurance.recorder.program import record_program
from policies.view import Stack
from stacks.settings.origin import current_origin
from tests.harness import ROOT
from tests.policies.small_platform import small_platform


@cache
def platform_record(mode: Mode) -> Record:
    """The record of a platform with one of everything; made once, never altered."""

    def origin() -> dict[str, Any] | None:
        entry = current_origin()
        return asdict(entry) if entry else None

    return record_program(small_platform, stack="test", mode=mode, root=ROOT, origin=origin)


@cache
def platform_stack(mode: Mode) -> Stack:
    """The same as rules see it."""
    return stack_of(platform_record(mode))


@pytest.fixture
def platform() -> Record:
    """The platform, as deployed."""
    return platform_record("deployed")
