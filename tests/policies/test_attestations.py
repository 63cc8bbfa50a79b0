"""The register of attestations and its kinds: strict when read; what the law lists is there once."""

from __future__ import annotations

from datetime import date

import pytest

from documents.problems import DocumentError
from policies.attestations import AttestationRegister, attestation_kinds
from policies.controls import controls
from policies.exceptions import Register

ENTRY = """
ATT-PROD-THING:
  kind: baa
  stacks: [prod]
  statement: A contract is in force.
  owner: privacy officer
  attested: 2026-11-01
  expires: 2027-10-31
  kept: Contract register
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("kind: baa", "kind: bba"), "policies/attestations.yaml:3: ATT-PROD-THING.kind = 'bba': one of"),
        (("expires: 2027-10-31", "expires: 2026-10-31"), "a day from 2026-11-01 on"),
        (("expires: 2027-10-31", "expires: 2028-10-31"), "at the latest: baa holds 12 months"),
        (("  kept: Contract register\n", ""), "ATT-PROD-THING.kept"),
        (("owner:", "onwer:"), "ATT-PROD-THING.onwer"),
        (("ATT-PROD-THING:", "PROD-THING:"), "policies/attestations.yaml:2: PROD-THING = "),
    ],
)
def test_a_mistake_is_told_with_line_and_field(change: tuple[str, str], told: str) -> None:
    with pytest.raises(DocumentError) as error:
        AttestationRegister.parse(ENTRY.replace(*change))
    assert any(told in str(problem) for problem in error.value.problems)


def test_mistakes_in_all_registers_are_told_together() -> None:
    with pytest.raises(DocumentError) as error:
        Register.parse("EXC-X: 3", "TRU-X: 3", "ATT-X: 3")
    told = " ".join(map(str, error.value.problems))
    assert all(file in told for file in ("exceptions.yaml", "trusted.yaml", "attestations.yaml"))


@pytest.mark.parametrize(
    ("attested", "today", "holds"),
    [
        ("2026-11-01", date(2026, 11, 1), True),
        ("2026-11-01", date(2027, 10, 31), True),
        ("2026-11-01", date(2027, 11, 1), False),
        ("2026-11-01", date(2026, 10, 31), False),
        (None, date(2026, 11, 1), False),
    ],
)
def test_an_attestation_holds_from_signing_to_end(attested: str | None, today: date, holds: bool) -> None:
    text = ENTRY if attested else ENTRY.replace("  attested: 2026-11-01\n", "")
    assert AttestationRegister.parse(text).entries["ATT-PROD-THING"].holds(today) is holds


def test_every_kind_serves_a_paragraph_of_the_law() -> None:
    assert "baa" in attestation_kinds()
    assert {control for kind in attestation_kinds().values() for control in kind.controls} <= controls().keys()


def test_the_law_is_listed_whole() -> None:
    """45 CFR 164.308 to 164.316: 22 standards stand under these letters, with 44 specifications below them."""
    ids = list(controls())
    counts = {section: sum(id_.startswith(section) for id_ in ids) for section in ("164.308", "164.310", "164.312")}
    assert counts == {"164.308": 31, "164.310": 12, "164.312": 12}
    assert {"164.314(a)(1)", "164.314(b)(2)", "164.316(a)", "164.316(b)(2)(iii)"} <= set(ids)
    assert controls()["164.312(a)(2)(iii)"].status == "A"
    assert controls()["164.308(a)(7)(ii)(A)"].status == "R"
