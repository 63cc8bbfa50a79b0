"""Inputs that Azure takes only together with others (`conditional_properties.yaml`)."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from documents.problems import Problem
from documents.reading import read_document
from facts.decisions import Sourced


class ConditionalProperty(Sourced):
    """One such input. when: values of another input with which alone it is taken; unless: with which it is refused."""

    type: str
    property: str
    when: dict[str, list[str]] = {}
    unless: dict[str, list[str]] = {}
    says: str

    def problems(self) -> Iterator[Problem]:
        """Exactly one of the two conditions."""
        if bool(self.when) == bool(self.unless):
            yield Problem("", self.property, "one of when and unless")


@cache
def conditional_properties() -> tuple[ConditionalProperty, ...]:
    """Every row. Raises DocumentError when the file is wrong."""
    path = Path(__file__).with_name("conditional_properties.yaml")
    return tuple(read_document(path, list[ConditionalProperty]))
