"""What Azure takes where an input is absent: ``defaults.yaml``."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from documents.reading import read_document
from documents.sections import Section
from facts.decisions import Text, Unknown

Value = str | bool | int | None


class TypeDefaults(Section):
    """The defaults of one type."""

    source: Text
    read: date
    defaults: dict[str, Value | Unknown]


@cache
def defaults() -> Mapping[str, TypeDefaults]:
    """The rows by version-blind type key. Raises DocumentError when the file is wrong."""
    return read_document(Path(__file__).with_name("defaults.yaml"), dict[str, TypeDefaults])


def default_of(type_: str, path: str) -> Value | Unknown:
    """What Azure takes for ``path`` of a type where it is absent; Unknown where nobody found out.

    type_: a version-blind key; ``azure-native:`` may be left out. path: with [] for any entry. Raises KeyError.
    """
    key = type_ if type_ in defaults() else f"azure-native:{type_}"
    return defaults()[key].defaults[path]
