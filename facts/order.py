"""Azure's own order of making resources: ``order.yaml``, whose head says what each link means."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from documents.reading import read_document
from documents.sections import Section
from facts.decisions import Text

FILE = Path(__file__).with_name("order.yaml")


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


@cache
def order_constraints(file: Path = FILE) -> Constraints:
    """The constraints. Raises DocumentError when the file is wrong."""
    return read_document(file, Constraints)
