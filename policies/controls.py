"""The HIPAA Security Rule as data (hipaa.yaml): what each paragraph asks, and what other catalogues call it."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section

ControlId = Annotated[str, StringConstraints(pattern=r"^164\.3(08|10|12|14|16)\([a-z]\)(\((\d|[ivx]+|[A-Z])\))*$")]

NistId = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-\d+(\(\d+\))?$")]


class ControlMapping(Section):
    """Controls of NIST SP 800-53r5 that serve a paragraph: those that NIST names, and those that we add."""

    nist: Annotated[list[NistId], Field(min_length=1)]
    of: Literal["specification", "standard"]
    ours: list[NistId] = []
    read: date

    def problems(self) -> Iterator[Problem]:
        """Each control is named once."""
        named = [*self.nist, *self.ours]
        for twice in sorted({each for each in named if named.count(each) > 1}):
            yield Problem("ours" if twice in self.ours else "nist", twice, "each control once")


class Control(Section):
    """One standard or implementation specification; the file's head says what each field means."""

    title: Annotated[str, Field(min_length=5)]
    status: Literal["R", "A"]
    asks: Annotated[str, Field(min_length=10)]
    inherited: str = ""
    about: str = ""
    sp80066: Annotated[str, StringConstraints(pattern=r"^5\.[1-5]\.[1-9]$")]
    sp80053: ControlMapping

    def problems(self) -> Iterator[Problem]:
        """What Azure does for us is about us."""
        if self.inherited and self.about:
            yield Problem("about", self.about, "nothing where a row is inherited")


controls = data_reader(__file__, "hipaa.yaml", dict[ControlId, Control])
"""The paragraphs by id, in the order of the law."""
