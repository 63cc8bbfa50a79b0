"""What a change does to the posture."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from assurance.compare.pairing import pair_revisions
from assurance.compare.posture.build import find_posture, with_acceptance
from assurance.compare.posture.item import Posture
from assurance.compare.posture.keys import name_keys
from assurance.compare.posture.presence import presences
from assurance.compare.posture.registers import Entries, register_items
from assurance.compare.posture.strength import Strength, strengths
from assurance.record import Record
from facts.types import resource_types
from policies.accepted_changes import AcceptedChanges
from tests.assurance.compare.samples import record, resource
from tests.assurance.compare.seeded import SEEDED, add_app, base, changed, comparison
from tests.harness import stack_record
from tests.long import sample

FILE = "policies/trusted.yaml"


def posture(before: Record, after: Record) -> list[Posture]:
    return find_posture(before, after, pair_revisions(before, after), [])


@pytest.mark.parametrize("change", SEEDED)
def test_a_seeded_change_is_told(change: str) -> None:
    expected = SEEDED[change][1]
    found = comparison(change).stacks[0].posture
    if expected is None:
        assert found == []
        return
    area, direction, name, file = expected
    (first, *_) = [each for each in found if (each.area, each.direction, each.resource) == (area, direction, name)]
    assert (first.origin or {}).get("file") == file
    assert (first.origin or {}).get("line")
    assert first.before != first.after


@pytest.mark.parametrize("change", sample([name for name, (_, expected) in SEEDED.items() if expected], every=4))
def test_a_change_taken_back_is_the_opposite(change: str) -> None:
    """Whatever is weaker one way is stronger the other way."""
    make, expected = SEEDED[change]
    assert expected is not None
    opposite = "stronger" if expected[1] == "weaker" else "weaker"
    found = posture(changed(make), base())
    assert (expected[0], opposite) in {(each.area, each.direction) for each in found}


def test_an_added_app_is_new_exposure() -> None:
    before = changed(add_app)
    found = posture(before, base())
    what = [each.what for each in found if each.weaker and each.area == "exposure"]
    assert any("newly reaches app-backend" in each for each in what)


def test_a_stack_does_not_differ_from_itself() -> None:
    assert posture(base(), base()) == []


def test_every_protection_that_goes_is_weaker() -> None:
    """One of each type of the table, all at once."""
    whole = base()
    gone = {each.type: each for each in whole if each.type in presences()}
    assert len(gone) > 12
    without = stack_record("prod")
    without.resources = [each for each in without if each.urn not in {one.urn for one in gone.values()}]
    found = {(each.area, each.direction, each.urn) for each in posture(whole, without)}
    for type_, one in gone.items():
        row = presences()[type_]
        assert (row.area, "stronger" if row.reverse else "weaker", one.urn) in found, type_


def test_what_goes_with_its_subject_is_no_weakening() -> None:
    vault = resource("kv")
    setting = resource("log", "azure-native:monitor:DiagnosticSetting", inputs={"resourceUri": vault.id})
    found = posture(record(vault, setting, resource("other")), record(resource("other")))
    assert [each for each in found if each.area == "logs"] == []


def test_a_renamed_alert_is_neither() -> None:
    alert = "azure-native:monitor:MetricAlert"
    one, two = (resource(name, alert, inputs={"ruleName": name, "severity": 1}) for name in ("a", "b"))
    assert posture(record(one), record(two)) == []


@pytest.mark.parametrize("row", strengths(), ids=lambda row: f"{row.area}-{row.input[:30]}")
def test_each_row_tells_weak_from_strong(row: Strength) -> None:
    samples: dict[str, tuple[Any, Any]] = {
        "more": (1, 2), "less": (2, 1), "longer": ("P1D", "P1Y"), "shorter": ("PT1H", "PT5M"),
        "version": ("TLS1_0", "1.3"), "present": (None, "x"), "moreItems": (["a"], ["a", "b"]),
        "fewerItems": (["a", "b"], ["a"]), "moreOften": ("R/2026-01-01/P1W", "R/2026-01-01/P1D"),
            "cron": ("30 6 * * 1", "30 6 * * 1-5"),
    }  # fmt: skip
    weak, strong = samples[row.order] if isinstance(row.order, str) else (row.order[0], row.order[-1])
    assert row.rank(weak) < row.rank(strong)


def test_types_of_both_tables_are_known() -> None:
    """A misspelt type would judge nothing; types that this project does not use have no row of facts."""
    ours = {each for each in resource_types() if each.startswith("azure-native:")}
    named = {f"azure-native:{each}" for row in strengths() for each in row.types} | set(presences())
    modules = {each.rsplit(":", 1)[0] for each in ours}
    assert {each for each in named - ours if each.rsplit(":", 1)[0] in modules} <= {
        "azure-native:authorization:ManagementLockAtResourceLevel",
        "azure-native:authorization:ManagementLockAtResourceGroupLevel",
        "azure-native:authorization:ManagementLockAtSubscriptionLevel",
        "azure-native:alertsmanagement:SmartDetectorAlertRule",
        "azure-native:monitor:DataCollectionRule",
        "azure-native:network:AzureFirewall",
        "azure-native:network:DdosProtectionPlan",
        "azure-native:dbforpostgresql:FirewallRule",
        "azure-native:network:VirtualNetworkPeering",
        "azure-native:securityinsights:NrtAlertRule",
    }


def entries(text: str) -> Entries:
    return Entries.parse(FILE, text, "prod")


TRUST = "TRU-A:\n  stacks: [prod]\n  host: a.example.com\n  reason: a\n  expires: 2027-01-01\n"


def test_a_new_stranger_is_weaker() -> None:
    (found,) = register_items("trusted", Entries(FILE), entries(TRUST))
    assert (found.direction, found.origin) == ("weaker", {"file": FILE, "line": 1, "key": "TRU-A"})
    assert "a.example.com" in found.what
    (back,) = register_items("trusted", entries(TRUST), Entries(FILE))
    assert back.direction == "stronger"


def test_a_longer_entry_is_weaker() -> None:
    longer = entries(TRUST.replace("2027", "2028"))
    assert [each.direction for each in register_items("trusted", entries(TRUST), longer)] == ["weaker"]
    assert [each.direction for each in register_items("trusted", longer, entries(TRUST))] == ["stronger"]


def test_an_entry_of_another_stack_is_neither() -> None:
    other = entries(TRUST.replace("[prod]", "[dev]"))
    assert list(register_items("trusted", Entries(FILE), other)) == []


def test_a_key_of_the_stack_file_is_named() -> None:
    item = Posture(area="backup", direction="weaker", what="", before=35, after=30,
                   origin={"file": "Pulumi.prod.yaml", "line": 2, "key": "p:database"})  # fmt: skip
    text = "config:\n  p:database:\n    days: 35\n    zone: 1\n"
    (named,) = name_keys([item], "Pulumi.prod.yaml", (text, text.replace("35", "30").replace("zone: 1", "zone: 2")))
    assert named.origin == {"file": "Pulumi.prod.yaml", "line": 3, "key": "p:database.days"}


ACCEPTED = """CHG-BACKUP:
  stacks: [prod]
  area: backup
  resource: postgres
  property: backup.*
  reason: the drill showed that 30 days do
  compensatingControl: the long-term copies stay
  owner: security lead
  accepted: 2026-11-29
  until: 2026-12-13
"""


def test_an_accepted_weakening_names_its_entry() -> None:
    found = posture(base(), changed(SEEDED["backups kept shorter"][0]))
    accepted = AcceptedChanges.parse(ACCEPTED)
    (covered,) = with_acceptance(found, "prod", accepted, date(2026, 12, 1))
    (late,) = with_acceptance(found, "prod", accepted, date(2027, 1, 1))
    assert (covered.accepted, late.accepted) == ("CHG-BACKUP", None)


def test_an_unreadable_input_is_weaker_until_read() -> None:
    head = changed(lambda each: each.of_type("network:NetworkSecurityGroup")[0].inputs.update(securityRules="nonsense"))
    assert any(each.weaker and each.aspect == "unreadable" for each in posture(base(), head))
