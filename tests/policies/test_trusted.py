"""The register of strangers: strict when read, exact in what it covers, told of when it ends or nothing needs it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assurance.check.audit import audit
from documents.problems import DocumentError
from policies.exceptions import Register
from policies.resource import Resource
from policies.rules import trust
from policies.trusted import TrustedRegister
from policies.view import Stack
from tests.policies.records import TODAY, records

ENTRY = """
TRU-PROD-THING:
  stacks: [prod]
  host: api.example.com
  reason: Because of something.
  owner: security lead
  expires: 2027-01-31
"""
CREDENTIAL = """
TRU-PROD-DEPLOYMENT:
  stacks: [prod]
  credential:
    identity: deployment
    issuer: https://token.actions.githubusercontent.com
    subjects: ['repo:medspasync/platform:environment:prod', 'repo:medspasync@11/platform@22:environment:prod']
    audience: api://AzureADTokenExchange
  reason: The workflow of the repository deploys.
  owner: platform-engineering lead
  expires: 2027-01-31
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("expires: 2027-01-31", "expires: some day"), "policies/trusted.yaml:7: TRU-PROD-THING.expires"),
        (("host: api.example.com", "host: https://api.example.com"), "policies/trusted.yaml:4: TRU-PROD-THING.host"),
        (("  reason: Because of something.\n", ""), "TRU-PROD-THING.reason"),
        (("  host: api.example.com\n", ""), "exactly one of principal, credential, resource, host"),
        (("  host: api.example.com\n", "  host: a.b\n  resource: /subscriptions/x\n"), "exactly one of"),
        (("owner:", "onwer:"), "TRU-PROD-THING.onwer"),
        (("TRU-PROD-THING:", "PROD-THING:"), "policies/trusted.yaml:2: PROD-THING = "),
    ],
)
def test_a_mistake_is_told_with_line_and_field(change: tuple[str, str], told: str) -> None:
    with pytest.raises(DocumentError) as error:
        TrustedRegister.parse(ENTRY.replace(*change))
    assert any(told in str(problem) for problem in error.value.problems)


def test_mistakes_in_both_registers_are_told_together() -> None:
    with pytest.raises(DocumentError) as error:
        Register.parse("EXC-X: 3", "TRU-X: 3")
    assert {problem.file for problem in error.value.problems} == {"policies/exceptions.yaml", "policies/trusted.yaml"}


def test_entry_covers_its_stack_until_its_end() -> None:
    register = TrustedRegister.parse(ENTRY)
    assert register.in_stack("prod", date(2027, 1, 31)).host("api.example.com")
    assert not register.in_stack("prod", date(2027, 2, 1)).host("api.example.com")
    assert not register.in_stack("dev", date(2027, 1, 31)).host("api.example.com")
    assert not register.in_stack("prod", date(2027, 1, 31)).host("api.example.com.evil.example")


@pytest.mark.parametrize(
    ("subject", "audiences", "passes"),
    [
        ("repo:medspasync/platform:environment:prod", ["api://AzureADTokenExchange"], True),
        ("repo:medspasync@11/platform@22:environment:prod", ["api://AzureADTokenExchange"], True),
        ("repo:medspasync@11/platform@23:environment:prod", ["api://AzureADTokenExchange"], False),
        ("repo:medspasync/platform:environment:dev", ["api://AzureADTokenExchange"], False),
        ("repo:medspasync/platform:environment:prod", ["api://AzureADTokenExchange", "api://other"], False),
        ("repo:medspasync/platform:environment:prod", [], False),
    ],
)
def test_a_credential_is_trusted_whole(subject: str, audiences: list[str], passes: bool) -> None:
    inputs = {
        "resourceName": "id-x",
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": subject,
        "audiences": audiences,
    }
    identity = Resource(
        type="azure-native:managedidentity:UserAssignedIdentity",
        name="deployment",
        urn="urn::i",
        inputs={"resourceName": "id-x"},
    )
    credential = Resource(type=f"azure-native:{trust.CREDENTIALS[0]}", name="github", urn="urn::c", inputs=inputs)
    stack = Stack([identity, credential]).judged(TrustedRegister.parse(CREDENTIAL).in_stack("prod", TODAY), TODAY)
    (verdict,) = trust.credentials.examine(stack)
    assert bool(verdict.violations) is not passes


def test_entries_expired_or_unused_fail() -> None:
    register = Register.load()
    more = TrustedRegister.parse(ENTRY)
    trusted = replace(
        register.trusted,
        entries={**register.trusted.entries, **more.entries},
        lines={**register.trusted.lines, **more.lines},
    )
    report = audit(records("deployed")["prod"], replace(register, trusted=trusted), TODAY)
    failed = {f.name: f for f in report.findings if f.rule == "TRUST-REGISTER" and f.status == "fail"}
    assert {name: f.message for name, f in failed.items()} == {
        "TRU-PROD-THING": "TRU-PROD-THING: nothing of prod needs it"
    }
    later = audit(records("deployed")["prod"], register, date(2099, 1, 1))
    expired = {f.name for f in later.findings if f.rule == "TRUST-REGISTER" and f.status == "fail"}
    assert expired == {id_ for id_, entry in register.trusted.entries.items() if "prod" in entry.stacks}
    assert {"TRUST-PRINCIPAL", "TRUST-RESOURCE", "TRUST-HOST"} <= {f.rule for f in later.findings if f.status == "fail"}


def test_strangers_of_a_foreign_project_are_unchecked() -> None:
    """Without a register nobody can say who is one; they are named all the same."""
    vault = Resource(
        type="azure-native:keyvault:Vault",
        name="v",
        urn="urn::v",
        inputs={"properties": {"accessPolicies": [{"objectId": "99999999-9999-4999-8999-999999999999"}]}},
    )
    (verdict,) = trust.principals.examine(Stack([vault], ours=False))
    assert not verdict.violations
    assert "99999999" in verdict.unknown
