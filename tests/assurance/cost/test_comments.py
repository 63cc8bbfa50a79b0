"""Prices in stack files come from facts/prices.yaml, or do not stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assurance.cost import comments
from assurance.cost.comments import PRICED, monthly, region_of, with_prices
from documents.problems import Problem
from tests.harness import ROOT, STACKS

AMOUNT = re.compile(r"\$\d|\d dollars")


def price_problems(text: str, file: str, region: str) -> Iterator[Problem]:
    """Amounts in comments that name no meter, name one without a price, or are not its price."""
    priced = {match.start(): match for match in PRICED.finditer(text)}
    for match in AMOUNT.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        named = priced.get(match.start())
        known = monthly(named["meter"], region) if named else None
        if named is None or known is None:
            yield Problem("", match[0], "a price as `$33 a month [meter]`, with a row of facts/prices.yaml", file, line)
        elif known != named["number"]:
            yield Problem("", f"${named['number']}", f"${known}: run `python -m assurance.cost.comments`", file, line)


@pytest.mark.parametrize("stack", STACKS)
def test_comments_say_todays_prices(stack: str) -> None:
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    assert "[private-endpoint]" in text
    assert [str(each) for each in price_problems(text, f"Pulumi.{stack}.yaml", region_of(text))] == []


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# About $35 a month.", "a price as"),
        ("# about 35 dollars a month", "a price as"),
        ("# $35 a month [no-such-meter]", "a price as"),
        ("# $3 a month [postgres-storage]", "a price as"),
        ("# $1 a month [nat-gateway]", "$33: run `python -m assurance.cost.comments`"),
    ],
)
def test_other_amounts_are_told(comment: str, told: str) -> None:
    (problem,) = price_problems(f"config:\n  {comment}\n", "P.yaml", "centralus")
    assert problem.line == 2
    assert told in problem.allowed


def test_prices_are_written_from_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text(
        "config:\n    location: centralus\n    # $1 a month\n    # [nat-gateway], $9 a month [none]\n", "utf-8"
    )
    monkeypatch.setattr(comments, "ROOT", tmp_path)
    comments.main()
    text = file.read_text(encoding="utf-8")
    assert "$33 a month\n    # [nat-gateway], $9 a month [none]" in text
    assert with_prices(text, region_of(text)) == text


@pytest.mark.parametrize(("meter", "amount"), [("ddos-plan", "2,900"), ("defender-KeyVaults", "0.25"), ("x", None)])
def test_amounts_have_two_digits(meter: str, amount: str | None) -> None:
    assert monthly(meter, "centralus") == amount
