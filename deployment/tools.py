"""What the commands reach the world with: Azure, clocks, the Internet, other programs."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from deployment.arm import Arm
from deployment.pages import Answer, fetch, read, read_expiry


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


def ask_program(arguments: Sequence[str]) -> str | None:
    """What a program prints; None where it is not there or fails."""
    found = shutil.which(arguments[0])
    if found is None:
        return None
    answer = subprocess.run([found, *arguments[1:]], capture_output=True, text=True, check=False)  # noqa: S603 - a list
    return None if answer.returncode else answer.stdout.strip()


def ask_github(path: str) -> tuple[int, str]:
    """GET a path of GitHub's REST interface, as whoever GITHUB_TOKEN is. Raises OSError when nobody answers."""
    base = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    if token := os.environ.get("GITHUB_TOKEN") or os.environ.get("GH_TOKEN"):
        headers["Authorization"] = f"Bearer {token}"
    return read(f"{base}{path}", headers)


@dataclass(frozen=True, kw_only=True)
class Tools:
    """connect: Azure as whoever is signed in; clock: the time, with its zone; fetch: a page over HTTPS; expiry: when
    a host's certificate ends;
    run: a program with our terminal, its exit code; wait: until Enter; terminal: whether somebody sits there.
    ask: what a program prints; github: a path of GitHub's REST interface, its status and text; environment: variables.
    Tests give their own."""

    connect: Callable[[], Arm] = Arm
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    fetch: Callable[[str], Answer] = fetch
    expiry: Callable[[str], datetime] = read_expiry
    run: Callable[[Sequence[str]], int] = run_program
    ask: Callable[[Sequence[str]], str | None] = ask_program
    github: Callable[[str], tuple[int, str]] = ask_github
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    wait: Callable[[], None] = wait_for_enter
    terminal: Callable[[], bool] = lambda: sys.stdin.isatty()
