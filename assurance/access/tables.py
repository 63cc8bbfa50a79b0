"""The tables behind the access matrix: what duties need."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from documents.reading import data_reader
from documents.sections import Section


class Duty(Section):
    """What an identity may be needed for. A right is of facts/roles.yaml, or a pattern of operations."""

    users: tuple[str, ...] = ()
    """Resource types that serve it."""
    tag: str = ""
    """What an identity bears that serves it for somebody outside the record."""
    rights: frozenset[str]
    """All it needs."""
    wide_scope: frozenset[str] = frozenset()
    """Those that it needs on a resource group."""
    everywhere: frozenset[str] = frozenset()
    """Those that it needs on a subscription."""
    source: str
    """Where that is said."""

    def allowed_on(self, scope: str) -> frozenset[str]:
        """The rights that it may have on a whole ``resource group`` or ``subscription``; on another scope none."""
        return {"resource group": self.wide_scope, "subscription": self.everywhere}.get(scope, frozenset())

    def needs(self, right: str) -> bool:
        """Whether it needs a right."""
        return matches(right, self.rights)


def matches(right: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns stands for a right: ``Microsoft.Web/*`` for every operation of that namespace."""
    return any(fnmatchcase(right.lower(), pattern.lower()) for pattern in patterns)


duties = data_reader(__file__, "duties.yaml", dict[str, Duty])
"""Duties by name."""
