"""The register of exceptions: which rule may be broken where, why, until when, and what protects instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from policies.lines import Key, key_lines, line_of

REGISTER_FILE = Path(__file__).with_name("exceptions.yaml")

Text = Annotated[str, Field(min_length=10)]


class RegisterError(ValueError):
    """The register is malformed; ``problems`` tells every mistake with line, exception's id, field and value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ExceptionEntry(BaseModel):
    """One entry of the register, with camelCase keys in the file."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, use_attribute_docstrings=True, validate_by_name=False
    )

    rules: Annotated[list[str], Field(min_length=1)]
    """Ids of the rules it relaxes."""
    stacks: Annotated[list[str], Field(min_length=1)]
    """Stacks it holds in, by name."""
    resource: Annotated[str, Field(min_length=1)]
    """Logical name of the resources it covers; ``*`` stands for any text."""
    reason: Text
    """Why the rule is not met."""
    compensating_control: Text
    """What protects instead."""
    owner: Annotated[str, Field(min_length=3)]
    """Role that answers for it, never a person's name."""
    expires: date
    """Last day on which it holds."""

    def expired(self, today: date) -> bool:
        """Whether its last day is past."""
        return self.expires < today

    def covers(self, rule_id: str, stack: str, name: str) -> bool:
        """Whether it is about this rule on this resource of this stack, expired or not."""
        return rule_id in self.rules and stack in self.stacks and fnmatchcase(name, self.resource)


@dataclass(frozen=True)
class Register:
    """All exceptions by id. lines: the line of each in the file."""

    exceptions: dict[str, ExceptionEntry] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    file: str = "policies/exceptions.yaml"

    def covering(self, rule_id: str, stack: str, name: str) -> ExceptionEntry | None:
        """The exception for this rule on this resource, expired or not."""
        found = self.find(rule_id, stack, name)
        return self.exceptions[found] if found else None

    def find(self, rule_id: str, stack: str, name: str) -> str | None:
        """The id of the exception for this rule on this resource; the one that holds longest when there are several."""
        ids = [id_ for id_, exception in self.exceptions.items() if exception.covers(rule_id, stack, name)]
        return max(ids, key=lambda id_: self.exceptions[id_].expires, default=None)

    @classmethod
    def load(cls, path: Path = REGISTER_FILE) -> Register:
        """Read the register; raises RegisterError with every mistake in it."""
        return cls.parse(path.read_text(encoding="utf-8"))

    @classmethod
    def parse(cls, text: str) -> Register:
        """Read a register from YAML text; raises RegisterError with every mistake in it."""
        try:
            document = yaml.safe_load(text) or {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = f"line {mark.line + 1}: " if mark else ""
            raise RegisterError([f"{place}not YAML: {getattr(error, 'problem', None) or error}"]) from error
        if not isinstance(document, dict):
            raise RegisterError(["a register is a mapping of exception ids"])
        lines = key_lines(text)
        exceptions: dict[str, ExceptionEntry] = {}
        problems: list[str] = []
        for id_, entry in document.items():
            try:
                exceptions[str(id_)] = ExceptionEntry.model_validate(entry)
            except ValidationError as error:
                problems += [_told(lines, str(id_), problem) for problem in error.errors()]
        problems += [
            f"line {line_of(lines, (str(id_),))}: {id_}: an exception id starts with EXC-"
            for id_ in document
            if not str(id_).startswith("EXC-")
        ]
        if problems:
            raise RegisterError(problems)
        return cls(exceptions, {id_: line_of(lines, (id_,)) for id_ in exceptions})


def _told(lines: Mapping[Key, int], id_: str, problem: Any) -> str:
    place = f"line {line_of(lines, (id_, *problem['loc']))}: {id_}"
    field_name = ".".join(str(part) for part in problem["loc"])
    found = "" if problem["type"] == "missing" else f" = {problem['input']!r}"
    return f"{place}: {field_name}{found}: {problem['msg']}" if field_name else f"{place}{found}: {problem['msg']}"
