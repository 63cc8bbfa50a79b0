"""What every section of the stack config has in common, and how its mistakes are told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


@dataclass(frozen=True)
class Problem:
    """One mistake in a stack config or a catalogue.

    file: the stack file or catalogue; key: path of the value (``medspasync:network.subnets.apps``), empty for the whole
    file; value: what stands there; allowed: what may stand there; line: 1-based line in the file, where it was found.
    """

    key: str
    value: Any
    allowed: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        found = f"{self.key} = {shorten(self.value)}" if self.key else shorten(self.value)
        return f"{place}: {found}: {self.allowed}"


class SettingsError(pulumi.RunError):
    """The stack config is wrong. Raised before the first resource, with every mistake that could be found.

    A RunError, so that the engine shows the message and no traceback.
    """

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Section(BaseModel):
    """A part of the stack config: strict types, unknown keys refused, camelCase keys in the file.

    A subclass states what one field may hold with pydantic types, and what fields must hold together in
    ``problems()``, so that all mistakes are told at once.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        use_attribute_docstrings=True,
    )

    def problems(self) -> Iterator[Problem]:
        """Mistakes between fields of this section. Keys are relative to the section, in the file's spelling."""
        yield from ()


def shorten(value: Any, limit: int = 60) -> str:
    """A value as a message may show it."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about a misspelt name: ``; did you mean X?``, or nothing where no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
