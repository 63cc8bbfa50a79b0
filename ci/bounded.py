"""Work on what a change uploaded, in a process of its own that may take so much time and memory and no more.

A record can be made to keep what reads it busy for ever: a pattern that never ends, a tree that fills the memory. Then
the comment of an earlier run would stay as if nothing had happened.
"""

import contextlib
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection

from ci.artifact import ArtifactError

SECONDS = 600
"""Half of the job's time: recording the base again takes a minute."""
BYTES = 8_000_000_000
"""Half of a runner's memory."""


class BoundedError(Exception):
    """The work did not end in time, or ended without an answer; the message says which."""


def run_bounded(work: Callable[[], str], seconds: float = SECONDS, memory: int = BYTES) -> str:
    """The text that ``work`` returns. seconds: of the clock; memory: bytes of addresses.

    Raises BoundedError.
    """
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(work, sender, memory))
    process.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            raise BoundedError(f"it took more than {seconds:g} seconds")
        kind, text = receiver.recv()
    except EOFError:
        raise BoundedError("what reads it ended without an answer") from None
    finally:
        assert process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with it ends what it has started
        process.kill()
        process.join()
        receiver.close()
    if kind == "error":
        raise BoundedError(text)
    return str(text)


def _answer(work: Callable[[], str], sender: Connection, memory: int) -> None:
    """In the process of its own."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        answer = ("text", work())
    except ArtifactError as error:
        answer = ("error", str(error))
    except Exception as error:
        answer = ("error", f"{type(error).__name__}: {error}"[:300])
    sender.send(answer)
    sender.close()
