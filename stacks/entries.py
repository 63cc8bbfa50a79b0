"""What the program makes of each entry of its data: the catalogues and the stack config.

Resources made in a loop share one line of Python, and an entry that was forgotten leaves no trace at all. So each layer
says which entry it works on, which part of a resource another entry became, and which entries it leaves out and why.
The recorder writes that down (`stacks/recording.py`); in a real deployment nothing happens here.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Entry:
    """An entry in a data file of the project.

    file: path relative to the project, for example ``Pulumi.prod.yaml``.
    key: the entry's path inside the file, for example ``medspasync:apps.backend``. An item of a list that has an ``id``
    or a ``name`` is called by it: ``allowed.apps-to-postgres``.
    """

    file: str
    key: str


@dataclass(frozen=True, eq=False)
class Part:
    """An entry that becomes a part of a resource, or one of the resources that a component makes.

    Each is a promise of its own: of the resources made in its block, one at least has it.

    path: where in a resource's inputs the entry can be recognised, ``[]`` for any item of a list:
    ``customRules.rules[].name``. value: what stands there. The part is the item; without ``[]`` the whole resource.
    text: the input is a text, and the part is what contains ``value``.
    """

    entry: Entry
    path: str
    value: str
    text: bool = False


def list_parts(key: str, path: str, values: Iterable[str]) -> list[Part]:
    """What each item of a list of the stack config becomes. key: of the list, as `stack_entry` takes it."""
    return [Part(stack_entry(f"{key}[{index}]"), path, value) for index, value in enumerate(values)]


@dataclass(frozen=True)
class Omission:
    """An entry that makes nothing in this stack. reason: the condition, in words."""

    entry: Entry
    reason: str


def stack_file() -> str:
    """The stack config that is being deployed, for example ``Pulumi.prod.yaml``."""
    return f"Pulumi.{pulumi.get_stack()}.yaml"


def stack_entry(path: str) -> Entry:
    """An entry of the stack config, by its path without the project's prefix, for example ``apps.backend``."""
    return Entry(stack_file(), f"medspasync:{path}")


@dataclass(frozen=True)
class Sources:
    """What resources are made from. whole: entries that each resource comes from, the first one first; parts: entries
    that may be a part of one."""

    whole: tuple[Entry, ...] = ()
    parts: tuple[Part, ...] = ()


_sources: ContextVar[Sources] = ContextVar("medspasync_sources", default=Sources())  # noqa: B039 - frozen
_omissions: ContextVar[list[Omission] | None] = ContextVar("medspasync_omissions", default=None)


@contextmanager
def name_entry(*entries: Entry) -> Iterator[None]:
    """Name the entries that every resource made inside the ``with`` block comes from; blocks nest, the inner wins."""
    token = _sources.set(Sources(whole=entries))
    try:
        yield
    finally:
        _sources.reset(token)


@contextmanager
def name_parts(*parts: Part) -> Iterator[None]:
    """Name entries that become parts of resources made inside the block, beside what outer blocks name."""
    outer = _sources.get()
    token = _sources.set(Sources(whole=outer.whole, parts=(*outer.parts, *parts)))
    try:
        yield
    finally:
        _sources.reset(token)


def leave_out(reason: str, *entries: Entry) -> None:
    """Say that these entries make nothing in this stack, and why: the condition in words.

    Said of an entry that makes a resource elsewhere, it has no effect: what is made counts.
    """
    omissions = _omissions.get()
    if omissions is not None:
        omissions += [Omission(entry, reason) for entry in entries]


def named_sources() -> Sources:
    """What the blocks around the caller name."""
    return _sources.get()


@contextmanager
def collect_omissions() -> Iterator[list[Omission]]:
    """What `leave_out` is told inside the block, in order; filled while the block runs."""
    omissions: list[Omission] = []
    token = _omissions.set(omissions)
    try:
        yield omissions
    finally:
        _omissions.reset(token)
