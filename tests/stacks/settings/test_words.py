"""Every text of a stack file or catalogue that has a pattern says in words what it is: nobody is shown a pattern."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import StringConstraints

from documents.sections import Section
from documents.words import Text
from stacks.settings.edge import check_country
from stacks.settings.jobs import check_cron
from stacks.settings.model import Settings


def sections(model: type[Section]) -> Iterator[type[Section]]:
    for section in model.__subclasses__():
        if section.__module__.startswith("stacks."):
            yield section
        yield from sections(section)


def patterns(annotation: Any, metadata: tuple[Any, ...] = ()) -> Iterator[tuple[str, bool]]:
    """Each pattern of an annotation, and whether words stand beside it."""
    if get_origin(annotation) is Annotated:
        bare, *more = get_args(annotation)
        yield from patterns(bare, (*metadata, *more))
        return
    said = any(isinstance(item, Text) for item in metadata)
    for item in metadata:
        if getattr(item, "pattern", None):
            yield item.pattern, said
    for argument in get_args(annotation):
        if not isinstance(argument, str):
            yield from patterns(argument)


def test_every_pattern_has_words() -> None:
    assert issubclass(Settings, Section)
    seen = {
        (f"{section.__name__}.{info.alias}", pattern): said
        for section in sections(Section)
        for info in section.model_fields.values()
        for pattern, said in patterns(info.annotation, tuple(info.metadata))
    }
    assert len(seen) > 40
    assert [field for field, said in seen.items() if not said] == []


def test_pattern_without_words_is_found() -> None:
    bare = Annotated[str, StringConstraints(pattern="^a$")]
    assert list(patterns(list[bare])) == [("^a$", False)]


@pytest.mark.parametrize(
    ("cron", "field"),
    [
        ("99 * * * *", "minute `99`"),
        ("0 24 * * *", "hour `24`"),
        ("0 0 0 * *", "day of the month `0`"),
        ("0 0 1 13 *", "month `13`"),
        ("0 0 * * 7", "weekday `7`"),
        ("9-3 * * * *", "minute `9-3`"),
        ("*/0 * * * *", "minute `*/0`"),
        ("1,,2 * * * *", "minute `1,,2`"),
    ],
)
def test_cron_field_outside_its_range_is_named(cron: str, field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field.replace('*', '[*]')}: .*range like"):
        check_cron(cron)


@pytest.mark.parametrize("cron", ["*/15 * * * *", "15 5 2-4 * *", "30 6 * * 1-5", "0,30 0-23/2 1,15 1-12 0"])
def test_cron_within_ranges_is_taken(cron: str) -> None:
    assert check_cron(cron) == cron


def test_code_of_no_country_is_refused() -> None:
    assert check_country("ZZ") == "ZZ"
    with pytest.raises(ValueError, match="ISO 3166"):
        check_country("XX")
