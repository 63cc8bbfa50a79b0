"""How often a cron expression runs."""

from __future__ import annotations

import pytest

from facts.schedules import longest_pause

HOUR = 60


@pytest.mark.parametrize(
    ("cron", "minutes"),
    [
        ("*/10 * * * *", 10),
        ("30 6 * * *", 24 * HOUR),
        ("30 6 * * 1-5", 72 * HOUR),  # over the weekend
        ("15 5 2-4 * *", 29 * 24 * HOUR),
        ("0 0 1 * 1", 7 * 24 * HOUR),  # either day, as crontab(5) has it
        ("0 0 29 2 *", 1461 * 24 * HOUR),
        ("5/20 0 * * *", 23 * HOUR + 20),
    ],
)
def test_longest_pause_is_between_two_runs(cron: str, minutes: int) -> None:
    pause = longest_pause(cron)
    assert pause is not None
    assert pause.total_seconds() / 60 == minutes


def test_longest_pause_of_no_run_is_none() -> None:
    assert longest_pause("0 0 31 2 *") is None


@pytest.mark.parametrize("cron", ["daily", "* * * *", "60 * * * *", "5-1 * * * *", "*/0 * * * *"])
def test_longest_pause_of_no_schedule_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match=r"five|minute"):
        longest_pause(cron)
