"""What the commands reach the world with: Azure, clocks, the Internet, other programs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from deployment.arm import Arm
from deployment.pages import Answer, fetch


def run_program(arguments: Sequence[str]) -> int:
    """Run a program with our own terminal and return its exit code. Raises OSError when it cannot be started."""
    return subprocess.run(list(arguments), check=False).returncode  # noqa: S603 - a list, no shell


@dataclass(frozen=True, kw_only=True)
class Tools:
    """connect: Azure as whoever is signed in; clock: the time, with its zone; fetch: a page over HTTPS;
    run: a program with our terminal, its exit code. Tests give their own."""

    connect: Callable[[], Arm] = Arm
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    fetch: Callable[[str], Answer] = fetch
    run: Callable[[Sequence[str]], int] = run_program
