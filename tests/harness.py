"""Records for tests: how a piece of a program, or a whole project, is run, and how a recording is made only once."""

from __future__ import annotations

import fcntl
import json
import os
import pickle
import tempfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import yaml

from assurance.project import read_project
from assurance.record import Mode, Record, Resource
from assurance.recorder.program import record_program
from assurance.recorder.stack import record_stack
from assurance.stacks import stack_names
from documents.yaml_text import load_yaml
from stacks.recording import follow_entries
from tests import RUN_FOLDER

ROOT = Path(__file__).parents[1]
MODES: tuple[Mode, Mode] = ("preview", "deployed")
STACKS = stack_names(ROOT)
BOOTSTRAP, BOOTSTRAP_STACK = ROOT / "bootstrap", "shared"

T = TypeVar("T")


def record(build: Callable[[], Any], mode: Mode = "deployed") -> Record:
    """What ``build`` declares, and from which entries; fails on anything that a mock would hide (dropped inputs,
    duplicates, leaks)."""
    with follow_entries(ROOT) as entries:
        result = record_program(build, stack="test", mode=mode, root=ROOT, origins=entries.origins)
    result.notMade = entries.not_made()
    assert result.problems == []
    return result


def only(result: Record, type_: str) -> Resource:
    """The one resource of ``type_`` (``keyvault:Vault``); fails when there are none or several."""
    found = result.of_type(type_)
    assert len(found) == 1, f"{len(found)} resources of {type_}"
    return found[0]


def entry_of(resource: Resource) -> tuple[str, str]:
    """File and key of the entry that a resource was made from; fails when it names none."""
    assert resource.origin is not None, f"{resource.name} names no entry"
    return resource.origin["file"], resource.origin["key"]


def named(result: Record, name: str, type_: str) -> Resource:
    """The resource of this name and type."""
    (found,) = [resource for resource in result.of_type(type_) if resource.name == name]
    return found


def once(make: Callable[[], T], *key: object) -> T:
    """What ``make`` returns, made once a run by the first process that needs it; a copy, which a test may alter.

    key: all that the result depends on, beside the code. ``make`` must not depend on what one test patches.
    """
    name = sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
    if name not in _kept:
        _kept[name] = _shared(name, make)
    copy: T = pickle.loads(_kept[name])
    return copy


_kept: dict[str, bytes] = {}


def _shared(name: str, make: Callable[[], Any]) -> bytes:
    folder = os.environ.get(RUN_FOLDER)
    if folder is None:
        return pickle.dumps(make())
    file = Path(folder, name)
    with Path(folder, f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            file.write_bytes(pickle.dumps(make()))
    return file.read_bytes()


def stack_record(stack: str, mode: Mode = "deployed") -> Record:
    """The record of one of the project's stacks."""
    return once(lambda: record_stack(read_project(ROOT), stack, mode), "stack", stack, mode)


@cache
def shared_record(stack: str, mode: Mode = "deployed") -> Record:
    """As `stack_record`, one for all tests of a process: to be read, never to be altered."""
    return stack_record(stack, mode)


def bootstrap_config() -> dict[str, Any]:
    """The config of the bootstrap's own stack, by section, to be changed by a test."""
    config = load_yaml((BOOTSTRAP / f"Pulumi.{BOOTSTRAP_STACK}.yaml").read_text(encoding="utf-8"))["config"]
    return {key.partition(":")[2]: value for key, value in config.items()}


def bootstrap_record(mode: Mode = "deployed", config: dict[str, Any] | None = None) -> Record:
    """The record of the bootstrap; with ``config`` in place of its stack's own sections."""

    def make() -> Record:
        if config is None:
            return record_stack(read_project(BOOTSTRAP), BOOTSTRAP_STACK, mode)
        with tempfile.TemporaryDirectory() as folder:
            return record_stack(read_project(bootstrap_project(Path(folder), config)), BOOTSTRAP_STACK, mode)

    return once(make, "bootstrap", mode, config)


def bootstrap_project(folder: Path, config: dict[str, Any]) -> Path:
    """A project in ``folder`` with the bootstrap's program and a stack file of these sections."""
    for name in ("__main__.py", "Pulumi.yaml"):
        (folder / name).symlink_to(BOOTSTRAP / name)
    content = {"config": {f"medspasync-bootstrap:{key}": value for key, value in config.items()}}
    (folder / f"Pulumi.{BOOTSTRAP_STACK}.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder


def project_record(config: dict[str, Any], mode: Mode = "deployed", stack: str = "prod") -> Record:
    """The record of this project with ``config`` in place of a stack's own."""
    from tests.projects import project

    def make() -> Record:
        with tempfile.TemporaryDirectory() as folder:
            return record_stack(read_project(project(Path(folder), **{stack: config})), stack, mode)

    return once(make, "project", config, mode, stack)
