"""What a line gives away: the shapes of policies/secrets.py, fallbacks in code, and values of telling names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from facts.secret_inputs import says_secret
from policies.secrets import Detector, is_random, shapes, worth_a_look

LONGEST_LINE = 4000
"""Characters; what is longer was written by a program: each line of it is read in parts."""
SHORTEST = 4
"""Characters from which a value may be a secret: ``dev`` and ``x`` are not worth a word."""

_FALLBACK = re.compile(
    r"""(?:process\.env(?:\.(?P<a>\w+)|\[["'](?P<b>\w+)["']\])|import\.meta\.env\.(?P<c>\w+))\s*(?:\|\||\?\?)\s*
        (?P<q>["'`])(?P<value>(?:(?!(?P=q)).)+)(?P=q)
      | (?:environ\.get|getenv)\(\s*["'](?P<d>\w+)["']\s*,\s*(?P<r>["'])(?P<other>(?:(?!(?P=r)).)+)(?P=r)
      | \$\{(?P<e>\w+):-(?P<shell>[^}$\s]+)\}""",
    re.VERBOSE,
)
"""A variable that must be given, and the value that stands in for it where it is not."""
_ASSIGNED = re.compile(
    r"""(?:^|[\s,{(\["'`.])(?P<name>[A-Za-z_][\w.-]{1,60})["'`]?\s*(?:=>|:=|[:=])\s*
        (?:(?P<q>["'`])(?P<value>(?:(?!(?P=q)).)+)(?P=q)|(?P<bare>[^\s"'`,;{}()\[\]]+))\s*[,;)}\]]*\s*(?:\#.*|//.*)?$""",
    re.VERBOSE,
)
_NO_VALUE = re.compile(
    r"(?i)^(?:[<\[{(%$@].*|.*[<{(]\w.*[>})].*|null|none|undefined|true|false|yes|no|\d+|x+|\*+|\.{2,}|required|optional|string|str|text|"
    r"process\.env.*|os\.environ.*|secure|redacted|\[secret\].*|https?://[^@]*|[a-z_][\w.]*\(.*|"
    r"(?:your|my|the|example|sample|dummy|placeholder|change|replace|insert|todo)[-_ ].*)$"
)
"""A placeholder, a reference, another name: no value."""


_NAME = re.compile(r"[A-Z]+|[A-Z][A-Z0-9]*(?:[_-][A-Z0-9]+)+")
"""What a variable or a secret is called, and not what it holds."""
_WORDS_ONLY = re.compile(r"[A-Za-z]+(?:[-_.:/ ][A-Za-z]+)*")
"""What a name of something else looks like: no digit, no sign."""
_PASSWORD = re.compile(r"(?i)password|passwd|pwd|passphrase")
"""Names whose values people choose: there one word without a digit is a secret too."""
_SWITCH = re.compile(r"(?i)enabled|disabled|on|off|required|optional|all|any|default|microsoft\..*")
_FORM = re.compile(r"://[^@\s\"']*[<{$][^@\s]*@")
"""An address whose password is a placeholder, or comes from elsewhere."""
_LITERAL = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)\1""")
CODE = (".py", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".go", ".java", ".cs", ".rb", ".php", ".rs", ".kt")
IN_LITERALS = "a connection string with a password"
"""The kind that looks like an argument of a call: in code it counts inside quotes only."""


@dataclass(frozen=True)
class Hit:
    """One secret in a line. kind: what it is; text: it and what stands around it, never to be shown whole."""

    line: int
    kind: str
    text: str


def hits(text: str, *, bare: bool = False, code: bool = False) -> Iterator[Hit]:
    """Every secret in a text, one for each line.

    bare: values may stand without quotes, as in YAML and .env files; code: texts stand in quotes.
    """
    among = worth_a_look(text)
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > LONGEST_LINE:
            parts = [line[start : start + LONGEST_LINE] for start in range(0, len(line), LONGEST_LINE - 200)]
        else:
            parts = [line]
        found = next((kind for part in parts for kind in _kinds(part, among, bare, code)), None)
        if found is not None:
            yield Hit(number, found, line.strip())


def _kinds(line: str, among: list[Detector], bare: bool, code: bool) -> Iterator[str]:
    fallback = _fallback(line)
    if fallback:
        yield fallback
    if among:
        for kind in shapes(line, among):
            if code and kind == IN_LITERALS and not any(kind in shapes(each[2], among) for each in _literals(line)):
                continue
            if not _FORM.search(line):
                yield kind
    assigned = _ASSIGNED.search(line)
    if assigned is not None and says_secret(assigned["name"]):
        value = assigned["value"] or (assigned["bare"] if bare else None) or ""
        if is_value(value) and _is_telling(assigned["name"], value):
            yield f"a value of {assigned['name']}"


def _fallback(line: str) -> str | None:
    for found in _FALLBACK.finditer(line):
        name = next(found[group] for group in "abcde" if found[group])
        value = found["value"] or found["other"] or found["shell"] or ""
        if says_secret(name) and is_value(value):
            return f"a fallback for {name}"
    return None


def _literals(line: str) -> Iterator[re.Match[str]]:
    return _LITERAL.finditer(line)


def _is_telling(name: str, value: str) -> bool:
    """Whether a value is more than the name of something: a key or token without a digit is one, a password not."""
    if _SWITCH.fullmatch(value):
        return False
    return _WORDS_ONLY.fullmatch(value) is None or (_PASSWORD.search(name) is not None and value.isalpha())


def is_value(value: str) -> bool:
    """Whether a text may be a secret: no placeholder, no reference, no sentence."""
    value = value.strip()
    if len(value) < SHORTEST or _NO_VALUE.match(value) or _NAME.fullmatch(value):
        return False
    # Words with spaces are a sentence about a secret; one word, or what only a generator writes, is a secret.
    return " " not in value or is_random(value)
