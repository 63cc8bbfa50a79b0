"""Builds a page from a template over the shared layout; everything that comes from data is escaped."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from documents.counting import counted

LONG_WORD = 24
"""Characters; a longer word may be broken anywhere, so that it widens no table beyond its page."""


def build_page(package: str, template: str, **content: Any) -> str:
    """The page that ``template`` of ``package`` makes of ``content``."""
    return _environment(package).get_template(template).render(**content)


def build_text(
    package: str, template: str, *, filters: Mapping[str, Callable[[Any], str]] | None = None, **content: Any
) -> str:
    """The text, Markdown or YAML, that ``template`` of ``package`` makes of ``content``, which nothing escapes: a
    template that takes what strangers wrote passes it through one of ``filters``."""
    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=False,  # noqa: S701 - no HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(filters or {})
    return environment.get_template(template).render(**content)


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "templates"), PackageLoader("assurance.pages", "templates")]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(pretty=_pretty, css=css_text, counted=counted, has_long_word=has_long_word)
    return environment


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)


def has_long_word(value: Any) -> bool:
    """Whether a text holds a word that would widen its column: ids, paths, names without a hyphen."""
    return any(len(part) > LONG_WORD for word in str(value).split() for part in word.split("-"))


def css_text(value: Any) -> str:
    """A text as it may stand between quotes in a style sheet: nothing in it ends the quotes or the style."""
    return "".join(each if each.isalnum() or each in " .,:-_·/+" else f"\\{ord(each):x} " for each in str(value))


def running_head(basis: dict[str, Any], stacks: Sequence[str]) -> str:
    """What stands at the head of each printed page: stacks, commit, day and basis."""
    commit = str(basis.get("commit") or "no commit")[:12]
    dirty = " with changes" if basis.get("dirty") else ""
    day = basis.get("date") or "no date"
    return f"{', '.join(stacks)} · commit {commit}{dirty} · {day} · declared configuration, seen offline"
