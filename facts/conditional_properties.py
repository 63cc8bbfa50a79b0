"""Inputs that Azure takes only together with others (`conditional_properties.yaml`)."""

from collections.abc import Iterator

from documents.problems import Problem
from documents.reading import data_reader
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


conditional_properties = data_reader(__file__, "conditional_properties.yaml", list[ConditionalProperty])
"""Every row."""
