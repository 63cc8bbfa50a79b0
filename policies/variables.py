"""Variables and command lines of what runs, in whatever input they stand."""

import re
from collections.abc import Iterator
from weakref import WeakKeyDictionary

from policies.kept import kept
from policies.resource import Resource, token

SETTINGS = frozenset({token("web:WebAppApplicationSettings"), token("web:WebAppApplicationSettingsSlot")})
"""Types whose properties are variables, whatever their names."""
_WORD = re.compile(
    r"(?<![\w-])--?([A-Za-z][\w-]*)(?:[=\s]+([^\s;|&-][^\s;|&]*))?|\b([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s;|&]*)"
)
"""``--flag value``, ``--flag=value``, ``--flag`` and ``NAME=value`` in a command line."""
_COMMAND = re.compile(r"^(?P<holder>.*?)\.?(?:command|args)\[\d+\]$|(?P<line>.*appCommandLine)$")


_known: WeakKeyDictionary[Resource, tuple[tuple[str, str], ...]] = WeakKeyDictionary()


def variables(resource: Resource) -> tuple[tuple[str, str], ...]:
    """The variables that a program is given, and what its command lines set: (name in capitals, value)."""
    known = _known.get(resource)  # several rules ask for them
    if known is None:
        known = _known[resource] = tuple(_variables(resource))
    return known


def _variables(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.type in SETTINGS:
        for path, value in resource.scalars():
            if path.startswith("properties."):
                yield _name(path.removeprefix("properties.")), str(value)
        return
    names = resource.variables
    for path, text in resource.free_texts:
        if path.endswith(".value") and (name := names.get(path.removesuffix(".value"))):
            yield _name(name), text
    for _, line in command_lines(resource):
        yield from set_in(line)


def command_lines(resource: Resource) -> Iterator[tuple[str, str]]:
    """The command lines of a resource, each with the input that it stands in; the words of a list are one line."""
    lines: dict[str, list[str]] = {}
    for path, text in resource.free_texts:
        place = _place(path)
        if place:
            lines.setdefault(place, []).append(text)
    yield from ((place, " ".join(words)) for place, words in lines.items())


def run_texts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Every text that a program reads as it starts: values of variables, and command lines; no tag."""
    for path, text in resource.free_texts:
        if not path.startswith("tags.") and not _place(path):
            yield path, text
    yield from command_lines(resource)


@kept
def _place(path: str) -> str:
    """The input that a word of a command line stands in; empty for other paths."""
    match = _COMMAND.match(path)
    return "" if match is None else (match["line"] or f"{match['holder']}.command".lstrip("."))


@kept
def set_in(line: str) -> tuple[tuple[str, str], ...]:
    """What a command line sets, by variables before it and by options: (name in capitals, value)."""
    found = []
    for flag, value, name, assigned in _WORD.findall(line):
        found.append((_name(flag), value or "true") if flag else (_name(name), assigned.strip("\"'")))
    return tuple(found)


@kept
def _name(name: str) -> str:
    """``http.sslVerify``, ``ssl-verify`` and ``SSL_VERIFY`` are one name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).strip("_").upper()
