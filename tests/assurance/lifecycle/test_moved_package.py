"""A stack whose Key Vault comes from a package of its own is judged as before, and has no end there any more."""

from __future__ import annotations

from datetime import date

from assurance.check.findings import Finding
from assurance.full_audit import full_audit
from assurance.record import Record
from policies.exceptions import Register
from tests.harness import ROOT, stack_record

DAY = date(2026, 11, 29)


def verdicts(record: Record) -> list[tuple[str, str, str, str]]:
    def of(finding: Finding) -> tuple[str, str, str, str]:
        return finding.rule, finding.status, finding.type, finding.name

    found = full_audit(record, Register.load(), DAY, ROOT).findings
    return sorted(of(each) for each in found if each.rule != "LIFECYCLE")


def test_local_package_is_judged_the_same() -> None:
    before, after = stack_record("prod"), stack_record("prod")
    moved = [each for each in after if each.type.startswith("azure-native:keyvault:")]
    for each in moved:
        each.token = each.type.replace("azure-native:", "azure-native_keyvault_v20260201:")
        each.apiVersion = "2026-02-01"
    assert len(moved) > 40
    assert verdicts(after) == verdicts(before)
    named = {each.name for each in full_audit(after, Register.load(), date(2027, 2, 28), ROOT).with_status("fail")}
    assert not named & {each.name for each in moved if each.type.endswith((":Vault", ":Key"))}
