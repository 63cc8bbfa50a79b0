"""A mistake in a document, and the error that tells them all at once."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One mistake in a document that people write.

    file: path of the document; key: path of the value (``network.subnets[0].name``), empty for the whole document;
    value: what stands there; allowed: what may stand there; line: 1-based line in the file, where it was found.
    """

    key: str
    value: Any
    allowed: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        position = f"{self.file}:{self.line}" if self.line else self.file
        entry = f"{self.key} = {shorten(self.value)}" if self.key else shorten(self.value)
        return f"{position}: {entry}: {self.allowed}"


class DocumentError(Exception):
    """A document is wrong; ``problems`` holds every mistake that could be found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Bare(str):
    """Words in the place of a value, shown without quotes."""


MISSING = Bare("(missing)")
"""Stands for the value of a key that is not there."""


LONGEST = 60


def shorten(value: Any) -> str:
    """A value as a message may show it: in YAML's words."""
    text = _written(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _written(value: Any) -> str:
    if isinstance(value, Bare):
        return str(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_written(item)}' for key, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_written, value))}]"
    return repr(value) if isinstance(value, str) else str(value)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message about a misspelt name: ``; did you mean X?``, or nothing where no known name is near."""
    names = {_letters(other): other for other in known}
    near = difflib.get_close_matches(_letters(name), names, n=1)
    if not near and name:
        near = [letters for letters in names if letters.startswith(_letters(name))][:1]
    return f"; did you mean {names[near[0]]}?" if near else ""


def _letters(name: str) -> str:
    """A name without case, spaces, hyphens and underscores: ``East US 2`` is near to ``eastus2``."""
    return re.sub(r"[\s_-]", "", name).lower()
