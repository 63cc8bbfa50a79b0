"""Where records come from: the project's stacks, or a saved file."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assurance.errors import UsageError
from assurance.project import read_project
from documents.problems import did_you_mean

if TYPE_CHECKING:
    from assurance.record import Mode, Record
    from assurance.recorder.processes import Job

FIRST_STACK = "dev"
"""Name of the stack as which a program without a stack file runs."""


def project_root(folder: Path | None = None) -> Path:
    """The project's folder: ``folder``, or the nearest one upwards with a Pulumi.yaml, from here or this package."""
    if folder is not None:
        return read_project(folder.resolve()).root
    for start in (Path.cwd(), Path(__file__).parent):
        for folder in (start, *start.parents):
            if (folder / "Pulumi.yaml").is_file() and (folder / "__main__.py").is_file():
                return folder
    raise UsageError("no Pulumi project here: run assurance inside the project's folder")


def stack_names(root: Path) -> list[str]:
    """Every stack of the project: those with a stack file, in the order of their promotion where it is known."""
    names = {path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml")}
    promotion = ["dev", "staging", "prod"]
    return sorted(names, key=lambda name: (promotion.index(name) if name in promotion else len(promotion), name))


def no_such_stack(name: str, known: Sequence[str]) -> str:
    """The message about a stack that has no stack file."""
    return f"{name}: no such stack; there are {', '.join(known) or 'none'}{did_you_mean(name, known)}"


def records_for(
    stacks: Sequence[str],
    mode: "Mode",
    record_file: Path | None = None,
    on_progress: "Callable[[Job, int], None]" = lambda _job, _count: None,
    project: Path | None = None,
) -> "list[Record]":
    """Records of the named stacks (all when none is named), or the one in ``record_file``.

    project: folder of another program than this repository's platform; it needs no stack file.
    Raises UsageError for an unknown stack, a wrong stack config or a file that is no record; ProgramError when a
    program fails.
    """
    if record_file is not None:
        return [_load(record_file, stacks)]
    from assurance.recorder.processes import Job, record_stacks  # the SDK: only where something is recorded

    root = project_root(project)
    if project is not None:
        names = list(dict.fromkeys(stacks)) or stack_names(root) or [FIRST_STACK]
        return record_stacks(root, [Job(name, mode) for name in names], on_progress)
    return record_stacks(root, [Job(name, mode) for name in chosen_stacks(stacks, root)], on_progress)


def chosen_stacks(stacks: Sequence[str], root: Path) -> list[str]:
    """The named stacks, each once; all of the project at ``root`` when none is named.

    Raises UsageError for one that has no stack file.
    """
    known = stack_names(root)
    if not known:
        raise UsageError("this project has no stack file: add a Pulumi.<stack>.yaml")
    names = list(dict.fromkeys(stacks)) or known
    unknown = [no_such_stack(name, known) for name in names if name not in known]
    if unknown:
        raise UsageError(*unknown)
    return names


def _load(path: Path, stacks: Sequence[str]) -> "Record":
    from assurance.record import Record  # which knows the rules' SDK: a scan needs none

    try:
        record = Record.load(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path}: not a record: {error}") from error
    if stacks and list(stacks) != [record.stack]:
        raise UsageError(f"{path}: is a record of {record.stack}, not of {', '.join(stacks)}")
    return record
