"""Runs a Pulumi program in this process under the recording monitor and returns its record."""

import asyncio
import contextlib
import json
import runpy
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pulumi
from google.protobuf import json_format
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime import rpc
from pulumi.runtime import settings as runtime_settings
from pulumi.runtime.mocks import set_mocks
from pulumi.runtime.stack import massage, run_pulumi_func

from assurance.project import HOME, Project
from assurance.record import UNKNOWN, Mode, Record, problem
from assurance.recorder.aliases import without_version_aliases
from assurance.recorder.leftovers import contains_unknowns, untie
from assurance.recorder.monitor import PROGRAM, RecordingMonitor
from assurance.recorder.stack_reference import answer_with_marks
from assurance.recorder.traces import stack_trace
from assurance.recorder.wire import unwrap
from policies.projects import PLATFORM


def record_program(
    program: Callable[[], Any],
    *,
    stack: str,
    mode: Mode,
    root: Path,
    project: str = PLATFORM,
    main: str = PROGRAM,
    config: Mapping[str, str] | None = None,
    secret_keys: list[str] | None = None,
    origins: Callable[[Mapping[str, Any]], list[dict[str, Any]]] = lambda _inputs: [],
    on_resource: Callable[[], None] = lambda: None,
    lenient: bool = False,
) -> Record:
    """Run ``program`` as the Pulumi program of ``stack`` and return what it declared.

    project: its name, the prefix of its config keys. main: the file that runs it, where traces end.
    config: stack config by full key (``medspasync:platform``), objects as JSON text, as the engine hands them over.
    origins: names the data entries that the resource with these inputs, which is being made, comes from.
    lenient: outputs that no data answers for are marked unknown instead of being absent.
    Raises whatever the program raises, also inside ``apply``.
    """
    monitor = RecordingMonitor(
        mode=mode, root=root, origins=origins, on_resource=on_resource, program=main, lenient=lenient
    )
    started = time.perf_counter()
    type_aliases: dict[str, list[str]] = {}
    outputs: dict[str, Any] = {}
    made: list[pulumi.Resource] = []

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(_Inline())
        runtime_settings.set_root_resource(None)  # type: ignore[arg-type]  # a root of its own for every run
        set_mocks(monitor.mocks, project=project, stack=stack, preview=mode == "preview", monitor=monitor)
        pulumi.runtime.set_all_config(dict(config or {}), list(secret_keys or []))
        _watch_registrations(monitor, made, type_aliases)
        await run_pulumi_func(lambda: _run_and_settle(program))
        root_resource = runtime_settings.get_root_resource()
        outputs.update(await _resolve(getattr(root_resource, "outputs", {}), monitor))
        if root_resource is not None:
            made.append(root_resource)

    try:
        with (
            patch.object(rpc, "contains_unknowns", contains_unknowns),
            patch.object(sdk_resource, "_get_stack_trace", stack_trace),
        ):
            asyncio.run(run())
    finally:
        untie(made)
    record = Record(
        stack=stack,
        mode=mode,
        # The order of registration depends on which output is known first, so it differs between modes.
        resources=sorted(monitor.recorded, key=lambda resource: resource.urn),
        outputs=outputs,
        problems=sorted(monitor.problems, key=lambda p: (p["kind"], p["urn"], p["message"])),
        unknownTypes=sorted(monitor.unknown_types),
        typeAliases=dict(sorted(type_aliases.items())),
        seconds=round(time.perf_counter() - started, 3),
    )
    _find_leaks(record, monitor.secret_values)
    _find_same_ids(record)
    return record


def run_main(project: Project) -> Callable[[], None]:
    """The program of a project, as the language host runs it."""

    def program() -> None:
        runpy.run_path(str(project.main), run_name="__main__")

    return program


@contextlib.contextmanager
def project_on_path(project: Project) -> Iterator[None]:
    """Imports of the program come from its own folders, whatever else is on the path."""
    saved = list(sys.path)
    inside = project.root.resolve() != HOME and project.root.resolve().is_relative_to(HOME)
    own = [str(project.main.parent), str(project.root), *([str(HOME)] if inside else [])]
    sys.path[:] = [*dict.fromkeys(own), *(entry for entry in saved if entry not in (*own, str(HOME), ""))]
    try:
        yield
    finally:
        sys.path[:] = saved


class _Inline(ThreadPoolExecutor):
    """Answers registrations at once instead of in threads: nothing waits for a network here, and the order of a record
    is the same in every run."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run ``fn`` now and return its ended future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


async def _run_and_settle(program: Callable[[], Any]) -> None:
    """Run the program and let everything it started end, all at once.

    The SDK's own wait, which follows and raises what failed, looks at every open output again each time one ends:
    the square of the number of resources, were they still open.
    """
    program()
    while running := [task for task in asyncio.all_tasks() - {asyncio.current_task()} if not _serves(task)]:
        await asyncio.wait(running)


def _serves(task: "asyncio.Task[Any]") -> bool:
    """Whether it belongs to the server of callbacks that a transform or a hook starts: that ends with the program."""
    return getattr(task.get_coro(), "__qualname__", "").startswith("AioServer.")


def _watch_registrations(
    monitor: RecordingMonitor, made: list[pulumi.Resource], type_aliases: dict[str, list[str]]
) -> None:
    """See every registration's arguments before they are serialised, and drop meaningless aliases.

    made: gets every resource.

    Stack transformations are the SDK's public way to do both; without them recording still works, only slower and
    without the dropped-input check, so an SDK that has removed them is reported as a problem of the record.
    """
    register = getattr(pulumi.runtime, "register_stack_transformation", None)
    if register is None:
        monitor.problem("sdk", "", "this SDK has no stack transformations: dropped inputs are not looked for")
        return

    def watch(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        made.append(args.resource)
        monitor.expect(type(args.resource), args.props)
        if monitor.mode == "deployed":
            answer_with_marks(args.resource)
        slim, tokens = without_version_aliases(args.opts)
        if tokens:
            type_aliases.setdefault(args.type_, tokens)
        return None if slim is args.opts else pulumi.ResourceTransformationResult(args.props, slim)

    register(watch)


async def _resolve(outputs: Mapping[str, Any], monitor: RecordingMonitor) -> dict[str, Any]:
    """Stack outputs as plain data, secrets and unknowns masked; typed results and resources as the SDK sends them."""
    struct = await rpc.serialize_properties(massage(dict(outputs), []), {})
    wire = json_format.MessageToDict(struct)
    for name in sorted(set(outputs) - set(wire)):
        monitor.problem("dropped-output", "", f"stack output {name} has no value")
    plain, _ = unwrap(wire)
    return dict(sorted(plain.items()))


def _find_leaks(record: Record, secret_values: set[str]) -> None:
    """A secret value in plain text anywhere in the record is a leak, whatever its type says."""
    if not secret_values:
        return
    for resource in record.resources:
        text = json.dumps([resource.inputs, resource.outputs])
        if any(value in text for value in secret_values):
            message = f"{resource.name} holds a secret in plain text"
            record.problems.append(problem("secret-leak", resource.urn, message, resource.source))
    if any(value in json.dumps(record.outputs) for value in secret_values):
        record.problems.append(problem("secret-leak", "", "a stack output holds a secret in plain text"))


def _find_same_ids(record: Record) -> None:
    """Two resources with one ARM id fight over one thing in Azure; the engine does not notice."""
    seen: dict[str, str] = {}
    for resource in record.resources:
        if not resource.custom or resource.id in ("", UNKNOWN) or resource.type.startswith("random:"):
            continue
        first = seen.setdefault(f"{resource.id.lower()}", resource.name)
        if first != resource.name:
            message = f"{resource.name} and {first} are the same Azure resource {resource.id}"
            record.problems.append(problem("same-azure-resource", resource.urn, message, resource.source))
