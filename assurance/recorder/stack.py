"""Records one stack of the project: its config, its program, in this process.

Everything of the project is imported here, inside the function, from the project's own folder: the process that
forks the recordings has imported nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assurance.record import Mode, Record
from assurance.recorder.program import record_program, run_main


def record_stack(root: Path, stack: str, mode: Mode, on_resource: Callable[[], None] = lambda: None) -> Record:
    """Run ``__main__.py`` of the project at ``root`` for ``stack``.

    Supplied secrets that the config does not hold, or holds encrypted, are stood in for by a marked text and listed
    in ``record.supplied``. Raises DocumentError, with lines, for a wrong stack config.
    """
    from stacks.recording import follow_entries, stack_config

    with stack_config(root, stack) as config, follow_entries(root) as entries:
        record = record_program(
            run_main(root),
            stack=stack,
            mode=mode,
            root=root,
            config=config.values,
            secret_keys=config.secret_keys,
            origins=entries.origins,
            on_resource=on_resource,
        )
    record.supplied, record.notMade = config.supplied, entries.not_made()
    return record
