"""What an audit says: every status for its own reason, and exceptions that must be valid and needed."""

from __future__ import annotations

from assurance.check.findings import Report, totals
from assurance.check.recording import recording_findings
from tests.assurance.check.samples import record, register, report


def statuses(made: Report, rule: str) -> dict[str, str]:
    return {finding.name: finding.status for finding in made.findings if finding.rule == rule}


def test_every_resource_gets_the_status_it_deserves() -> None:
    assert statuses(report(), "KV-PURGE-PROTECTION") == {
        "vault-right": "pass",
        "vault-wrong": "fail",
        "vault-later": "unchecked",
    }
    assert statuses(report(), "ID-PRINCIPAL-TYPE") == {"role": "warn"}


def test_a_violation_names_resource_source_and_origin() -> None:
    finding = report().with_status("fail")[0]
    assert finding.urn.endswith("keyvault:Vault::vault-wrong")
    assert finding.source == {"file": "components/key_vault.py", "line": 98}
    assert finding.origin == {"file": "Pulumi.dev.yaml", "line": 20, "key": "medspasync:vaults"}
    assert finding.controls == ("164.308(a)(7)(ii)(A)", "164.312(c)(1)")
    assert "enablePurgeProtection is not set" in finding.message
    assert finding.remediation


def test_a_rule_that_examined_nothing_says_so() -> None:
    finding = report().with_status("not-applicable")[0]
    assert finding.rule == "PG-ADMINISTRATOR"
    assert "dbforpostgresql:Server" in finding.message


def test_audit_holds_with_warnings_and_without_failures() -> None:
    assert not report().holds
    assert report(resources=[r for r in record() if r.name != "vault-wrong"]).holds


def test_exception_covers_violation_and_shows_its_reason() -> None:
    made = report(register())
    excepted = made.with_status("excepted")
    assert [(f.name, f.exception, str(f.expires)) for f in excepted] == [("vault-wrong", "EXC-DEV-THING", "2027-01-31")]
    assert "Because of something." in excepted[0].message
    assert statuses(made, "EXCEPTION-VALID") == {"EXC-DEV-THING": "pass"}
    assert made.holds


def test_an_expired_exception_covers_nothing_and_fails_itself() -> None:
    made = report(register(expires="2026-11-21"))
    assert {f.rule for f in made.with_status("fail")} == {"KV-PURGE-PROTECTION", "EXCEPTION-VALID"}
    assert statuses(made, "KV-PURGE-PROTECTION")["vault-wrong"] == "fail"
    assert "expired on 2026-11-21" in next(f.message for f in made.with_status("fail") if f.rule == "EXCEPTION-VALID")


def test_an_exception_that_nothing_needs_fails() -> None:
    made = report(register(resource="vault-right"))
    told = next(f for f in made.with_status("fail") if f.rule == "EXCEPTION-VALID")
    assert "nothing of dev needs it for KV-PURGE-PROTECTION" in told.message
    assert told.source == {"file": "policies/exceptions.yaml", "line": 1}


def test_each_rule_of_an_exception_must_be_needed() -> None:
    made = report(register(rules="[KV-PURGE-PROTECTION, KV-SOFT-DELETE]"))
    assert "for KV-SOFT-DELETE" in next(f.message for f in made.with_status("fail") if f.rule == "EXCEPTION-VALID")


def test_exception_of_unknown_value_counts_as_needed() -> None:
    """Nobody can tell yet whether it is needed."""
    assert statuses(report(register(resource="vault-later")), "EXCEPTION-VALID") == {"EXC-DEV-THING": "pass"}


def test_an_exception_of_another_stack_is_not_judged() -> None:
    made = report(register(stacks="[prod]"))
    assert statuses(made, "EXCEPTION-VALID") == {}
    assert statuses(made, "KV-PURGE-PROTECTION")["vault-wrong"] == "fail"


def test_what_the_recorder_noticed_is_a_failure() -> None:
    urn = record().resources[0].urn
    problems = [
        {"kind": "duplicate-name", "urn": urn, "message": "two of them", "source": None},
        {"kind": "dropped-output", "urn": "", "message": "no value", "source": None},
        {"kind": "something-new", "urn": "", "message": "unheard of", "source": None},
    ]
    found = {f.rule: f for f in recording_findings(record(problems=problems)) if f.status == "fail"}
    assert found["RECORD-DUPLICATE-NAME"].name == "vault-right"
    assert found["RECORD-DUPLICATE-NAME"].source == {"file": "components/key_vault.py", "line": 98}
    assert found["RECORD-DROPPED-OUTPUT"].message == "no value"
    assert found["RECORD-SOMETHING-NEW"].message == "unheard of"
    assert {(f.rule, f.status) for f in recording_findings(record())} >= {("RECORD-SECRET-LEAK", "pass")}


def test_totals_count_every_finding_of_every_report() -> None:
    reports = [report(), report(register())]
    assert totals(reports) == {
        status: reports[0].totals[status] + reports[1].totals[status] for status in reports[0].totals
    }
    assert sum(totals(reports).values()) == sum(len(each.findings) for each in reports)


def test_an_audit_is_the_same_when_repeated() -> None:
    assert report() == report()
