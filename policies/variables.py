"""Variables and command lines of what runs, as texts: `Resource.variables` and `Resource.command_lines` find them."""

import re

from policies.kept import kept

SETTINGS = frozenset({f"azure-native:web:WebAppApplicationSettings{slot}" for slot in ("", "Slot")})
"""Types whose properties are variables, whatever their names."""
_WORD = re.compile(
    r"(?<![\w-])--?([A-Za-z][\w-]*)(?:[=\s]+([^\s;|&-][^\s;|&]*))?|\b([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s;|&]*)"
)
"""``--flag value``, ``--flag=value``, ``--flag`` and ``NAME=value`` in a command line."""
_COMMAND = re.compile(r"^(?P<holder>.*?)\.?(?:command|args)\[\d+\]$|(?P<line>.*appCommandLine)$")


@kept
def command_of(path: str) -> str:
    """The input that a word of a command line stands in; empty for other paths."""
    match = _COMMAND.match(path)
    return "" if match is None else (match["line"] or f"{match['holder']}.command".lstrip("."))


@kept
def set_in(line: str) -> tuple[tuple[str, str], ...]:
    """What a command line sets, by variables before it and by options: (name in capitals, value)."""
    found = []
    for flag, value, name, assigned in _WORD.findall(line):
        found.append((variable_name(flag), value or "true") if flag else (variable_name(name), assigned.strip("\"'")))
    return tuple(found)


@kept
def variable_name(name: str) -> str:
    """``http.sslVerify``, ``ssl-verify`` and ``SSL_VERIFY`` are one name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).strip("_").upper()
