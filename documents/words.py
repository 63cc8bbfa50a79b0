"""What a value may be, in words: read from the types of a model, where a text's own words stand beside its pattern."""

import re
import types
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Literal, Union

from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from documents.problems import did_you_mean, shorten

KEY = "[key]"
"""pydantic's last part of a location where a name itself is wrong, and not the value under it."""
_LIMITS = ("gt", "ge", "lt", "le", "min_length", "max_length", "multiple_of")
_BOUNDS = {"ge": "at least {}", "gt": "more than {}", "le": "at most {}", "lt": "less than {}"}
_SIMPLE = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    date: 'a date in quotes, like "2026-11-01"',
    IPv4Network: "an address range, like 203.0.113.0/24",
    IPv6Network: "an address range, like 203.0.113.0/24",
}


class Text(StringConstraints):
    """A text with a pattern. words: what it is, in plain words with an example: ``a host, like app.example.com``."""

    words: str

    def __init__(self, pattern: str, words: str, *, min_length: int | None = None, max_length: int | None = None):
        super().__init__(pattern=pattern, min_length=min_length, max_length=max_length)
        object.__setattr__(self, "words", words)


@dataclass(frozen=True)
class Kind:
    """A type of a model with what is said about it. annotation: the bare type; limits: by name, as pydantic calls
    them; words: of its pattern."""

    annotation: Any
    limits: Mapping[str, Any]
    words: str | None = None


def kinds_at(model: Any, location: Sequence[int | str]) -> list[Kind]:
    """Every type that a model allows at a location of an error; none where the model has no such place."""
    kinds = list(_members(model, ()))
    for number, part in enumerate(location):
        if part != KEY:
            step = KEY if KEY in location[number + 1 : number + 2] else part
            kinds = [inner for kind in kinds for inner in _inside(kind.annotation, step)] or kinds
    return kinds


def fields_in(annotation: Any) -> Collection[FieldInfo]:
    """The fields of a section; none of any other type."""
    is_section = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return annotation.model_fields.values() if is_section else ()


def describe(kind: Kind) -> str:
    """A type in words: ``a whole number, 7 to 35``; ``one of none, standard, premium``."""
    annotation = kind.annotation
    origin = typing.get_origin(annotation)
    if origin is Literal:
        choices = [_choice(value) for value in typing.get_args(annotation)]
        return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    if annotation in _SIMPLE:
        return ", ".join(filter(None, [kind.words or _SIMPLE[annotation], _limits(kind)]))
    if origin in (list, tuple) or (isinstance(origin, type) and issubclass(origin, (Sequence, set, frozenset))):
        return ", ".join(filter(None, ["a list", _limits(kind)]))
    if fields := fields_in(annotation):
        return f"a mapping of {', '.join(sorted(str(info.alias) for info in fields))}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a mapping of names to values"
    return kind.words or "another value"


def refusal(model: Any, details: ErrorDetails) -> str:
    """What is allowed where pydantic refused a value, in words."""
    value, context = details["input"], details.get("ctx", {})
    kinds = kinds_at(model, details["loc"])
    wanted = " or ".join(dict.fromkeys(describe(kind) for kind in kinds))
    ranges = any(kind.annotation in (IPv4Network, IPv6Network) for kind in kinds)
    if details["type"] == "one_of":  # documents.sections.one_of says it in full
        return str(details["msg"])
    if details["type"] == "value_error" and not ranges:
        return str(context.get("error") or details["msg"])
    if isinstance(value, (int, float)) and not isinstance(value, bool) and _takes_text(kinds, value):
        return f'{wanted}; put it in quotes: "{value}"'
    if details["type"] == "literal_error":
        names = [str(v) for kind in kinds for v in typing.get_args(kind.annotation)]
        return wanted + did_you_mean(str(value), names)
    if details["type"] == "string_pattern_mismatch":
        return wanted + _repair(str(value), str(context["pattern"]))
    lists = any(typing.get_origin(kind.annotation) in (list, tuple) for kind in kinds)
    if lists and isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return f"{wanted}; write [{value}]"
    if value is None and kinds:
        fields = fields_in(kinds[0].annotation) if len(kinds) == 1 else ()
        defaults = fields and not any(info.is_required() for info in fields)
        return f"{wanted}; {'{} stands for its defaults' if defaults else 'nothing stands here'}"
    if isinstance(value, str) and any(kind.annotation in (int, float, bool) for kind in kinds):
        return f"{wanted}, without quotes" if re.fullmatch(r"-?\d+(\.\d+)?|true|false", value) else wanted
    if not kinds or wanted == "another value":
        message = details["msg"].removeprefix("Input should be ")
        return message[:1].lower() + message[1:]
    return wanted


def _takes_text(kinds: Sequence[Kind], value: float) -> bool:
    return any(
        kind.annotation is str
        or (typing.get_origin(kind.annotation) is Literal and str(value) in typing.get_args(kind.annotation))
        for kind in kinds
    )


def _choice(value: Any) -> str:
    """A choice as it is written: a text that YAML reads as something else stands in quotes."""
    if isinstance(value, str) and re.fullmatch(r"[\d.]+|on|off|yes|no|true|false", value, re.I):
        return f'"{value}"'
    return shorten(value) if not isinstance(value, str) else value


def _limits(kind: Kind) -> str:
    limits = kind.limits
    low, high = limits.get("ge"), limits.get("le")
    if low is not None and high is not None:
        said = [f"{low:,} to {high:,}"]
    else:
        said = [text.format(limits[name]) for name, text in _BOUNDS.items() if limits.get(name) is not None]
    unit = "characters" if kind.annotation is str else "entries"
    few, many = limits.get("min_length"), limits.get("max_length")
    if few and not (kind.annotation is str and few == 1):
        said.append(f"at least {few} {unit if few != 1 else 'entry'}")
    if many is not None:
        said.append(f"at most {many} {unit}")
    if limits.get("multiple_of") is not None:
        said.append(f"in steps of {limits['multiple_of']}")
    return ", ".join(said)


def _repair(value: str, pattern: str) -> str:
    """``; did you mean X?`` where a usual slip (case, spaces, a whole address) is all that is wrong."""
    host = re.sub(r"^[a-z]+://", "", value.strip()).split("/")[0]
    spaced = re.sub(r"[\s_]+", "-", value)
    for near in (
        value.strip(),
        value.lower(),
        value.upper(),
        value.capitalize(),
        host.lower(),
        spaced.lower(),
        spaced.upper(),
    ):
        if re.search(pattern, near):
            return f"; did you mean {near}?"
    return ""


def _inside(annotation: Any, part: int | str) -> Iterator[Kind]:
    """What stands one step further in."""
    arguments = typing.get_args(annotation)
    origin = typing.get_origin(annotation)
    for info in fields_in(annotation):
        if info.alias == part:
            yield from _members(info.annotation, info.metadata)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        yield from _members(arguments[0] if part == KEY else arguments[1], ())
    elif isinstance(part, int) and arguments:
        yield from _members(arguments[0], ())


def _members(annotation: Any, metadata: Sequence[Any]) -> Iterator[Kind]:
    """The types that an annotation joins, without None."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        bare, *more = typing.get_args(annotation)
        yield from _members(bare, [*metadata, *more])
    elif origin in (Union, types.UnionType):
        for argument in typing.get_args(annotation):
            if argument is not type(None):
                yield from _members(argument, metadata)
    else:
        limits = {name: getattr(item, name) for item in _single(metadata) for name in _LIMITS if hasattr(item, name)}
        words = next((item.words for item in metadata if isinstance(item, Text)), None)
        yield Kind(annotation, {name: value for name, value in limits.items() if value is not None}, words)


def _single(metadata: Sequence[Any]) -> Iterator[Any]:
    """Each constraint by itself: a pydantic Field inside an annotation holds several."""
    for item in metadata:
        yield item
        yield from getattr(item, "metadata", ())
