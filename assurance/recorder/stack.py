"""Records one stack of a project: its config, its program, in this process.

Everything of the project is imported here, inside the functions, from the project's own folder: the process that asks
for recordings has imported nothing of it.
"""

import ast
import contextlib
import importlib
import json
from collections.abc import Callable
from typing import Any

from pulumi import ConfigMissingError, ConfigTypeError

from assurance.basis import basis_of
from assurance.errors import UsageError
from assurance.project import Project
from assurance.record import Mode, Record
from assurance.recorder.program import record_program, run_main

PLACEHOLDER = "placeholder-for-%s-supplied-by-the-recorder"


def record_stack(project: Project, stack: str, mode: Mode, on_resource: Callable[[], None] = lambda: None) -> Record:
    """Run the program of ``project`` for ``stack``.

    Supplied secrets that the config does not hold, or holds encrypted, are stood in for by a marked text and listed
    in ``record.supplied``. Raises DocumentError, with lines, for a wrong stack config; UsageError for one that another
    program does not take.
    """
    record = (
        _platform(project, stack, mode, on_resource)
        if _is_platform(project)
        else _plain(project, stack, mode, on_resource)
    )
    record.basis = basis_of(project, stack)
    return record


def import_program(project: Project) -> None:
    """Import what the program imports, so that every recording forked from this process has it.

    Only of a program with `stacks.recording`, whose modules make nothing and read no config when they are imported.
    What cannot be imported is left to the recording, which says why.
    """
    if _is_platform(project):
        with contextlib.suppress(Exception):
            importlib.import_module("stacks.recording")
            for node in ast.parse(project.main.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ImportFrom):
                    importlib.import_module(node.module or "")


def _is_platform(project: Project) -> bool:
    return (project.root / "stacks" / "recording.py").is_file()


def _platform(project: Project, stack: str, mode: Mode, on_resource: Callable[[], None]) -> Record:
    """A program with `stacks.recording`, which knows its config, its secrets and what becomes of each entry."""
    from stacks.recording import follow_entries, stack_config

    with stack_config(project.root, stack, PLACEHOLDER) as config, follow_entries(project.root) as entries:
        record = _run(
            project,
            stack,
            mode,
            on_resource=on_resource,
            config=config.values,
            secret_keys=config.secret_keys,
            origins=entries.origins,
        )
    record.supplied, record.notMade = config.supplied, entries.not_made()
    return record


def _plain(project: Project, stack: str, mode: Mode, on_resource: Callable[[], None]) -> Record:
    """Any other program: the stack file as the engine hands it over, encrypted values stood in for."""
    config, secure = project.config(stack)
    config |= {key: PLACEHOLDER % key for key in secure}
    try:
        record = _run(project, stack, mode, on_resource=on_resource, config=config, secret_keys=secure)
    except ConfigMissingError as error:
        file = f"Pulumi.{stack}.yaml"
        there = "" if (project.root / file).is_file() else f"; there is no {file}"
        raise UsageError(
            f"{file}: {error.key}: the program requires it{there}: pulumi config set {error.key}"
        ) from None
    except ConfigTypeError as error:
        allowed = f"{error.expect_type}"
        raise UsageError(f"Pulumi.{stack}.yaml: {error.key} = {json.dumps(error.value)}: {allowed}") from None
    record.supplied = sorted(secure)
    return record


def _run(project: Project, stack: str, mode: Mode, **given: Any) -> Record:
    return record_program(
        run_main(project),
        stack=stack,
        mode=mode,
        root=project.root,
        project=project.name,
        main=project.main.relative_to(project.root).as_posix(),
        lenient=not project.own,
        **given,
    )
