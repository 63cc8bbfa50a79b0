"""The bundle of all environments against the check of them: at most twice the time, for it records both modes."""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST = 2.0
"""Times the check's, of wall-clock and of processor time."""


def main() -> None:
    """Run both, one after the other, and print their times. Raises AssertionError for more than `MOST`."""
    with tempfile.TemporaryDirectory() as folder:
        check = _times("check")
        evidence = _times("evidence", "--out", str(Path(folder) / "bundle"))
    for name, (wall, processor) in {"check": check, "evidence": evidence}.items():
        print(f"{name:10} {wall:6.1f} s, {processor:6.1f} s of processor time")
    ratios = [more / less for more, less in zip(evidence, check, strict=True)]
    print(f"{'ratio':10} {ratios[0]:6.2f}    {ratios[1]:6.2f}")
    assert max(ratios) <= MOST, f"evidence takes more than {MOST} times the time of check"


def _times(*arguments: str) -> tuple[float, float]:
    """Seconds by the clock and of the processors."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "assurance", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, used
