"""Whether a Kusto query can answer anything: filters that keep no row whatever the tables hold."""

import re

from policies.kept import kept

_MASKED = re.compile(r"""//[^\n]*|@?"(?P<double>(?:[^"\\\n]|\\.)*)"|@?'(?P<single>(?:[^'\\\n]|\\.)*)'""")
_MARKS = re.compile(r"[()\[\]{};|\0]")
_LET = re.compile(r"^let\s+(?P<name>\w+)\s*=\s*(?P<made>.*)$", re.DOTALL)
_SETTING = re.compile(r"^(set|declare|alias|restrict)\b")
_NONE_TAKEN = re.compile(r"^(?:take|limit|sample|top)\s+0+\b")
_FILTER = re.compile(r"^(?:where|filter)\b\s*(?P<wanted>.*)$", re.DOTALL)
_COMPARED = re.compile(r"^(?P<left>[\w.]+|\"\w*\")\s*(?P<by>==|=~|!=|!~|<>|<=|>=|<|>)\s*(?P<right>[\w.]+|\"\w*\")$")
_LITERAL = re.compile(r"^(?:\d+(?:\.\d+)?|true|false|\"\w*\")$", re.IGNORECASE)
_IN_FUTURE = re.compile(r"^\w+\s*>=?\s*now\(\s*\)$", re.IGNORECASE)
_FALSE = re.compile(r"^(?:false|bool\(\s*false\s*\)|not\s*\(?\s*true\s*\)?)$", re.IGNORECASE)
_HOLDS = {
    "==": lambda left, right: left == right,
    "=~": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "!~": lambda left, right: left != right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


@kept
def keeps_nothing(query: str) -> str:
    """The part of a query after which no row is left, as it is written; empty where there is none.

    Only what is certain counts: a constant that is false, a number of rows that is none, a column that must be two
    things at once. Parts of a union or a join may be empty; the way from the query's own table may not.
    """
    named: dict[str, str] = {}
    ways = []
    for statement in _split(_MASKED.sub(_mask, query), ";"):
        made = _LET.match(statement)
        if made:
            named[made["name"]] = made["made"].strip()
        elif not _SETTING.match(statement):
            ways.append(statement)
    return _dead_end(ways[-1], named) if ways else "it asks nothing"


def _mask(found: re.Match[str]) -> str:
    """Comments go; of texts letters and digits stay, so that nothing in them is taken for code."""
    text = found["double"] if found["double"] is not None else found["single"]
    return "" if text is None else '"' + re.sub(r"\W", "_", text) + '"'


def _split(text: str, mark: str) -> list[str]:
    """The parts of a text between marks that stand in no brackets; empty ones are left out."""
    parts, depth, begin = [], 0, 0
    for found in _MARKS.finditer(text):
        letter = found[0]
        depth += (letter in "([{") - (letter in ")]}")
        if letter == mark and depth == 0:
            parts.append(text[begin : found.start()])
            begin = found.end()
    parts.append(text[begin:])
    return [part.strip() for part in parts if part.strip()]


def _dead_end(way: str, named: dict[str, str]) -> str:
    head, *stages = _split(way, "|")
    inner = head[1:-1] if _is_wrapped(head) else named.get(head, "")
    if inner:
        end = _dead_end(inner, {name: made for name, made in named.items() if name != head})
        if end:
            return end
    is_one: dict[str, str] = {}
    for stage in stages:
        wanted = _FILTER.match(stage)
        if _NONE_TAKEN.match(stage):
            return " ".join(stage.split())
        if wanted is None:
            is_one.clear()
        elif _never_holds(wanted["wanted"]) or _contradicts(wanted["wanted"], is_one):
            return " ".join(stage.split())
    return ""


def _never_holds(wanted: str) -> bool:
    """Whether a condition is false of every row."""
    wanted = wanted.strip()
    while _is_wrapped(wanted):
        wanted = wanted[1:-1].strip()
    either = _words(wanted, "or")
    if len(either) > 1:
        return all(map(_never_holds, either))
    both = _words(wanted, "and")
    if len(both) > 1:
        return any(map(_never_holds, both))
    if _FALSE.match(wanted) or _IN_FUTURE.match(wanted):
        return True
    compared = _COMPARED.match(wanted)
    if compared is None:
        return False
    left, by, right = compared["left"].lower(), compared["by"], compared["right"].lower()
    if not _LITERAL.match(left) or not _LITERAL.match(right):
        return left == right and by in ("!=", "!~", "<>", "<", ">")
    numbers = [float(one) for one in (left, right) if one.replace(".", "", 1).isdigit()]
    return not (_HOLDS[by](*numbers) if len(numbers) == 2 else _HOLDS[by](left, right))


def _contradicts(wanted: str, is_one: dict[str, str]) -> bool:
    """Whether a column must be something else than filters before said, which ``is_one`` keeps."""
    for condition in _words(wanted, "and"):
        compared = _COMPARED.match(condition.strip())
        if compared and compared["by"] in ("==", "=~") and _LITERAL.match(compared["right"]):
            said = compared["right"].lower()
            if is_one.setdefault(compared["left"], said) != said:
                return True
    return False


def _words(text: str, word: str) -> list[str]:
    """The parts of a condition between a word that stands in no brackets."""
    return _split(re.sub(rf"\b{word}\b", "\0", text, flags=re.IGNORECASE), "\0")


def _is_wrapped(text: str) -> bool:
    """Whether one pair of brackets is around all of it."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return letter == ")" and place == len(text) - 1
    return False
