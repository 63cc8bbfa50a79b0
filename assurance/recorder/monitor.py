"""A resource monitor that keeps what every registration carried."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import mocks, rpc
from pulumi.runtime.config import get_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_project, get_stack

from assurance.record import UNKNOWN, Mode, Resource, first_origin, problem
from assurance.recorder import simulate
from assurance.recorder.aliases import alias_urns
from assurance.recorder.api_version import api_version
from assurance.recorder.dropped import dropped_inputs
from assurance.recorder.options import plain_options
from assurance.recorder.shapes import with_marks
from assurance.recorder.stack_reference import STACK_REFERENCE, referenced
from assurance.recorder.transforms import Transforms
from assurance.recorder.wire import exposed, secret, secret_texts, unwrap
from facts.types import counted_type

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDERS = "pulumi:providers:"
RESOURCE_GROUP = "azure-native:resources:ResourceGroup"
PROGRAM = "__main__.py"
_given: ContextVar[tuple[type | None, Any]] = ContextVar("assurance_given", default=(None, None))


class RecordingMonitor(mocks.MockMonitor):
    """Answers registrations from the simulation and keeps each in ``recorded``.

    It is called from one thread (see `assurance.recorder.program`), so nothing is locked.
    """

    def __init__(
        self,
        *,
        mode: Mode,
        root: Path,
        origins: Callable[[Mapping[str, Any]], list[dict[str, Any]]] = lambda _inputs: [],
        on_resource: Callable[[], None] = lambda: None,
        program: str = PROGRAM,
        lenient: bool = False,
    ) -> None:
        super().__init__(_NoMocks())
        self.mode = mode
        self.recorded: list[Resource] = []
        self.problems: list[dict[str, Any]] = []
        self.secret_values: set[str] = set()
        self.unknown_types: set[str] = set()
        self._root = root
        self._origins = origins
        self._on_resource = on_resource
        self._program = program
        self._lenient = lenient
        self._locations: dict[str, str] = {}
        self._by_urn: dict[str, Resource] = {}
        self._own_files: dict[str, str | None] = {}
        self._transforms = Transforms()

    def expect(self, cls: type, props: Any) -> None:
        """Remember the class and the arguments of the resource that the program is about to register.

        The SDK runs a registration in a copy of the context it was made in, so that each finds its own.
        """
        _given.set((cls, props))

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
        given_wire: dict[str, Any] = json_format.MessageToDict(request.object)
        asked, request = request, self._transforms.applied(request, urn)
        wire = given_wire if request is asked else json_format.MessageToDict(request.object)
        cls, given = _given.get()
        made = simulate.Registration(
            token=request.type,
            name=request.name,
            inputs=wire,
            cls=cls,
            parent_id=self._parent_id(request.parent),
            location=self._location(exposed(wire)),
            lenient=self._lenient,
        )
        identifier, answer = self._answer(request, made)
        resource = self._resource(request, urn, wire, answer)
        resource.id = identifier if identifier or not request.custom else UNKNOWN
        self._keep(resource, wire)
        for path in dropped_inputs(given, exposed(given_wire)):
            self.problem(
                "dropped-input",
                urn,
                f"{path} of {request.name} comes from an output that has no value, so the SDK drops it",
                resource.source,
            )
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identifier, object=_struct(answer))

    def RegisterStackTransform(self, request: Any) -> empty_pb2.Empty:  # noqa: N802 - the RPC's name
        """Take a transform of every resource that is registered from now on."""
        self._transforms.add(request)
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> resource_pb2.ReadResourceResponse:  # noqa: N802 - the RPC's name
        """Record a resource that the program looks up: its id is known, what Azure holds of it is not."""
        urn = self.make_urn(request.parent, request.type, request.name)
        cls, _ = _given.get()
        is_reference = request.type == STACK_REFERENCE
        wire = referenced(request.id) if is_reference else simulate.existing(request.type, request.id, cls)
        resource = self._resource(request, urn, wire, wire)
        resource.id = UNKNOWN if request.id in ("", rpc.UNKNOWN) else request.id
        resource.custom = True
        resource.options["existing"] = True
        self._keep(resource, wire)
        answer = wire
        if self.mode == "deployed" and cls is not None:
            answer = with_marks(cls, {key: value for key, value in wire.items() if value != rpc.UNKNOWN})
        return resource_pb2.ReadResourceResponse(urn=urn, properties=_struct(answer))

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:  # noqa: N802 - the RPC's name
        """Keep a component's declared outputs."""
        resource = self._by_urn.get(request.urn)
        if resource is not None:
            resource.outputs, _ = unwrap(json_format.MessageToDict(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - the RPC's name
        """Answer a provider function from the simulation; the answer of an unknown one is marked, and it is named."""
        answer = simulate.invoked(request.tok)
        if answer is None:
            self.unknown_types.add(request.tok)
            answer = simulate.made_up_answer(request.tok)
        return resource_pb2.ResourceInvokeResponse(**{"return": _struct(answer)})

    def problem(self, kind: str, urn: str, message: str, source: dict[str, Any] | None = None) -> None:
        """Note what a real engine or Azure would refuse, or what a mock would hide."""
        self.problems.append(problem(kind, urn, message, source))

    def _answer(self, request: Any, made: simulate.Registration) -> tuple[str, dict[str, Any]]:
        """(id, outputs); the outputs keep the secret marks of the inputs."""
        if not request.custom:
            return "", made.inputs
        if request.type.startswith(PROVIDERS):
            return simulate.guid(request.type, request.name), made.inputs
        if self.mode == "preview":
            return "", simulate.previewed(made)
        identifier, outputs = simulate.deployed(made)
        for name in request.additionalSecretOutputs:
            if name in outputs:
                outputs[name] = secret(outputs[name])
        return identifier, outputs

    def _resource(self, request: Any, urn: str, wire: dict[str, Any], answer: dict[str, Any]) -> Resource:
        """What the record says of a registration or a look-up, but for its id."""
        inputs, secrets = unwrap(wire)
        outputs, _ = unwrap(answer)
        custom = bool(getattr(request, "custom", True))
        type_ = counted_type(request.type, inputs) if custom else request.type
        if custom and not simulate.is_known(type_):
            self.unknown_types.add(type_)
        trace, origins = self._trace(request), self._origins(inputs)
        own = request.parent.endswith(f"::{STACK_TYPE}::{get_project()}-{get_stack()}")
        return Resource(
            urn=urn,
            id=UNKNOWN,
            type=type_,
            token=request.type if request.type != type_ else None,
            custom=custom,
            apiVersion=api_version(request.type, inputs, _given.get()[0] or simulate.resource_class(request.type))
            if custom
            else None,
            name=request.name,
            parent="" if own else request.parent,
            inputs=inputs,
            outputs=outputs,
            secrets=secrets,
            options=self._options(request),
            dependencies=sorted(request.dependencies),
            propertyDependencies={
                key: sorted(value.urns)
                for key, value in sorted(getattr(request, "propertyDependencies", {}).items())
                if value.urns
            },
            trace=trace,
            source=trace[0] if trace else None,
            origins=origins,
            origin=first_origin(origins),
        )

    def _parent_id(self, parent: str) -> str:
        """The id of the nearest parent that has one."""
        resource = self._by_urn.get(parent)
        while resource is not None and not resource.custom:
            resource = self._by_urn.get(resource.parent)
        return resource.id if resource is not None and resource.id.startswith("/") else ""

    def _location(self, inputs: dict[str, Any]) -> str | None:
        """The location that azure-native fills in: of the resource group, else of the provider's config."""
        return self._locations.get(str(inputs.get("resourceGroupName"))) or get_config("azure-native:location")

    def _keep(self, resource: Resource, wire: dict[str, Any]) -> None:
        if resource.urn in self._by_urn:
            self.problem(
                "duplicate-name",
                resource.urn,
                f"two resources of type {resource.type} are named {resource.name}: the engine refuses the second",
                resource.source,
            )
        self._by_urn[resource.urn] = resource
        if resource.type == RESOURCE_GROUP and resource.inputs.get("location"):
            self._locations[resource.id.rsplit("/", 1)[-1]] = resource.inputs["location"]
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
            if file == self._program:
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

    def _options(self, request: Any) -> dict[str, Any]:
        """The options that are set; aliases as URNs."""
        options = plain_options(request, _given.get()[0])
        parent = self._by_urn.get(request.parent)
        inherited = parent.options.get("aliases", ()) if parent else ()
        if aliases := alias_urns(request, self.make_urn, parent.name if parent else "", inherited):
            options["aliases"] = aliases
        return options


def _struct(answer: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(answer, struct_pb2.Struct())


class _NoMocks(mocks.Mocks):
    """The monitor answers itself; nothing is left to a mock."""

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:  # type: ignore[override]  # a dict alone is fine too
        return simulate.invoked(args.token) or {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return simulate.deployed(simulate.Registration(token=args.typ, name=args.name, inputs=args.inputs))
