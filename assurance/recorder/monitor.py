"""A resource monitor that keeps what every registration carried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_project, get_stack

from assurance.record import UNKNOWN, Mode, Resource, first_origin, problem
from assurance.recorder import simulate
from assurance.recorder.dropped import dropped_inputs
from assurance.recorder.wire import exposed, secret, secret_texts, unwrap

STACK_TYPE = "pulumi:pulumi:Stack"
PROGRAM = "__main__.py"
_OPTIONS = {
    "protect": "protect",
    "retainOnDelete": "retainOnDelete",
    "deleteBeforeReplace": "deleteBeforeReplace",
    "ignoreChanges": "ignoreChanges",
    "replaceOnChanges": "replaceOnChanges",
    "additionalSecretOutputs": "additionalSecretOutputs",
    "deletedWith": "deletedWith",
    "importId": "importId",
    "provider": "provider",
}


_given: ContextVar[Any] = ContextVar("medspasync_given", default=None)


class RecordingMonitor(mocks.MockMonitor):
    """Answers registrations from the simulation and keeps each in ``recorded``.

    It is called from one thread (see `assurance.recorder.program`), so nothing is locked.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        root: Path,
        origins: Callable[[Mapping[str, Any]], list[dict[str, Any]]],
        on_resource: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(_NoMocks())
        self.mode = mode
        self.recorded: list[Resource] = []
        self.problems: list[dict[str, Any]] = []
        self.secret_values: set[str] = set()
        self._root = root
        self._origins = origins
        self._on_resource = on_resource
        self._by_urn: dict[str, Resource] = {}
        self._own_files: dict[str, str | None] = {}

    def expect(self, props: Any) -> None:
        """Remember what the program passes to the resource it is about to register.

        The SDK runs a registration in a copy of the context it was made in, so that each finds its own.
        """
        _given.set(props)

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN as the engine builds it: every parent's type, without the stack's."""
        qualified = parent.split("::")[2] if parent else ""
        prefix = "" if qualified in ("", STACK_TYPE) else f"{qualified}$"
        return f"urn:pulumi:{get_stack()}::{get_project()}::{prefix}{type_}::{name}"

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:  # noqa: N802 - the RPC's name
        """Record one registration and answer it."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        wire: dict[str, Any] = json_format.MessageToDict(request.object)
        inputs, secrets = unwrap(wire)
        identifier, answer = self._answer(request, wire)
        outputs, _ = unwrap(answer)
        resource = Resource(
            urn=urn,
            id=identifier if identifier or not request.custom else UNKNOWN,
            type=request.type,
            name=request.name,
            parent="" if request.parent.endswith(f"::{STACK_TYPE}::{get_project()}-{get_stack()}") else request.parent,
            inputs=inputs,
            outputs=outputs,
            secrets=secrets,
            options=_options(request),
            dependencies=sorted(request.dependencies),
            propertyDependencies={
                key: sorted(value.urns) for key, value in sorted(request.propertyDependencies.items()) if value.urns
            },
            trace=self._trace(request),
            origins=self._origins(inputs),
        )
        resource.source = resource.trace[0] if resource.trace else None
        resource.origin = first_origin(resource.origins)
        self._keep(resource, wire)
        for path in dropped_inputs(_given.get(), exposed(wire)):
            self.problem(
                "dropped-input",
                urn,
                f"{path} of {request.name} comes from an output that has no value, so the SDK drops it",
                resource.source,
            )
        struct = struct_pb2.Struct()
        json_format.ParseDict(answer, struct)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identifier, object=struct)

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:  # noqa: N802 - the RPC's name
        """Keep a component's declared outputs."""
        resource = self._by_urn.get(request.urn)
        if resource is not None:
            resource.outputs, _ = unwrap(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - the RPC's name
        """Answer a provider function from the simulation."""
        struct = struct_pb2.Struct()
        json_format.ParseDict(simulate.invoked(request.tok), struct)
        return resource_pb2.ResourceInvokeResponse(**{"return": struct})

    def problem(self, kind: str, urn: str, message: str, source: dict[str, Any] | None = None) -> None:
        """Note what a real engine or Azure would refuse, or what a mock would hide."""
        self.problems.append(problem(kind, urn, message, source))

    def _answer(self, request: Any, wire: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """(id, outputs); the outputs keep the secret marks of the inputs."""
        if not request.custom:
            return "", wire
        if self.mode == "preview":
            return "", simulate.previewed(request.type, wire)
        identifier, outputs = simulate.deployed(request.type, request.name, wire)
        for name in request.additionalSecretOutputs:
            if name in outputs:
                outputs[name] = secret(outputs[name])
        return identifier, outputs

    def _keep(self, resource: Resource, wire: dict[str, Any]) -> None:
        if resource.urn in self._by_urn:
            self.problem(
                "duplicate-name",
                resource.urn,
                f"two resources of type {resource.type} are named {resource.name}: the engine refuses the second",
                resource.source,
            )
        self._by_urn[resource.urn] = resource
        self.recorded.append(resource)
        self.secret_values.update(secret_texts(wire))
        self._on_resource()

    def _trace(self, request: Any) -> list[dict[str, Any]]:
        """The project's own frames, innermost first, up to the program's; the recorder's own are left out."""
        trace = []
        for frame in request.stackTrace.frames:
            file = self._own_file(frame.pc.uri)
            if file is not None:
                trace.append({"file": file, "line": frame.pc.line})
            if file == PROGRAM:
                break
        return trace

    def _own_file(self, uri: str) -> str | None:
        """Path of a project's file relative to the project; None for any other."""
        if uri not in self._own_files:
            path = Path(unquote(urlparse(uri).path))
            relative = path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else None
            foreign = relative is None or relative.startswith((".venv/", "assurance/"))
            self._own_files[uri] = None if foreign else relative
        return self._own_files[uri]


class _NoMocks(mocks.Mocks):
    """The monitor answers itself; nothing is left to a mock."""

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return simulate.invoked(args.token), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return simulate.deployed(args.typ, args.name, args.inputs)


def _options(request: Any) -> dict[str, Any]:
    """The options that are set, by their wire names."""
    options: dict[str, Any] = {}
    for name, attribute in _OPTIONS.items():
        value = getattr(request, attribute)
        if value:
            options[name] = value if isinstance(value, (bool, str)) else list(value)
    if request.HasField("customTimeouts"):
        options["customTimeouts"] = json_format.MessageToDict(request.customTimeouts)
    return {"protect": False, **options}
