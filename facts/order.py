"""Azure's own order of making resources: ``order.yaml``, whose head says what each link means."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from documents.reading import data_reader
from documents.sections import Section
from facts.decisions import Text


def _token(name: str) -> str:
    """The full type token of a name that may leave ``azure-native:`` out."""
    return name if name == "*" or name.count(":") != 1 else f"azure-native:{name}"


TypeToken = Annotated[str, BeforeValidator(_token)]


class Wait(Section):
    """Types that wait for other types where ``link`` holds."""

    waits: list[TypeToken]
    for_: list[TypeToken] = Field(alias="for")
    link: Annotated[str, Field(pattern=r"^(under|names|(shares|holds) \S+)$")]
    where: Text | None = None
    reason: Text
    source: Text

    @property
    def kind(self) -> str:
        """The first word of ``link``."""
        return self.link.partition(" ")[0]

    @property
    def common(self) -> str:
        """The type whose resource both sides have to do with, of ``shares`` and ``holds``."""
        return _token(self.link.partition(" ")[2])


class Constraints(Section):
    """Azure's order: what is there with its parent, and what waits. What is made one at a time: types.yaml, serial."""

    exist_with_parent: list[TypeToken]
    waits: list[Wait]


order_constraints = data_reader(__file__, "order.yaml", Constraints)
"""The constraints."""
