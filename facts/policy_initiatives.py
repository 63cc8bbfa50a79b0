"""Definitions of the compliance initiatives that speak of the platform's types: ``policy_initiatives.yaml``."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section
from facts.decisions import Text

ANSWERS = ("rules", "alerts", "settings", "preflight", "exemption", "absent", "outside")
"""How a definition may be met; a row has exactly one."""

Names = Annotated[list[str], Field(min_length=1)]


class PolicyDefinition(Section):
    """One definition. The file's head says what each field means."""

    title: Text
    references: dict[str, str]
    rules: Names | None = None
    alerts: Names | None = None
    settings: Names | None = None
    preflight: str | None = None
    exemption: bool | None = None
    absent: Text | None = None
    outside: Text | None = None

    @property
    def answer(self) -> str:
        """The one field of `ANSWERS` that it has."""
        return next(name for name in ANSWERS if getattr(self, name) is not None)

    def problems(self) -> Iterator[Problem]:
        """Exactly one answer."""
        given = [name for name in ANSWERS if getattr(self, name) is not None]
        if len(given) != 1:
            yield Problem("title", self.title, f"exactly one of {', '.join(ANSWERS)}")


policy_definitions = data_reader(__file__, "policy_initiatives.yaml", dict[str, PolicyDefinition])
"""Rows by id of the definition."""
