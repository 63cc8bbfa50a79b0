"""What only several lines give away, or a text within a text: a name above its value, a key cut up, a key encoded."""

import base64
import binascii
import re
from collections.abc import Iterator

from assurance.scan.lines import LONGEST_LINE, Hit
from assurance.scan.values import NAME, is_secret_of
from policies.secrets import first_shape

WITHIN = 4
"""Lines below a name in which its value is looked for."""
AROUND = 200
"""Characters on each side of a cut that are put together."""
_NAMED = re.compile(
    rf"""^\s*(?:-\s*)?(?:
        ["']?name["']?\s*[:=]\s*["']?(?P<a>{NAME})["']?,?
      | ["']?(?P<b>{NAME})["']?\s*:\s*\{{?
      | variable\s+["'](?P<c>{NAME})["']\s*\{{
    )\s*$""",
    re.VERBOSE,
)
"""A name that has its value below: of a variable in a list, of an object, of a block."""
_VALUE = re.compile(r"""^\s*["']?(?:value|default|defaultValue)["']?\s*[:=]\s*(["']?)(?P<value>[^\s"',]+)\1\s*,?\s*$""")
_BEGUN = re.compile(rf"(?:^|[\s.])(?P<name>{NAME})\s*[:=]\s*\(?\s*$")
"""An assignment whose value stands on the next line."""
_NEXT = re.compile(r"""^\s*(["'`])(?P<value>(?:(?!\1).)+)\1""")
_GAP = re.compile(r"""(["'`])[ \t]*(?:\+[ \t]*)?(?:\r?\n[ \t]*)?(?:\+[ \t]*)?\1""")
"""Between two pieces of one text, in one line or over two."""
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/=])")


def hits_across(text: str) -> Iterator[Hit]:
    """Every secret that no single line of a text shows."""
    lines = text.splitlines()
    yield from _below(lines)
    yield from _in_pieces(text, lines)
    yield from _encoded(lines)


def _below(lines: list[str]) -> Iterator[Hit]:
    name, since = "", 0
    for number, line in enumerate(lines, start=1):
        if name and number - since <= WITHIN and (found := _VALUE.match(line)):
            if is_secret_of(name, found["value"]):
                yield Hit(number, f"a value of {name}", line.strip())
            name = ""
        elif named := _NAMED.match(line):
            name, since = named["a"] or named["b"] or named["c"], number
        if number < len(lines) and (begun := _BEGUN.search(line)):
            value = _NEXT.match(lines[number])
            if value is not None and is_secret_of(begun["name"], value["value"]):
                yield Hit(number + 1, f"a value of {begun['name']}", lines[number].strip())


def _in_pieces(text: str, lines: list[str]) -> Iterator[Hit]:
    """Keys of a known shape that were cut into pieces and put together again."""
    if _GAP.search(text) is None:
        return
    joined, places, end, line = "", [], 0, 1
    for gap in _GAP.finditer(text):
        joined += text[end : gap.start()]
        places.append((len(joined), text.count("\n", 0, gap.start()) + 1))
        end = gap.end()
    joined += text[end:]
    for position, line in places:
        begins, ends = joined.rfind("\n", 0, position) + 1, joined.find("\n", position)
        whole = joined[max(begins, position - AROUND) : min(ends if ends >= 0 else len(joined), position + AROUND)]
        kind = first_shape(whole)
        if kind and not any(first_shape(each[:LONGEST_LINE]) for each in lines[line - 1 : line + 1]):
            yield Hit(line, kind, lines[line - 1].strip())


def _encoded(lines: list[str]) -> Iterator[Hit]:
    """Keys of a known shape in base64, which hides nothing."""
    for number, line in enumerate(lines, start=1):
        for found in _ENCODED.finditer(line):
            try:
                plain = base64.b64decode(found[0], validate=True).decode("ascii")
            except (binascii.Error, UnicodeDecodeError):
                continue
            if kind := first_shape(plain):
                yield Hit(number, f"{kind}, in base64", line.strip())
                break
