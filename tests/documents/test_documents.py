"""Documents as people write them: what YAML 1.2 means, every mistake at once with its line, durations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field
from typing_extensions import TypedDict

from documents.durations import days, minutes, seconds
from documents.problems import DocumentError, Problem
from documents.reading import parse_document, read_document
from documents.sections import Section
from documents.yaml_text import load_yaml


class Row(TypedDict, total=False):
    """Plain data with names."""

    value: str


class Window(Section):
    """A section with a rule between its fields."""

    first_day: date
    last_day: date

    def problems(self) -> Iterator[Problem]:
        if self.last_day < self.first_day:
            yield Problem("lastDay", str(self.last_day), "a day after firstDay")


class Metric(Section):
    """A member of a union that is called like one of its keys."""

    engine: Literal["metric"]
    metric: str
    source: str


class Query(Section):
    """Another one."""

    engine: Literal["query"]


def test_missing_key_of_a_chosen_member_is_named() -> None:
    member = Annotated[Metric | Query, Field(discriminator="engine")]
    with pytest.raises(DocumentError) as wrong:
        parse_document("one: {engine: metric, metric: Http5xx}", dict[str, member], "a.yaml")
    assert [problem.key for problem in wrong.value.problems] == ["one.source"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("2027-01-31", "2027-01-31"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("~", None),
        ("null", None),
        ("'1'", "1"),
    ],
)
def test_scalar_is_read_as_yaml_1_2(text: str, value: object) -> None:
    assert load_yaml(text) == value
    assert type(load_yaml(text)) is type(value)


def test_mistakes_of_a_document_come_all_at_once() -> None:
    text = "one: {firstDay: 2027-02-01, lastDay: someday}\ntwo:\n  firstDay: 2027-01-01\n  lsatDay: 2027-01-02\n"
    with pytest.raises(DocumentError) as error:
        parse_document(text + "two: {}\n", dict[str, Window], "windows.yaml")
    messages = str(error.value).splitlines()
    assert any(m.startswith("windows.yaml:1: one.lastDay = 'someday': ") for m in messages)
    assert any(m.startswith("windows.yaml:5: two = 'two': each key once") for m in messages)


def test_unknown_key_is_answered_with_known_ones() -> None:
    with pytest.raises(DocumentError, match=r"windows.yaml:3: two.lsatDay = .*did you mean lastDay\?; known: firstDay"):
        parse_document("two:\n  firstDay: 2027-01-01\n  lsatDay: 2027-01-02\n", dict[str, Window], "windows.yaml")


def test_rule_between_fields_is_told_with_its_line() -> None:
    with pytest.raises(DocumentError) as error:
        parse_document("- firstDay: 2027-02-01\n  lastDay: 2027-01-01\n", list[Window], "windows.yaml")
    assert str(error.value) == "windows.yaml:2: [0].lastDay = '2027-01-01': a day after firstDay"


@pytest.mark.parametrize(
    ("content", "message"), [(b"a: b: c", "a YAML file: .*"), (b"\xff\xfe\x00", "a text file in UTF-8.*")]
)
def test_file_that_is_no_yaml_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=f"^broken.yaml:1: .*: {message}$"):
        read_document(path, dict[str, str])


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"^absent.yaml: 'absent.yaml': a file that is there$"):
        read_document(tmp_path / "absent.yaml", dict[str, str])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("P2Y", 730), ("P60D", 60), ("P1M", 30), ("P1Y2M3D", 428), ("PT12H", 0.5), ("P2W", 14), ("P1DT12H", 1.5)],
)
def test_duration_is_read_in_days(text: str, expected: float) -> None:
    assert days(text) == expected


def test_duration_is_read_in_smaller_units() -> None:
    assert (minutes("PT2H30M"), seconds("PT1M5S")) == (150, 65)


@pytest.mark.parametrize("text", ["soon", "", "P", "PT", "P1H", "1D"])
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ISO 8601"):
        seconds(text)


def test_value_of_unknown_kind_is_described() -> None:
    """A type that we have no words for is told in pydantic's own."""
    with pytest.raises(DocumentError) as wrong:
        parse_document("one: [1]", dict[str, Row], "a.yaml")
    assert [problem.allowed for problem in wrong.value.problems] == ["an object"]


ABYSS = 100_000


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\nb: &x {c: *x}", 2, "an anchor inside itself"),
        ("a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)), 6,
            "aliases that stand for more"),
        ("a: 1\n? [b, c]\n: 2", 2, "a list or a mapping as a key"),
        ("a: 1\nb: !secret x", 2, "tag !secret"),
        ("a: !!binary aGVsbG8=", 1, "tag !!binary"),
        ("a: !!python/object/apply:os.system [ls]", 1, "tag !!python"),
        ("a: " + "[" * 70 + "]" * 70, 1, "more than 60 levels"),
        ("a: 1\n" + "[a, " * ABYSS, 2, "more than 60 levels"),
        ("a: 1\n" + "{[" * ABYSS, 2, "more than 60 levels"),
        ("a: 1\nb:\n  " + "- " * ABYSS, 3, "more than 60 levels"),
    ],
    ids=["loop", "aliases", "key", "tag", "binary", "python", "levels", "abyss", "brackets", "dashes"],
)  # fmt: skip
def test_what_no_reader_can_follow_is_refused(text: str, line: int, said: str) -> None:
    """At its line, in no time and without a traceback; libyaml itself would end the process at some of them."""
    with pytest.raises(DocumentError) as wrong:
        parse_document(text, dict[str, object], "f.yaml")
    (problem,) = wrong.value.problems
    assert str(problem).startswith(f"f.yaml:{line}: ({said}"), problem


def test_anchor_used_twice_is_read() -> None:
    assert parse_document("a: &x [1, 2]\nb: *x", dict[str, list[int]], "f.yaml") == {"a": [1, 2], "b": [1, 2]}


def test_number_of_too_many_digits_is_no_number() -> None:
    with pytest.raises(DocumentError, match=r"f\.yaml:1: a = '999"):
        parse_document(f"a: {'9' * 5000}", dict[str, int], "f.yaml")


def test_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"\(Is a directory\): a file that can be read"):
        read_document(tmp_path, dict[str, int])
