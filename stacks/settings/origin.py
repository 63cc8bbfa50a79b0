"""Which entry of which file a resource is made from.

Resources made in a loop over a catalogue or a stack config share one line of Python. The layer that makes them
names the entry here, so that a finding can point to the line a person would edit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Origin:
    """An entry in a data file of the project.

    file: path relative to the project, for example ``Pulumi.prod.yaml``.
    key: the entry's path inside the file, for example ``medspasync:apps.backend``.
    """

    file: str
    key: str


def stack_file() -> str:
    """The stack config that is being deployed, for example ``Pulumi.prod.yaml``."""
    return f"Pulumi.{pulumi.get_stack()}.yaml"


def stack_entry(path: str) -> Origin:
    """An entry of the stack config, by its path without the project's prefix, for example ``apps.backend``."""
    return Origin(stack_file(), f"medspasync:{path}")


_current: ContextVar[Origin | None] = ContextVar("medspasync_origin", default=None)


@contextmanager
def made_from(origin: Origin) -> Iterator[None]:
    """Name the entry that every resource made inside the ``with`` block comes from; blocks nest, the inner wins."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def current_origin() -> Origin | None:
    """The entry named by the innermost ``made_from`` around the caller, or None."""
    return _current.get()
