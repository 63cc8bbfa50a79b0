"""Records one stack of the project: its config, its program, in this process.

Everything of the project is imported here, inside the function, from the project's own folder: the process that
forks the recordings has imported nothing of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from assurance.record import Mode, Record
from assurance.recorder.program import record_program, run_main
from documents.lines import file_lines, line_of
from documents.problems import DocumentError

PLACEHOLDER = "placeholder-for-%s-supplied-by-the-recorder"


def record_stack(root: Path, stack: str, mode: Mode, on_resource: Callable[[], None] = lambda: None) -> Record:
    """Run ``__main__.py`` of the project at ``root`` for ``stack``.

    Supplied secrets that the config does not hold, or holds encrypted, are stood in for by a marked text and listed
    in ``record.supplied``. Raises DocumentError, with lines, for a wrong stack config.
    """
    from stacks.settings.parse import parse
    from stacks.settings.stack_file import read_stack_file
    from stacks.settings.supplied import CONFIG_KEY, readable_secrets

    file = read_stack_file(root / f"Pulumi.{stack}.yaml")
    try:
        config = file.engine_config()
        settings = parse(config, file.path.name)
        missing = readable_secrets(settings)
        config[CONFIG_KEY] = json.dumps({name: PLACEHOLDER % name for name in missing})
        record = record_program(
            run_main(root),
            stack=stack,
            mode=mode,
            root=root,
            config=config,
            secret_keys=[CONFIG_KEY],
            origin=_origin(root),
            on_resource=on_resource,
        )
    except DocumentError as error:
        raise DocumentError([file.placed(problem) for problem in error.problems]) from None
    written = file.config.get(CONFIG_KEY)
    record.supplied = [name for name in missing if not isinstance(written, dict) or name not in written]
    return record


def _origin(root: Path) -> Callable[[], dict[str, Any] | None]:
    """Reads the entry that the program says it is working on, with the line it is on."""
    from stacks.settings.origin import current_origin

    lines = cache(lambda file: file_lines(root / file))

    def origin() -> dict[str, Any] | None:
        here = current_origin()
        if here is None:
            return None
        line = line_of(lines(here.file), f"config.{here.key}") or line_of(lines(here.file), here.key)
        return {"file": here.file, "line": line, "key": here.key}

    return origin
