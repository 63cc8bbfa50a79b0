"""Parts of a resource that may be declared inside it or apart from it: ``parts.yaml``."""

from documents.reading import data_reader
from documents.sections import Section
from facts.decisions import Text


class Apart(Section):
    """A type declared apart that Azure keeps in another resource's property; the file's head says what each means."""

    resource: Text
    by: list[str]
    into: Text
    takes: str = ""
    fills: bool = False
    renames: dict[str, str] = {}
    source: Text


class Inside(Section):
    """A property of a resource that Azure also keeps as resources of their own."""

    resource: Text
    each: Text
    type: Text
    by: list[str]
    name: str = ""
    settings: bool = False
    source: Text


class Parts(Section):
    """The whole file."""

    apart: dict[str, Apart]
    inside: list[Inside]


parts = data_reader(__file__, "parts.yaml", Parts)
"""The file's rows."""
