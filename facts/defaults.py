"""What Azure takes where an input is absent: ``defaults.yaml``."""

from documents.reading import data_reader
from facts.decisions import Sourced, Unknown

Value = str | bool | int | None


class TypeDefaults(Sourced):
    """The defaults of one type."""

    defaults: dict[str, Value | Unknown]


defaults = data_reader(__file__, "defaults.yaml", dict[str, TypeDefaults])
"""The rows by version-blind type key."""


def default_of(type_: str, path: str) -> Value | Unknown:
    """What Azure takes for ``path`` of a type where it is absent; Unknown where nobody found out.

    type_: a version-blind key; ``azure-native:`` may be left out. path: with [] for any entry. Raises KeyError.
    """
    key = type_ if type_ in defaults() else f"azure-native:{type_}"
    return defaults()[key].defaults[path]
