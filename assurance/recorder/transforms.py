"""Transforms: functions of the program's own that the engine calls on what is registered, before anything else."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import resource_pb2

_OPTIONS = {
    "protect": "protect",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "version": "version",
    "aliases": "aliases",
    "provider": "provider",
    "custom_timeouts": "customTimeouts",
    "plugin_download_url": "pluginDownloadURL",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "delete_before_replace": "deleteBeforeReplace",
    "additional_secret_outputs": "additionalSecretOutputs",
    "providers": "providers",
    "hooks": "hooks",
    "import": "importId",
    "hide_diff": "hideDiffs",
    "replace_with": "replace_with",
    "replacement_trigger": "replacement_trigger",
}
"""Options of a resource, as a transform sees them -> as a registration carries them."""
_GIVEN = {ours: theirs for theirs, ours in _OPTIONS.items()}


class Transforms:
    """Those of a program: of one resource and what is below it, and of the whole stack."""

    def __init__(self) -> None:
        self._everywhere: list[str] = []
        self._of: dict[str, tuple[str, list[str]]] = {}

    def add(self, callback: Any) -> None:
        """Call this one for every resource from now on."""
        self._everywhere.append(callback.token)

    def applied(self, request: Any, urn: str) -> Any:
        """The registration as the engine takes it: after its own transforms, those of its parents, and the stack's."""
        self._of[urn] = request.parent, [callback.token for callback in request.transforms]
        tokens = [*self._above(urn), *self._everywhere]
        if not tokens:
            return request
        changed = resource_pb2.RegisterResourceRequest()
        changed.CopyFrom(request)
        for token in tokens:
            _apply(token, changed)
        return changed

    def _above(self, urn: str) -> Iterator[str]:
        while urn in self._of:
            urn, tokens = self._of[urn]
            yield from tokens


def _apply(token: str, request: Any) -> None:
    asked = resource_pb2.TransformRequest(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        properties=request.object,
        options=_moved(request, resource_pb2.TransformResourceOptions(), _GIVEN),
    )
    answer = _called(token, asked)
    request.object.CopyFrom(answer.properties)
    if answer.HasField("options"):
        for name in _OPTIONS.values():
            request.ClearField(name)
        _moved(answer.options, request, _OPTIONS)


def _moved(source: Any, target: Any, names: dict[str, str]) -> Any:
    """Every field of ``source`` that is set, in ``target``."""
    for field, value in source.ListFields():
        name = names.get(field.name)
        if name is None:
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(target, name).update(value)
        elif hasattr(value, "extend"):
            getattr(target, name).extend(value)
        elif field.message_type is not None:
            getattr(target, name).CopyFrom(value)
        else:
            setattr(target, name, value)
    return target


def _called(token: str, asked: Any) -> Any:
    """The answer of a transform. It is a coroutine, and the program's own loop waits for this registration: so it runs
    in a loop of its own."""
    callback = next(each._callbacks[token] for each in _CallbackServicer._servicers if token in each._callbacks)

    async def answered() -> Any:
        return await callback(asked.SerializeToString())

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(copy_context().run, lambda: asyncio.run(answered())).result()
