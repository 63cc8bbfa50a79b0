"""What is too long for `make test`: which part of it runs there (all of it runs in `make test-long`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings


def sample(cases: Iterable[Any], every: int) -> list[Any]:
    """Parameters of which every ``every``-th, the first included, runs in `make test`, and the others are long."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=[pytest.mark.long] if index % every else [])
        for index, case in enumerate(cases)
    ]


def costly(examples: int) -> settings:
    """For a property whose examples take long: ``examples`` in `make test`, and the same share of the long run."""
    usual = settings.get_profile("test").max_examples
    return settings(max_examples=max(1, settings().max_examples * examples // usual))
