"""The page a person reads: what fails and where, what is excepted until when, what was not looked at."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from assurance.check.findings import Report
from assurance.check.recording import recording_findings
from assurance.check.tables import OTHER_AREAS, area, percentage
from assurance.check.terminal import show
from policies.exceptions import Register
from policies.rules import RULES
from tests.assurance.check.samples import record, register, report, resource


def shown(*reports: Report, exceptions: Register | None = None) -> str:
    console = Console(file=StringIO(), width=100)
    show(console, reports, exceptions or Register())
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_failure_shows_resource_line_entry_and_remedy() -> None:
    text = shown(report())
    assert "FAIL dev KV-PURGE-PROTECTION" in text
    assert "vault-wrong: properties.enablePurgeProtection is not set" in text
    assert "components/key_vault.py:98, from Pulumi.dev.yaml:20 medspasync:vaults" in text
    assert "to do: Set properties.enablePurgeProtection to true." in text
    assert "WARN dev ID-PRINCIPAL-TYPE" in text


def test_totals_come_with_percentages_and_the_verdict() -> None:
    lines = shown(report()).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("Stack"))
    heading, row = lines[start : start + 2]
    assert heading.split() == ["Stack", "Resources", "Pass", "Fail", "Warn", "Excepted", "N/a", "Unchecked", "Holds"]
    assert row.split()[:2] == ["dev", "4"]
    assert row.split()[-1] == "no"
    assert "%" in row


def test_exceptions_are_listed_with_their_last_day() -> None:
    text = shown(report(register()), exceptions=register())
    assert "EXC-DEV-THING until 2027-01-31" in text
    assert "Because of something. Instead: Something else protects it." in text
    assert "KV-PURGE-PROTECTION: vault-wrong" in text
    assert "FAIL" not in text


def test_report_names_what_was_not_examined() -> None:
    text = shown(report())
    assert "nothing to examine for PG-ADMINISTRATOR" in text
    assert "1 checks need values that only a deployment knows (see --mode deployed): KV-PURGE-PROTECTION" in text
    assert "nothing was asked of Azure" in text


def test_finding_about_stack_is_shown_without_line() -> None:
    problems = [{"kind": "dropped-output", "urn": "", "message": "no value", "source": None}]
    text = shown(replace(report(), findings=list(recording_findings(record(problems=problems)))))
    assert "the stack: no value" in text
    assert "no line is known" in text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0%"), (0, 9, "0%"), (9, 9, "100%"), (1, 3, "33.3%"), (1, 9999, "0.1%"), (9998, 9999, "99.9%")],
)
def test_percentages_never_hide_a_rest(part: int, whole: int, text: str) -> None:
    assert percentage(part, whole) == text


def test_the_whole_page(snapshot: SnapshotAssertion) -> None:
    assert shown(report(), report(register()), exceptions=register()) == snapshot


def test_check_counts_once_by_area_and_by_control() -> None:
    text = shown(report())
    areas, controls = _rows(text, "area"), _rows(text, "HIPAA control")
    findings = report().findings
    assert sum(_checks(line) for line in areas) == len(findings)
    assert sum(_checks(line) for line in controls) == sum(len(finding.controls) for finding in findings)
    assert text.index("FAIL dev") < text.index("\nStack ") < text.index("by area") < text.index("by HIPAA")


def _rows(text: str, heading: str) -> list[str]:
    return text.split(f"dev: checks by {heading}\n")[1].split("\n\n")[0].splitlines()[1:]


def _checks(line: str) -> int:
    return next(int(word) for word in line.split() if word.isdigit())


def test_every_finding_has_an_area_in_words() -> None:
    assert {area(rule.id) for rule in RULES}.isdisjoint(rule.id for rule in RULES)
    assert [area(f"{prefix}-X") for prefix in OTHER_AREAS] == list(OTHER_AREAS.values())


def test_components_are_not_counted_as_resources() -> None:
    component = replace(
        resource("keyvault:Vault", "vault", {}), type="medspasync:components:KeyVault", urn="urn:other", custom=False
    )
    assert report(resources=[*record().resources, component]).examined == report().examined == len(record().resources)
