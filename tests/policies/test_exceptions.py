"""The register: strict when read, exact in what it covers."""

from __future__ import annotations

from datetime import date

import pytest

from documents.problems import DocumentError
from policies.exceptions import Register

ENTRY = """
EXC-DEV-THING:
  rules: [KV-PURGE-PROTECTION]
  stacks: [dev]
  resource: vault-*
  reason: Because of something.
  compensatingControl: Something else protects it.
  owner: security lead
  expires: 2027-01-31
"""


def test_exception_covers_its_rule_stack_resources_only() -> None:
    register = Register.parse(ENTRY)
    assert register.find("KV-PURGE-PROTECTION", "dev", "vault-app") == "EXC-DEV-THING"
    assert register.find("KV-PURGE-PROTECTION", "dev", "app") is None
    assert register.find("KV-PURGE-PROTECTION", "prod", "vault-app") is None
    assert register.find("KV-SOFT-DELETE", "dev", "vault-app") is None
    assert register.lines == {"EXC-DEV-THING": 2}


def test_the_last_day_still_counts() -> None:
    exception = Register.parse(ENTRY).exceptions["EXC-DEV-THING"]
    assert not exception.expired(date(2027, 1, 31))
    assert exception.expired(date(2027, 2, 1))


def test_of_two_the_one_that_holds_longest_covers() -> None:
    longer = ENTRY.replace("EXC-DEV-THING", "EXC-DEV-LONGER").replace("2027-01-31", "2028-01-31")
    register = Register.parse(ENTRY + longer)
    assert register.find("KV-PURGE-PROTECTION", "dev", "vault-app") == "EXC-DEV-LONGER"


def test_an_empty_register_is_a_register() -> None:
    assert Register.parse("# nothing\n") == Register()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("expires: 2027-01-31", "expires: some day"), "policies/exceptions.yaml:9: EXC-DEV-THING.expires"),
        (("  reason: Because of something.\n", ""), "EXC-DEV-THING.reason"),
        (("reason: Because of something.", "reason: no"), "EXC-DEV-THING.reason"),
        (("owner:", "onwer:"), "EXC-DEV-THING.onwer"),
        (("rules: [KV-PURGE-PROTECTION]", "rules: []"), "EXC-DEV-THING.rules"),
        (("EXC-DEV-THING:", "DEV-THING:"), "policies/exceptions.yaml:2: DEV-THING = "),
    ],
)
def test_mistake_names_the_entry_and_field(change: tuple[str, str], told: str) -> None:
    with pytest.raises(DocumentError) as error:
        Register.parse(ENTRY.replace(*change))
    assert any(told in str(problem) for problem in error.value.problems)


@pytest.mark.parametrize("text", ["[a, b]", "just text", "a: [", "EXC-X: 3"])
def test_what_is_no_register_is_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        Register.parse(text)
