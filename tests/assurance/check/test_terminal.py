"""The page a person reads: what fails and where, what is excepted until when, what was not looked at."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from assurance.check.findings import Report
from assurance.check.terminal import percentage, show
from tests.assurance.check.samples import register, report


def shown(*reports: Report) -> str:
    console = Console(file=StringIO(), width=100)
    show(console, reports)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_a_failure_is_shown_with_its_resource_line_entry_and_remedy() -> None:
    text = shown(report())
    assert "FAIL dev KV-PURGE-PROTECTION" in text
    assert "EXPECT-STACK-FILE is unchecked: there is no Pulumi.dev.yaml here" in text
    assert "vault-wrong: properties.enablePurgeProtection is not set" in text
    assert "components/key_vault.py:98, from Pulumi.dev.yaml:20 medspasync:vaults" in text
    assert "to do: Set properties.enablePurgeProtection to true." in text
    assert "WARN dev ID-PRINCIPAL-TYPE" in text


def test_totals_come_with_percentages_and_the_verdict() -> None:
    heading, row = shown(report()).splitlines()[:2]
    assert heading.split() == ["Stack", "Resources", "Pass", "Fail", "Warn", "Excepted", "N/a", "Unchecked", "Holds"]
    assert row.split()[:2] == ["dev", "4"]
    assert row.split()[-1] == "no"
    assert "%" in row


def test_exceptions_are_listed_with_their_last_day() -> None:
    text = shown(report(register()))
    assert "EXC-DEV-THING until 2027-01-31" in text
    assert "KV-PURGE-PROTECTION: vault-wrong" in text
    assert "FAIL" not in text


def test_what_was_not_examined_or_not_known_is_said() -> None:
    text = shown(report())
    assert "nothing to examine for PG-ADMINISTRATOR" in text
    assert "1 checks need values that only a deployment knows (see --mode deployed): KV-PURGE-PROTECTION" in text
    assert "nothing was asked of Azure" in text


def test_a_finding_about_the_stack_is_shown_without_a_line() -> None:
    text = shown(report(problems=[{"kind": "dropped-output", "urn": "", "message": "no value", "source": None}]))
    assert "the stack: no value" in text
    assert "no line is known" in text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0%"), (0, 9, "0%"), (9, 9, "100%"), (1, 3, "33.3%"), (1, 9999, "0.1%"), (9998, 9999, "99.9%")],
)
def test_percentages_never_hide_a_rest(part: int, whole: int, text: str) -> None:
    assert percentage(part, whole) == text
