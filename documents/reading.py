"""Reads a document of the project: data that people review, each a YAML file with a type."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, overload

import yaml

from documents.lines import key_lines, line_of
from documents.problems import DocumentError, Problem
from documents.sections import validate
from documents.yaml_text import compose_yaml, node_data, repeated_keys, yaml_problem

T = TypeVar("T")
More = Callable[[Any], Iterable[Problem]]
"""Finds further mistakes in the plain data of a file, whose form may be wrong."""


@overload
def read_document(file: Path, type_: type[T], more: More = ...) -> T: ...


@overload
def read_document(file: Path, type_: Any, more: More = ...) -> Any: ...


def read_document(file: Path, type_: Any, more: More = lambda _data: ()) -> Any:
    """The content of a file as ``type_`` (a Section, or mappings and lists of them).

    more: what must hold beside the type, for example that files are there which entries name.
    Raises DocumentError with every mistake: the file, line, key, value and what is allowed.
    """
    name = _name(file)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DocumentError([Problem("", file.name, "a file that is there", name)]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError([yaml_problem(error, name)]) from None
    return parse_document(text, type_, name, more)


def data_reader(beside: str, name: str, type_: type[T]) -> Callable[[], T]:
    """A function that reads a file of our own data, once: ``name``, beside the module ``beside`` (its ``__file__``).

    It gives and raises what `read_document` does.
    """
    return cache(lambda: read_document(Path(beside).with_name(name), type_))


def parse_document(text: str, type_: Any, file: str, more: More = lambda _data: ()) -> Any:
    """The content of a YAML text as ``type_``; ``file`` is named in messages. Raises DocumentError."""
    try:
        root = compose_yaml(text)
        data = node_data(root)
    except yaml.YAMLError as error:
        raise DocumentError([yaml_problem(error, file)]) from None
    problems = [*repeated_keys(root), *more(data)]
    elsewhere: list[Problem] = []
    try:
        content, mistakes = validate(data, type_)
        problems += mistakes
    except DocumentError as error:  # of another document, which this one is held against
        elsewhere = error.problems
    if problems or elsewhere:
        lines = key_lines(root)
        here = [replace(p, file=file, line=p.line or line_of(lines, p.key)) for p in problems]
        raise DocumentError([*here, *elsewhere])
    return content


def _name(file: Path) -> str:
    """The file's path in its project, where it is in one."""
    root = next((folder for folder in file.parents if (folder / "Pulumi.yaml").is_file()), file.parent)
    return str(file.relative_to(root))
