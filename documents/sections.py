"""Models of what a document holds, and the mistakes that they find, by the keys as the file spells them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError, to_json

from documents.problems import MISSING, Problem, did_you_mean
from documents.words import KEY, Kind, describe, fields_in, kinds_at, refusal


class Section(BaseModel):
    """A part of a document: strict types, unknown keys refused, camelCase keys in the file.

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


def one_of(allowed: Callable[[], Iterable[str]]) -> AfterValidator:
    """A text that is one of ``allowed``, which is known only when a document is read."""

    def check(value: str) -> str:
        known = sorted(allowed())
        if value not in known:
            message = f"one of {', '.join(known)}{did_you_mean(value, known)}"
            raise PydanticCustomError("one_of", "{message}", {"message": message})
        return value

    return AfterValidator(check)


def validate(data: Any, type_: Any) -> tuple[Any, list[Problem]]:
    """Plain data as ``type_`` (a Section, or mappings and lists of them), and every mistake in it."""
    try:
        # As JSON, where strict mode takes a list for a tuple, and a text for a date.
        content = TypeAdapter(type_).validate_json(to_json(data))
    except ValidationError as error:
        problems = [refused(type_, {**details, "loc": _written(data, details["loc"])}) for details in error.errors()]
        return None, list({(problem.key, problem.allowed): problem for problem in problems}.values())
    return content, list(all_problems(content))


def all_problems(value: Any, path: str = "") -> Iterator[Problem]:
    """Problems of a section and of every section inside it."""
    if isinstance(value, Section):
        yield from (under(path, problem) for problem in value.problems())
        for name, info in type(value).model_fields.items():
            yield from all_problems(getattr(value, name), _join(path, str(info.alias)))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from all_problems(item, _join(path, str(key)))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            yield from all_problems(item, f"{path}[{index}]")


def refused(model: Any, details: ErrorDetails) -> Problem:
    """What pydantic refuses in data for ``model``, as a problem. The key is relative to the data."""
    path = ""
    for part in details["loc"]:
        path = f"{path}[{part}]" if isinstance(part, int) else path if part == KEY else _join(path, part)
    if details["type"] == "missing":
        return Problem(path, MISSING, requirement(model, details["loc"]))
    if details["type"] == "extra_forbidden":
        keys = keys_at(model, details["loc"][:-1])
        last = str(details["loc"][-1])
        if last.isdigit() and details["input"] is None:
            return Problem(path, details["input"], "nothing: a number is written without commas, 6000 and not 6,000")
        return Problem(path, details["input"], f"unknown key{did_you_mean(last, keys)}; known: {', '.join(keys)}")
    return Problem(path, details["input"], refusal(model, details))


def _written(data: Any, location: Sequence[int | str]) -> tuple[int | str, ...]:
    """A location without pydantic's own parts: which member of a union it tried.

    Such a part may be called like a key: with ``engine: metric`` and ``metric: Http5xx`` it is the engine.
    """
    written: list[int | str] = []
    for number, part in enumerate(location):
        last = number + 1 == len(location)
        if isinstance(data, Mapping) and (last or (part in data and not _chooses(data, part))):
            data = data.get(part)
        elif isinstance(part, int) and isinstance(data, Sequence):
            data = data[part]
        elif part != KEY:
            continue
        written.append(part)
    return tuple(written)


def _chooses(data: Mapping[Any, Any], part: int | str) -> bool:
    """Whether a part of a location is the value that chose the member of a union, though a key is called like it."""
    return part in [value for value in data.values() if isinstance(value, str)] and isinstance(data[part], str)


def requirement(model: Any, location: Sequence[int | str]) -> str:
    """What a key that is not there must hold, and what it is for."""
    wanted = " or ".join(dict.fromkeys(describe(kind) for kind in kinds_at(model, location)))
    sections = kinds_at(model, location[:-1])
    said = next((info.description for info in _fields_of(sections) if info.alias == location[-1]), None)
    meaning = f" ({' '.join(said.split()).rstrip('.')})" if said else ""
    return f"required: {wanted}{meaning}"


def keys_at(model: Any, location: Sequence[int | str]) -> list[str]:
    """Keys that the model knows at a location; none where the place is not a section."""
    return sorted({str(info.alias) for info in _fields_of(kinds_at(model, location))})


def _fields_of(kinds: Iterable[Kind]) -> Iterator[FieldInfo]:
    return (info for kind in kinds for info in fields_in(kind.annotation))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def under(path: str, problem: Problem) -> Problem:
    """``problem`` with its key below ``path``."""
    return Problem(_join(path, problem.key) if problem.key else path, problem.value, problem.allowed)
