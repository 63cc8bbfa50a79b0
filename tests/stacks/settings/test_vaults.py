"""Vault settings: what Azure cannot do, or would do to data, is refused with the reason."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.sections import all_problems
from stacks.catalogues.secrets import catalogue
from stacks.settings.vaults import VaultSettings
from tests.stacks.settings.sections import read, refused

LEAST: dict[str, Any] = {"rotatedOn": "2026-11-01"}
KEYRING, OVERLAP = "ENCRYPTION-KEY", "JWT-SECRET"


def vaults(**changes: Any) -> VaultSettings:
    return read(VaultSettings, {**LEAST, **changes})


def told(**changes: Any) -> str:
    return "\n".join(str(problem) for problem in all_problems(vaults(**changes)))


def test_the_least_is_the_safe_one() -> None:
    settings = vaults()
    assert refused(VaultSettings, LEAST) == set()
    assert (settings.authorization, settings.sku, settings.soft_delete_days) == ("access-policies", "premium", 90)
    key = settings.keys["k1"]
    assert (key.hardware, key.size, key.expires_after, key.rotate_before) == (True, 4096, "P2Y", "P90D")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"authorization": "both"}, "authorization"),
        ({"sku": "basic"}, "sku"),
        ({"softDeleteDays": 6}, "softDeleteDays"),
        ({"softDeleteDays": 91}, "softDeleteDays"),
        ({"rotatedOn": "soon"}, "rotatedOn"),
        ({"keys": {}}, "keys"),
        ({"keys": {"k1": {"size": 1024}}}, "keys.k1.size"),
        ({"keys": {"k1": {"size": "4096"}}}, "keys.k1.size"),
        ({"keys": {"k1": {"expiresAfter": "2 years"}}}, "keys.k1.expiresAfter"),
        ({"keys": {"k1": {"curve": "P-256"}}}, "keys.k1.curve"),
        ({"keys": {"k1": {"rotateBefore": "P29D"}}}, "keys.k1.rotateBefore"),
        ({"keys": {"k1": {"expiresAfter": "P90D", "rotateBefore": "P90D"}}}, "keys.k1.rotateBefore"),
        ({"keys": {"k1": {"expiresAfter": "P1M", "rotateBefore": "P60D"}}}, "keys.k1.rotateBefore"),
        ({"sku": "standard"}, "keys.k1.hardware"),
        ({"keys": {"k2": {}}}, "keys"),
        ({"keys": {"k1": {}, "k3": {}}}, "keys"),
        ({"keys": {"k2": {}, "k1": {}}}, "keys"),
        ({"keys": {"k1": {}, "k2": {}}}, "keys.k2.createdOn"),
        ({"keys": {"k1": {}, "k2": {"createdOn": "2026-11-01"}}}, "keys.k2.createdOn"),
        ({"keys": {"k1": {"createdOn": "2027-01-01"}, "k2": {"createdOn": "2026-12-01"}}}, "keys.k2.createdOn"),
        ({"keys": {"k1": {"createdOn": "soon"}}}, "keys.k1.createdOn"),
        ({"rotations": {"JWT-SECRET": []}}, "rotations.JWT-SECRET"),
        ({"rotations": {"JWT-SECRET": ["2027-01-01", "2026-01-01"]}}, "rotations.JWT-SECRET"),
        ({"rotations": {"JWT-SECRET": ["2027-01-01", "2027-01-01"]}}, "rotations.JWT-SECRET"),
        ({"rotations": {"JWT-SECRETT": ["2027-01-01"]}}, "rotations.JWT-SECRETT"),
        ({"rotations": {KEYRING: ["2026-11-01"]}}, f"rotations.{KEYRING}"),
        ({"keyrings": {OVERLAP: {"k1": "2026-11-01"}}}, f"keyrings.{OVERLAP}"),
        ({"keyrings": {"NO-SUCH": {"k1": "2026-11-01"}}}, "keyrings.NO-SUCH"),
        ({"keyrings": {KEYRING: {}}}, f"keyrings.{KEYRING}"),
        ({"keyrings": {KEYRING: {"k2": "2027-11-01"}}}, f"keyrings.{KEYRING}"),
        ({"keyrings": {KEYRING: {"k1": "2026-11-01", "k3": "2028-11-01"}}}, f"keyrings.{KEYRING}"),
        ({"keyrings": {KEYRING: {"k1": "2027-11-01", "k2": "2026-11-01"}}}, f"keyrings.{KEYRING}"),
        ({"settings": {"NODE-ENV": ""}}, "settings.NODE-ENV"),
        ({"settings": {"STRIPE-SECRET-KEY": "sk"}}, "settings.STRIPE-SECRET-KEY"),
        ({"settings": {"NODE-EVN": "production"}}, "settings.NODE-EVN"),
    ],
)
def test_what_cannot_be_is_refused_at_its_key(changes: dict[str, Any], key: str) -> None:
    assert refused(VaultSettings, {**LEAST, **changes}) == {key}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keys": {"k2": {}}}, "backups need the keys that they were made under (docs/runbooks/key-rotation.md)"),
        ({"keyrings": {KEYRING: {"k2": "2027-11-01"}}}, "dropped only when no data uses it"),
        ({"rotations": {KEYRING: ["2026-11-01"]}}, "under keyrings"),
        ({"keyrings": {OVERLAP: {"k1": "2026-11-01"}}}, "under rotations"),
        ({"rotations": {"JWT-SECRETT": ["2027-01-01"]}}, "did you mean JWT-SECRET?"),
        ({"sku": "standard"}, "a standard vault has no HSM"),
        ({"keys": {"k1": {}, "k2": {}}}, "after 2026-11-01: its first version's expiry counts from it"),
        ({"keys": {"k1": {"rotateBefore": "P7D"}}}, "at least P30D and shorter than expiresAfter (P2Y)"),
    ],
)
def test_a_message_says_why_and_what_instead(changes: dict[str, Any], said: str) -> None:
    assert said in told(**changes)


def test_message_does_not_repeat_a_secret() -> None:
    """A secret in a stack file is not repeated in the message."""
    text = told(settings={"STRIPE-SECRET-KEY": "sk-value-that-nobody-may-see"})
    assert "must not stand in a stack file" in text
    assert "nobody-may-see" not in text


@given(st.integers(1, 12), st.data())
def test_keyring_gap_is_seen_before_newest_entry(count: int, data: st.DataObject) -> None:
    # The newest one is protected, so that the engine refuses: see tests/stacks/test_secrets.py.
    """Of a ring only the newest entry can go unseen."""
    ring = {f"k{number}": f"20{10 + number}-01-01" for number in range(1, count + 1)}
    assert refused(VaultSettings, {**LEAST, "keyrings": {KEYRING: ring}}) == set()
    gone = data.draw(st.sampled_from(sorted(ring)))
    left = {key: day for key, day in ring.items() if key != gone}
    newest = gone == f"k{count}"
    assert bool(refused(VaultSettings, {**LEAST, "keyrings": {KEYRING: left}})) is (not newest or not left)


@given(st.permutations(["k1", "k2", "k3"]))
def test_key_generations_stand_in_order(order: list[str]) -> None:
    """Generations stand in the order in which they were added."""
    keys: dict[str, Any] = {key: {"createdOn": f"202{key[1]}-01-01"} for key in order}
    assert bool(refused(VaultSettings, {**LEAST, "keys": keys})) is (order != sorted(order))


def test_expiry_counts_from_last_rotation() -> None:
    """Expiry counts from the last rotation by the catalogues days."""
    settings = vaults(
        rotations={OVERLAP: ["2027-01-01", "2027-06-01"]}, keyrings={KEYRING: {"k1": "2026-11-01", "k2": "2027-10-01"}}
    )
    for name, last in ((OVERLAP, date(2027, 6, 1)), (KEYRING, date(2027, 10, 1)), ("EMAIL-PASS", date(2026, 11, 1))):
        entry = catalogue()[name]
        expires = settings.expires_on(name, entry)
        assert settings.rotated(name, entry) == last
        assert expires is not None
        assert (expires - last).days == entry.rotation.days


def test_key_expiry_counts_from_its_generation() -> None:
    """The expiry of a key counts from the day its generation was added."""
    settings = vaults(keys={"k1": {}, "k2": {"createdOn": "2028-06-01", "expiresAfter": "P90D"}})
    assert settings.key_expires_on("k1") == date(2028, 10, 31)  # two years of 365 days after rotatedOn
    assert settings.key_expires_on("k2") == date(2028, 8, 30)
    assert vaults(keys={"k1": {"createdOn": "2027-01-01"}}).key_expires_on("k1") == date(2028, 12, 31)


def test_secret_without_age_does_not_expire() -> None:
    """A secret without a longest age does not expire."""
    entry = catalogue()[OVERLAP]
    ageless = entry.model_copy(update={"rotation": entry.rotation.model_copy(update={"days": None})})
    assert vaults().expires_on(OVERLAP, ageless) is None


def test_secret_without_entry_has_common_date() -> None:
    """What has no entry was set with everything else."""
    assert vaults().rotation_dates(OVERLAP) == [date(2026, 11, 1)]
    assert vaults().keyring(KEYRING) == {"k1": date(2026, 11, 1)}
