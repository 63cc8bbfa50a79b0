"""What becomes of a stack whose file lacks a section: `sections.yaml`, beside this file."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section

Way = Literal["refused", "safe", "rule", "optional"]


class LeftOut(Section):
    """How a stack ends without one section."""

    ends: Way
    """Of a stack that may hold protected health information, or of any."""
    test_data: Way | None = None
    """Of a stack that holds test data only, where it is another."""
    owner: Way | None = None
    """Of the stack that owns its subscription, where it is another."""
    rules: list[str] = []
    """Rules of `assurance check` that fail, where it ends by rule."""
    reason: Annotated[str, Field(min_length=10)]
    """Why."""

    def problems(self) -> Iterator[Problem]:
        """Rules are named exactly where a rule is what notices."""
        if ("rule" in (self.ends, self.test_data, self.owner)) != bool(self.rules):
            yield Problem("rules", self.rules, "ids of rules where it ends by rule, and nowhere else")

    def way(self, *, test_data: bool, owner: bool) -> Way:
        """How it ends for a stack of this kind."""
        return (owner and self.owner) or (test_data and self.test_data) or self.ends


left_out = data_reader(__file__, "sections.yaml", dict[str, LeftOut])
"""Every section by key."""
