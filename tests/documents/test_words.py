"""What a value may be is told in words that a newcomer can act on, never as a pattern or in Python."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network
from typing import Annotated, Literal

import pytest
from pydantic import Field

from documents.problems import Problem
from documents.sections import Section, validate
from documents.words import Text
from documents.yaml_text import yaml_problem


class Sample(Section):
    host: Annotated[str, Text(r"^[a-z.]+$", "a host name, like app.example.com")] = "a.b"
    days: Annotated[int, Field(ge=7, le=35)] = 7
    share: Annotated[float, Field(gt=0)] = 1.0
    on: bool = True
    port: str = "1"
    version: Literal["15", "16"] = "15"
    persistence: Literal["aof", "off"] = "aof"
    since: date | None = None
    ranges: list[IPv4Network] = []
    names: Annotated[list[str], Field(min_length=1)] = ["x"]
    groups: dict[Annotated[str, Text(r"^[a-z]+$", "a name, like api")], int] = {}


class Needs(Section):
    place: Literal["here", "there"]
    """Where it is."""


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"host": "https://App.org/x"},
            "host = 'https://App.org/x': a host name, like app.example.com; did you mean app.org?",
        ),
        ({"days": 99}, "days = 99: a whole number, 7 to 35"),
        ({"days": "9"}, "days = '9': a whole number, 7 to 35, without quotes"),
        ({"days": True}, "days = true: a whole number, 7 to 35"),
        ({"share": 0}, "share = 0: a number, more than 0"),
        ({"on": "yes"}, "on = 'yes': true or false"),
        ({"port": 587}, 'port = 587: text; put it in quotes: "587"'),
        ({"port": None}, "port = null: text"),
        ({"version": 16}, 'version = 16: one of "15", "16"; put it in quotes: "16"'),
        ({"persistence": False}, 'persistence = false: one of aof, "off"'),
        ({"persistence": "AOF"}, """persistence = 'AOF': one of aof, "off"; did you mean aof?"""),
        ({"since": "soon"}, """since = 'soon': a date in quotes, like "2026-11-01\""""),
        ({"ranges": ["x"]}, "ranges[0] = 'x': an address range, like 203.0.113.0/24"),
        ({"names": []}, "names = []: a list, at least 1 entry"),
        ({"names": {"a": True}}, "names = {a: true}: a list, at least 1 entry"),
        ({"groups": {"Api": 1}}, "groups.Api = 'Api': a name, like api; did you mean api?"),
        ({"hosts": "x"}, "hosts = 'x': unknown key; did you mean host?"),
        ({"000": None}, "000 = null: nothing: a number is written without commas, 6000 and not 6,000"),
    ],
)
def test_wrong_value_is_refused_in_plain_words(data: dict[str, object], message: str) -> None:
    _, (problem,) = validate(data, Sample)
    assert str(problem).removeprefix(": ").startswith(message)


def test_missing_key_names_choices_and_meaning() -> None:
    _, (problem,) = validate({}, Needs)
    assert str(problem) == ": place = (missing): required: one of here, there (Where it is)"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("a: ä\n".encode("utf-16"), ("UTF-16", "UTF-8")),
        ("a: 1\nb: ä\n".encode("latin-1"), ("0xe4", "UTF-8", "f.yaml:2:")),
        (b"a: \x00\x01\n", ("UTF-8", "control characters")),
        (b"a:\n\tb: 1\n", ("spaces", "no tab")),
    ],
)
def test_unreadable_text_is_explained(data: bytes, words: tuple[str, ...]) -> None:
    from documents.yaml_text import compose_yaml

    problem: Problem | None = None
    try:
        compose_yaml(data.decode("utf-8"))
    except Exception as error:
        problem = yaml_problem(error, "f.yaml")
    assert problem is not None
    assert all(word in str(problem) for word in words), str(problem)
