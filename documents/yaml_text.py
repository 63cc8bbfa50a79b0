"""YAML text to plain data, as YAML 1.2 reads it: ``yes`` and ``on`` are text, so is a date, and ``010`` is ten.

Python's YAML reads version 1.1, most other tools 1.2; what people write must mean the same to both. libyaml is used
where PyYAML has it: ten times faster.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from documents.problems import Bare, Problem

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STARTS = {
    "null": ["~", "n", "N", ""],
    "bool": list("tTfF"),
    "int": list("-+0123456789"),
    "float": list("-+.0123456789"),
}
_SCALARS = {
    "null": r"^(?:~|null|Null|NULL|)$",
    "bool": r"^(?:true|True|TRUE|false|False|FALSE)$",
    "int": r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$",
    "float": r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
}


_TAGS = {f"tag:yaml.org,2002:{name}" for name in (*_SCALARS, "str", "seq", "map")}
DIGITS, DEPTH, NODES = 300, 60, 200_000
"""Digits of a number, levels and values of a text: far more than anybody writes. Aliases count as what they stand
for."""
_BRACKET = re.compile(r"[\[\]{}]|(?:[-?] ){500}")
OPEN = 500
"""Levels at which a text is not even read: some thousand end libyaml, and Python with it."""


class _Loader(_Base):
    """The safe loader with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


def _integer(loader: Any, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node))
    if len(text) > DIGITS:
        return text  # type: ignore[return-value]  # Python reads no such number: whoever wants one says so
    return int(text[2:], {"0o": 8, "0x": 16}[text[:2]]) if text[:2] in ("0o", "0x") else int(text)


for _tag, _pattern in _SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _STARTS[_tag])
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)


def load_yaml(text: str) -> Any:
    """The plain data of a YAML text. Raises yaml.YAMLError; a key written twice is found by `repeated_keys`."""
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader


TEXTS = 32
"""How many texts `read_again` keeps the data of."""


@lru_cache(TEXTS)
def read_again(text: str) -> Any:
    """As `load_yaml`, of a text that many ask for: parsed once, and the answer is everybody's, so nobody changes it."""
    return load_yaml(text)


def read_if_possible(path: Path) -> Any:
    """The data of a file as `read_again` has it; None where it cannot be read: whoever needs it says so elsewhere."""
    try:
        return read_again(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None


def compose_yaml(text: str) -> yaml.Node | None:
    """The nodes of a YAML text, which know their lines; None for an empty text.

    Raises yaml.YAMLError, for what no reader of ours could go through too: a key that is a list, a tag, an anchor in
    itself, levels and aliases without an end.
    """
    _refuse_abyss(text)
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    if node is not None:
        _measure(node, (), {})
    return node


def _refuse_abyss(text: str) -> None:
    """Raises yaml.YAMLError for a text whose levels nobody could have written."""
    depth = 0
    for found in _BRACKET.finditer(text):
        depth += OPEN if len(found[0]) > 1 else 1 if found[0] in "[{" else -min(1, depth)
        if depth >= OPEN:
            line = text.count("\n", 0, found.start())
            mark = yaml.Mark("", 0, line, 0, text, 0)
            raise yaml.MarkedYAMLError(problem=f"more than {DEPTH} levels", problem_mark=mark)


def _measure(node: yaml.Node, around: tuple[int, ...], sizes: dict[int, int]) -> int:
    """How many values a node holds, aliases counted as what they stand for. Raises yaml.YAMLError."""
    if id(node) in sizes:
        return sizes[id(node)]
    if node.tag not in _TAGS:
        raise _refused(node, f"tag {node.tag.replace('tag:yaml.org,2002:', '!!')}")
    if id(node) in around:
        raise _refused(node, "an anchor inside itself")
    if len(around) > DEPTH:
        raise _refused(node, f"more than {DEPTH} levels")
    size = 1
    inner = (*around, id(node))
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                raise _refused(name, "a list or a mapping as a key")
            size += _measure(name, inner, sizes) + _measure(value, inner, sizes)
    elif isinstance(node, yaml.SequenceNode):
        size += sum(_measure(item, inner, sizes) for item in node.value)
    if size > NODES:
        raise _refused(node, "aliases that stand for more than can be read")
    sizes[id(node)] = size
    return size


def _refused(node: yaml.Node, problem: str) -> yaml.YAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def node_data(node: yaml.Node | None) -> Any:
    """The plain data of a node; keys are text."""
    return _data(node, _Loader(""))


def _data(node: yaml.Node | None, loader: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(name.value): _data(value, loader) for name, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_data(item, loader) for item in node.value]
    return None if node is None else loader.construct_object(node)


def is_plain(node: yaml.Node) -> bool:
    """Whether a scalar stands there without quotes."""
    return isinstance(node, yaml.ScalarNode) and not node.style


def repeated_keys(node: yaml.Node | None, key: str = "") -> Iterator[Problem]:
    """Keys that a mapping under ``node`` has twice: readers keep the last one and nobody is told."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for name, value in node.value:
            path = f"{key}.{name.value}" if key else str(name.value)
            if name.value in seen:
                yield Problem(path, name.value, "each key once", line=name.start_mark.line + 1)
            seen.add(name.value)
            yield from repeated_keys(value, path)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from repeated_keys(item, f"{key}[{index}]")


_ADVICE = {
    "cannot start any token": "spaces before a key, no tab; text with a special first character in quotes",
    "mapping values are not allowed": "a space behind the colon of a key, and text with a colon in it in quotes",
    "did not find expected key": "the same number of spaces before all keys of a mapping",
    "did not find expected ',' or ']'": "a list that ends with ], its entries with commas between them",
    "did not find expected ',' or '}'": "a mapping that ends with }, its entries with commas between them",
    "could not find expected ':'": "a colon and a space behind each key",
    "unexpected end of stream": "a quotation mark at both ends of a text",
    "undefined alias": "text that begins with * in quotes",
    "as a key": "a plain name before each colon; text that begins with [ or { in quotes",
    "tag ": "the value itself; text that begins with ! in quotes",
    "inside itself": "each value written out, without anchors",
    "levels": "a few levels of keys and lists",
    "stand for more": "each value written out, without anchors",
    "another document": "one document: no line --- inside",
}
"""What a reader's message means for somebody who writes the file, by a part of it."""


def yaml_problem(error: Exception, file: str) -> Problem:
    """A text that is no YAML, or no text, as a problem of its file."""
    if isinstance(error, UnicodeDecodeError):
        line = error.object[: error.start].count(b"\n") + 1
        found = "UTF-16" if error.object[:2] in (b"\xff\xfe", b"\xfe\xff") else f"byte {error.object[error.start]:#x}"
        return Problem("", Bare(f"({found})"), "a text file in UTF-8: save it in this encoding", file, line)
    if isinstance(error, OSError):
        return Problem("", Bare(f"({error.strerror or error})"), "a file that can be read", file)
    if isinstance(error, yaml.reader.ReaderError):
        hint = ", not UTF-16: save it so" if error.character == 0 else ""
        allowed = f"a text file in UTF-8 without control characters{hint}"
        return Problem("", Bare(f"(character {error.character!r})"), allowed, file)
    mark = getattr(error, "problem_mark", None)
    message = getattr(error, "problem", None) or str(error)
    context = " ".join(filter(None, (getattr(error, "context", None), message)))
    advice = next((advice for part, advice in _ADVICE.items() if part in context), None)
    allowed = f"a YAML file: {advice}" if advice else "a YAML file"
    return Problem("", Bare(f"({message})"), allowed, file, mark.line + 1 if mark else None)
