"""Rules between sections of the stack config."""

from __future__ import annotations

from collections.abc import Iterator

from stacks.settings.base import Problem
from stacks.settings.model import Settings


def cross_section_problems(settings: Settings) -> Iterator[Problem]:
    """Mistakes that no section can see alone. Keys are full paths without the namespace."""
    yield from ()
