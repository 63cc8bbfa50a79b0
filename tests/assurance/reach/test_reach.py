"""What can be reached in the project's own stacks, every row of the table of flows, and the command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assurance.reach.needed import Row, flow_table
from assurance.reach.report import reach
from assurance.record import Mode, Record, Resource
from tests.assurance.altered import lean_record
from tests.assurance.cli import failures, run
from tests.assurance.reach.changes import (
    APPS,
    Change,
)
from tests.assurance.reach.test_gateway import BROKEN_ROWS
from tests.assurance.reach.test_inside import CLOSINGS, FORBIDDEN
from tests.assurance.reach.test_openings import OPENINGS
from tests.harness import MODES, STACKS, shared_record


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_holds(stack: str, mode: Mode) -> None:
    found = reach(shared_record(stack, mode))
    assert found.report.with_status("fail") == []
    assert found.report.totals["pass"] > 100


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_internet_reaches_front_door_and_signed_services_only(stack: str, mode: Mode) -> None:
    found = reach(shared_record(stack, mode))
    assert len(found.hosts) == len(APPS)
    assert all(host.firewall for host in found.hosts)
    answering = {target.kind for target in found.targets if found.flows["internet", target.name].verdict.open}
    assert answering <= {"telemetry", "bus"}
    assert "bus" not in answering or stack != "prod"


def test_production_is_told_by_its_hosts_and_services() -> None:
    found = reach(lean_record())
    assert {host.name: [site.name for site in host.sites] for host in found.hosts} == {
        "api.medspasyncpro.com": ["app-backend"],
        "app.medspasyncpro.com": ["app-frontend"],
        "pro.medspasyncpro.com": ["app-pro-next"],
        "www.medspasyncpro.com": ["app-marketing"],
    }
    kinds = [target.kind for target in found.targets]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "site": 4, "scm": 4, "slot": 4, "slot scm": 4, "database": 1, "pooler": 1, "secrets vault": 5, "key vault": 2,
        "cache": 1, "archive": 2, "bus": 1, "jobs": 1, "telemetry": 2,
    }  # fmt: skip
    assert found.ways["postgres"] == ["the Internet", "api.medspasyncpro.com", "app-backend", "postgres"]


@pytest.mark.parametrize("mode", MODES)
def test_header_rule_is_not_taken_for_private_link(mode: Mode) -> None:
    """Where a header rule stands in for Private Link, the report tells the two apart."""
    found = reach(shared_record("dev", mode))
    for app in APPS:
        site = f"app-{app}"
        internet, ours, other = (
            found.flows[who, site].verdict for who in ("internet", "our front door", "another front door")
        )
        assert not internet.open
        assert "our own Front Door" in internet.condition
        assert ours.open
        assert "rule front-door" in ours.why
        assert not other.open
        scm = found.flows["our front door", f"{site} (SCM)"].verdict
        assert not scm.open
    private = reach(shared_record("prod", mode)).flows
    assert private["internet", "app-backend"].verdict.condition == ""
    assert "private link" in private["our front door", "app-backend"].verdict.why


@pytest.mark.parametrize(
    ("change", "told"),
    [(OPENINGS["cache"][0], "redis"), (CLOSINGS["apps-to-mail"][0], "apps-to-mail")],
    ids=["opening", "closing"],
)
def test_the_command_fails_and_says_why(change: Change, told: str, tmp_path: Path) -> None:
    record = lean_record()
    change(record)
    result, report = run("reach", record, tmp_path)
    assert result.exit_code == 1
    assert told in result.output
    assert all(finding["source"]["line"] for finding in failures(report))


def test_every_row_has_record_that_breaks_it() -> None:
    broken = {row for _, row, _ in CLOSINGS.values()}
    assert broken | {"edge-to-gateway"} == {row.id for row in flow_table().needed}
    assert {row.id for row in flow_table().forbidden} == set(FORBIDDEN) | {"other-front-doors-to-gateway"}
    assert {"edge-to-gateway", "other-front-doors-to-gateway"} == BROKEN_ROWS


def test_report_of_saved_record_gives_same_reasons(tmp_path: Path) -> None:
    record = lean_record()
    result, report = run("reach", record, tmp_path)
    assert result.exit_code == 0
    assert "api.medspasyncpro.com" in result.output
    assert len(report["hosts"]) == len(APPS)
    assert all(flow["reasons"] for flow in report["flows"])
    assert report["findings"] == [finding.as_dict() for finding in reach(record).report.findings]


@pytest.mark.parametrize("row", [{"id": "x", "from": "app", "to": "site"}, {"id": "a-b", "from": "apps", "to": "Sql"}])
def test_a_malformed_row_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Row.model_validate({**row, "purpose": "long enough"})


def test_an_empty_stack_does_not_hold(tmp_path: Path) -> None:
    itself = Resource(
        urn="urn:empty", id="", type="pulumi:pulumi:Stack", name="empty", parent="", inputs={}, outputs={}
    )
    record = Record(stack="empty", mode="deployed", resources=[itself])
    result, report = run("reach", record, tmp_path)
    assert result.exit_code == 1
    assert {finding["rule"] for finding in failures(report)} == {"REACH-NEEDED"}
