"""What may stand instead of a fact: no, with the reason, or unknown, with where one looked."""

from datetime import date
from typing import Annotated

from pydantic import Field

from documents.sections import Section

Text = Annotated[str, Field(min_length=3)]


class Sourced(Section):
    """A row that says which page it is from, and the day on which that was read."""

    source: Text
    read: date


class No(Section):
    """Decided: there is none."""

    no: Text
    """Why."""


class Unknown(Section):
    """Not decided: nobody could find out. Never read as no."""

    unknown: Text
    """Where one looked, and when."""
