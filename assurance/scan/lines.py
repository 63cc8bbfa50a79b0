"""What a line gives away: the shapes of policies/secrets.py, fallbacks in code, and values of telling names."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assurance.scan.values import NAME, is_secret_of
from policies.secrets import Detector, shapes

LONGEST_LINE = 4000
"""Characters; what is longer was written by a program: each line of it is read in parts."""
_FALLBACK = re.compile(
    r"""(?:process\.env(?:\.(?P<a>\w+)|\[["'](?P<b>\w+)["']\])|import\.meta\.env\.(?P<c>\w+))\s*(?:\|\||\?\?)\s*
        (?P<q>["'`])(?P<value>(?:(?!(?P=q)).)+)(?P=q)
      | (?:environ\.get|getenv)\(\s*["'](?P<d>\w+)["']\s*,\s*(?P<r>["'])(?P<other>(?:(?!(?P=r)).)+)(?P=r)
      | \$\{(?P<e>\w+):-(?P<shell>[^}$\s]+)\}""",
    re.VERBOSE,
)
"""A variable that must be given, and the value that stands in for it where it is not."""
_BEFORE = r"""(?:^|[\s,{(\["'`.$\\])"""
_QUOTED = re.compile(
    rf"""{_BEFORE}(?P<name>{NAME})\\?["'`]?(?:\s*:\s*[\w.<>\[\]|\s]{{1,40}}?=|\s+string\s*=|\s*(?:=>|:=|[:=]))\s*
        (?P<q>\\?["'`])(?P<value>(?:(?!(?P=q)).){{1,400}})(?P=q)""",
    re.VERBOSE,
)
"""A name and its value in quotes, wherever they stand in a line; with its type between them, as TypeScript and Bicep
write it, and in quotes with a stroke before them, as in a text within a text."""
_BARE = re.compile(
    rf"""{_BEFORE}(?P<name>{NAME})["'`]?\s*(?:=>|:=|[:=])\s*(?P<value>[^\s"'`,;{{}}()\[\]]+)\s*[,;)}}\]]*\s*(?:\#.*|//.*)?$""",
    re.VERBOSE,
)
_VARIABLE = re.compile(r"^\s*(?:export|ENV|ARG|set|-)?\s*(?P<name>[A-Z][A-Z0-9_]{2,})=(?P<value>[^\s\"'`]+)\s*$")
"""A variable of the environment, as a shell, an image or a page of documentation sets it."""
_PAIR = re.compile(
    rf"""(?i)\b(?:name|key)["']?\s*[:=]\s*["']?(?P<name>{NAME})["']?\s*,?\s*["']?\bvalue["']?\s*[:=]\s*["'](?P<value>[^"']+)["']"""
)
"""A name and its value, each under a word that says so: settings of an app, an element of XML."""
_CALL = re.compile(
    r"""\bjwt\.(?:sign|verify|encode|decode)\(\s*[^,()]+,\s*(?P<q>["'`])(?P<a>(?:(?!(?P=q)).)+)(?P=q)
      | \bcreate(?:Hmac|Cipheriv|Decipheriv)\(\s*[^,()]+,\s*(?P<r>["'`])(?P<b>(?:(?!(?P=r)).)+)(?P=r)
      | \bhmac\.new\(\s*b?(?P<s>["'])(?P<c>(?:(?!(?P=s)).)+)(?P=s)""",
    re.VERBOSE,
)
"""A call that signs or encrypts, with its key."""
_FORM = re.compile(r"://[^@\s\"']*[<{$][^@\s]*@")
"""An address whose password is a placeholder, or comes from elsewhere."""
_CROSSES = re.compile(r"([xX*.])\1{7,}")
"""What stands where a key would."""
_EXAMPLE = re.compile(r"://[^/\s:@]*:(?:password|passwd|pass|pwd|secret)@")
"""An address as a page explains its form."""
_LITERAL = re.compile(r"""(["'`])((?:\\.|(?!\1).)*)\1""")
IN_LITERALS = "a connection string with a password"
"""The kind that looks like an argument of a call: in code it counts inside quotes only."""


@dataclass(frozen=True)
class Hit:
    """One secret in a line. kind: what it is; text: it and what stands around it, never to be shown whole."""

    line: int
    kind: str
    text: str


@dataclass(frozen=True)
class Manner:
    """How a file is written. bare: values may stand without quotes; code: texts stand in quotes; prose: for readers."""

    bare: bool = False
    code: bool = False
    prose: bool = False


def kinds(line: str, among: list[Detector], manner: Manner) -> Iterator[str]:
    """Every secret in a line, by kind. among: the detectors that the whole text gives reason to ask."""
    fallback = _fallback(line)
    if fallback:
        yield fallback
    if among:
        yield from _shapes(_CROSSES.sub("", line), among, manner)
    for found in _assignments(line, manner):
        if is_secret_of(found["name"], found["value"]):
            yield f"a value of {found['name']}"
    for found in _CALL.finditer(line):
        if is_secret_of("password", next(found[group] for group in "abc" if found[group])):
            yield "a key in a call that signs or encrypts"


def _shapes(line: str, among: list[Detector], manner: Manner) -> Iterator[str]:
    for kind in shapes(line, among):
        if (
            manner.code
            and kind == IN_LITERALS
            and not any(kind in shapes(found[2], among) for found in _LITERAL.finditer(line))
        ):
            continue
        if not _FORM.search(line) and not (manner.prose and _EXAMPLE.search(line)):
            yield kind


def _assignments(line: str, manner: Manner) -> Iterator[re.Match[str]]:
    yield from _QUOTED.finditer(line)
    yield from _PAIR.finditer(line)
    alone = _BARE.search(line) if manner.bare else None if manner.code else _VARIABLE.search(line)
    if alone is not None:
        yield alone


def _fallback(line: str) -> str | None:
    for found in _FALLBACK.finditer(line):
        name = next(found[group] for group in "abcde" if found[group])
        if is_secret_of(name, found["value"] or found["other"] or found["shell"] or "", fallback=True):
            return f"a fallback for {name}"
    return None
