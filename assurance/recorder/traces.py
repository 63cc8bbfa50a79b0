"""Stack traces of registrations, read from the frames themselves.

The SDK reads each frame's source line, which no record shows, and looks every file up on disk at every registration: a
sixth of the time of a recording.
"""

import sys
from functools import cache
from pathlib import Path

from pulumi.runtime.proto import source_pb2

_CONSTRUCTORS = 3
"""Of Resource, of CustomResource or ComponentResource, of the class itself: what called that one is the program."""


def stack_trace() -> source_pb2.StackTrace:
    """The frames from the one that called the resource's class, innermost first."""
    frame = sys._getframe(1)
    constructors = 0
    frames = []
    while frame is not None:
        if constructors >= _CONSTRUCTORS:
            frames.append(source_pb2.StackFrame(pc=_position(frame.f_code.co_filename, frame.f_lineno)))
        elif frame.f_code.co_name == "__init__":
            constructors += 1
        frame = frame.f_back  # type: ignore[assignment]  # None ends it
    return source_pb2.StackTrace(frames=frames)


@cache
def _position(file: str, line: int) -> source_pb2.SourcePosition | None:
    path = Path(file)
    return source_pb2.SourcePosition(uri=path.as_uri(), line=line) if path.is_absolute() else None
