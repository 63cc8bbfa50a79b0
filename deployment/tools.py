"""What the commands reach the world with: Azure, clocks, the Internet, other programs."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from deployment.arm import Arm
from deployment.pages import Answer, fetch


class StoppedError(KeyboardInterrupt):
    """Somebody else ends this program (SIGTERM): its child knows nothing of it."""


def run_program(arguments: Sequence[str]) -> int:
    """Run a program with our own terminal and return its exit code. Raises OSError when it cannot be started.

    Interrupted, it waits for the program's own end: Ctrl-C reaches both, a SIGTERM is passed on as an interrupt.
    """
    with subprocess.Popen(list(arguments)) as process:  # noqa: S603 - a list, no shell
        try:
            return process.wait()
        except StoppedError:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        except KeyboardInterrupt:
            process.wait()
            raise


def wait_for_enter() -> None:
    """Wait until somebody presses Enter."""
    sys.stdin.readline()


@dataclass(frozen=True, kw_only=True)
class Tools:
    """connect: Azure as whoever is signed in; clock: the time, with its zone; fetch: a page over HTTPS;
    run: a program with our terminal, its exit code; wait: until Enter; terminal: whether somebody sits there.
    Tests give their own."""

    connect: Callable[[], Arm] = Arm
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    fetch: Callable[[str], Answer] = fetch
    run: Callable[[Sequence[str]], int] = run_program
    wait: Callable[[], None] = wait_for_enter
    terminal: Callable[[], bool] = lambda: sys.stdin.isatty()
