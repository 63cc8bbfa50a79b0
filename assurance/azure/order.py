"""Azure's own order of making resources, and how long each kind takes: two data files of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_FOLDER = Path(__file__).parent


def _token(name: str) -> str:
    """The full type token of a name that may leave ``azure-native:`` out."""
    return name if name == "*" or name.count(":") != 1 else f"azure-native:{name}"


TypeToken = Annotated[str, BeforeValidator(_token)]
Text = Annotated[str, Field(min_length=1)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class CreationTime(_Row):
    """Seconds to make a resource of a type; source or estimate, exactly one, says where the figure comes from."""

    seconds: Annotated[int, Field(gt=0)]
    source: Text | None = None
    estimate: Text | None = None

    @model_validator(mode="after")
    def _has_one_reason(self) -> CreationTime:
        if (self.source is None) == (self.estimate is None):
            raise ValueError("give a source or an estimate's reason, and not both")
        return self


class Wait(_Row):
    """Types that wait for other types where ``link`` holds; the data file's header says what each link means."""

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


class OneAtATime(_Row):
    """Types of which one at a time is made for one resource of type ``within``."""

    types: list[TypeToken]
    within: TypeToken
    reason: Text
    source: Text


class Constraints(_Row):
    """Azure's order: what is there with its parent, waits, and what is made one at a time."""

    exist_with_parent: list[TypeToken] = Field(alias="existWithParent")

    waits: list[Wait]
    one_at_a_time: list[OneAtATime] = Field(alias="oneAtATime")


def creation_times(path: Path = _FOLDER / "creation_times.yaml") -> dict[str, int]:
    """Typical seconds by type token. Raises pydantic.ValidationError for a row that does not hold its fields."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {type_: CreationTime.model_validate(row).seconds for type_, row in rows.items()}


def order_constraints(path: Path = _FOLDER / "order_constraints.yaml") -> Constraints:
    """Azure's order constraints. Raises pydantic.ValidationError for a row that does not hold its fields."""
    return Constraints.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
