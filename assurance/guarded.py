"""Plain data of a record as the engine's policy host guards it: to look at an unknown value raises UnknownValueError.

Unlike the host's own proxies, which are made of everything at once, an object or list is guarded when it is looked at.
Rules must not tell the two apart: neither is a ``dict`` or a ``list``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from assurance.record import UNKNOWN


class _Holder:
    """What an object and a list have in common. path: the keys that lead to it."""

    __slots__ = ("_inside", "_path", "_plain")

    def __init__(self, plain: Any, path: tuple[str, ...] = ()) -> None:
        self._plain = plain
        self._path = path
        self._inside: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self._plain)

    def _at(self, key: Any) -> Any:
        value = self._plain[key]
        if isinstance(value, str):
            if UNKNOWN in value:  # a text that was made with an unknown one is unknown too
                raise UnknownValueError(UNKNOWN_STRING_VALUE, [*self._path, str(key)])
            return value
        if not isinstance(value, (dict, list)):
            return value
        if key not in self._inside:
            guard = GuardedObject if isinstance(value, dict) else GuardedList
            self._inside[key] = guard(value, (*self._path, str(key)))
        return self._inside[key]


class GuardedObject(_Holder, Mapping[str, Any]):
    """An object of a record."""

    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        return self._at(key)

    def get(self, key: str, default: Any = None) -> Any:
        """As of any mapping; here, for it is what rules call most."""
        return self._at(key) if key in self._plain else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._plain)


class GuardedList(_Holder, Sequence[Any]):
    """A list of a record."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._at(each) for each in range(*index.indices(len(self)))]
        return self._at(index)
