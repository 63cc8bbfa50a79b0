"""What the queries on internal keys know of a stack: who has one, and when they were rotated."""

from __future__ import annotations

from stacks.alert_inputs import internal_keys
from tests.projects import Config, changed
from tests.stacks.whole_stack import settings_of, two_apps


def known(*dates: str) -> dict[str, list[str]]:
    def change(config: Config) -> None:
        two_apps(config)
        config["medspasync:vaults"]["rotatedOn"] = "2026-11-01"
        if dates:
            config["medspasync:vaults"]["rotations"] = {"INTERNAL-API-KEY": list(dates)}

    settings = settings_of(changed(change))
    return {name: list(values) for name, values in internal_keys(settings.apps, settings.vaults).items()}


def test_consumers_are_the_apps_that_have_a_key() -> None:
    assert known()["internal_consumers"] == ["backend", "frontend"]


def test_the_overlap_counts_from_the_newest_rotation() -> None:
    assert known()["internal_keys_rotated"] == ["2026-11-01"]
    assert known("2026-11-01", "2027-02-01")["internal_keys_rotated"] == ["2027-02-01"]
