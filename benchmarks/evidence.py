"""The bundle of all environments against the check of them: at most twice the time, for it records both modes."""

import tempfile
from pathlib import Path

from benchmarks.commands import run_module

MOST = 2.0
"""Times the check's, of wall-clock and of processor time."""


def main() -> None:
    """Run both, one after the other, and print their times. Raises AssertionError for more than `MOST`."""
    with tempfile.TemporaryDirectory() as folder:
        check = run_module("assurance", "check")
        evidence = run_module("assurance", "evidence", "--out", str(Path(folder) / "bundle"))
    for name, took in {"check": check, "evidence": evidence}.items():
        print(f"{name:10} {took.seconds:6.1f} s, {took.processor:6.1f} s of processor time")
    ratios = (evidence.seconds / check.seconds, evidence.processor / check.processor)
    print(f"{'ratio':10} {ratios[0]:6.2f}    {ratios[1]:6.2f}")
    assert max(ratios) <= MOST, f"evidence takes more than {MOST} times the time of check"
