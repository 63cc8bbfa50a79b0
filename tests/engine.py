"""The engine's side of the analyzer protocol: what `pulumi preview --policy-pack` sends, and a pack's server."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import proxy

from assurance.record import SECRET, UNKNOWN, Record, Resource

UNKNOWNS = (
    proxy.UNKNOWN_STRING_VALUE,
    proxy.UNKNOWN_BOOLEAN_VALUE,
    proxy.UNKNOWN_NUMBER_VALUE,
    proxy.UNKNOWN_ARRAY_VALUE,
    proxy.UNKNOWN_OBJECT_VALUE,
)
"""How the engine writes what is not known yet: by the kind of value that it expects, of which a record says nothing."""
PLAIN = "the value that nobody may see"
NOT_ANSWERED = ("resourceUri", "scope", "vaultName")
"""Inputs that Azure leaves out of some answers."""
_START = """
import runpy, sys
sys.path.append({packages!r})
sys.argv = ["pulumi.policy", "127.0.0.1:1", {folder!r}]
runpy.run_module("pulumi.policy", run_name="__main__")
"""


@dataclass(frozen=True)
class Told:
    """One diagnostic: about which resource, at which level, in which words."""

    rule: str
    urn: str
    message: str
    level: str

    @property
    def violated(self) -> bool:
        """Whether it is a violation, and not what could not be judged."""
        return not self.message.startswith(("unchecked: ", "can't run policy"))


class Engine:
    """Talks to a pack's server."""

    def __init__(self, analyzer: Any) -> None:
        self.analyzer = analyzer

    def configure(self, config: Mapping[str, Any]) -> None:
        """Hand over `--policy-pack-config`, with each rule's level filled in, as the engine does."""
        request = analyzer_pb2.ConfigureAnalyzerRequest()
        for policy in self.info().policies:
            request.policyConfig[policy.name].enforcementLevel = policy.enforcementLevel
        for name, given in config.items():
            properties = dict(given)
            if level := properties.pop("enforcementLevel", None):
                request.policyConfig[name].enforcementLevel = analyzer_pb2.EnforcementLevel.Value(level.upper())
            json_format.ParseDict(properties, request.policyConfig[name].properties)
        self.analyzer.Configure(request)

    def info(self) -> Any:
        """What the pack says of itself."""
        return self.analyzer.GetAnalyzerInfo(empty_pb2.Empty())

    def judge(self, record: Record) -> list[Told]:
        """Every diagnostic on ``record``: each resource as it is registered, then the stack."""
        found: list[Any] = []
        managed = [each for each in record if not each.options.get("existing")]
        for resource in managed:
            request = analyzer_pb2.AnalyzeRequest(
                type=resource.registered,
                urn=resource.urn,
                name=resource.name,
                properties=_struct(resource.inputs),
                options=_options(resource),
                provider=_provider(resource),
            )
            found += self.analyzer.Analyze(request).diagnostics
        stack = analyzer_pb2.AnalyzeStackRequest(resources=[_answered(resource) for resource in managed])
        found += self.analyzer.AnalyzeStack(stack).diagnostics
        level = analyzer_pb2.EnforcementLevel.Name
        return [Told(d.policyName, d.urn, d.message.split("\n", 1)[-1], level(d.enforcementLevel)) for d in found]


@contextmanager
def pack_server(folder: Path, cwd: Path, **env: str) -> Iterator[Engine]:
    """A pack's own server in a process that has the installed packages and nothing of this checkout on its path."""
    start = _START.format(packages=sysconfig.get_path("purelib"), folder=str(folder))
    # -I and -S: neither the environment nor the editable installation of this checkout adds to the path.
    command = [sys.executable, "-I", "-S", "-u", "-c", start]
    environment = {"PWD": str(cwd), "PATH": "/usr/bin:/bin", **env}
    with subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port.isdigit(), f"the pack did not start: {port}"
            limit = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
            with grpc.insecure_channel(f"127.0.0.1:{port}", options=limit) as channel:
                yield Engine(analyzer_pb2_grpc.AnalyzerStub(channel))
        finally:
            process.terminate()


def _answered(resource: Resource) -> Any:
    """A resource as a stack policy sees it: Azure's answer, which leaves inputs out."""
    outputs = {key: value for key, value in resource.outputs.items() if key not in NOT_ANSWERED}
    return analyzer_pb2.AnalyzerResource(
        type=resource.registered,
        urn=resource.urn,
        name=resource.name,
        properties=_struct(outputs),
        options=_options(resource),
        provider=_provider(resource),
        parent=resource.parent,
        dependencies=resource.dependencies,
        propertyDependencies={
            name: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
            for name, urns in resource.propertyDependencies.items()
        },
    )


def _options(resource: Resource) -> Any:
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=bool(resource.options.get("protect")),
        ignoreChanges=resource.options.get("ignoreChanges") or [],
        parent=resource.parent,
    )


def _provider(resource: Resource) -> Any:
    if not resource.custom or resource.type.startswith("pulumi:providers:"):
        return None
    package = resource.registered.split(":")[0]
    stack = "::".join(resource.urn.split("::")[:2])
    token = f"pulumi:providers:{package}"
    return analyzer_pb2.AnalyzerProviderResource(type=token, urn=f"{stack}::{token}::default", name="default")


def _struct(value: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    json_format.ParseDict(_wire(value), struct)
    return struct


def _wire(value: Any, depth: int = 0) -> Any:
    if value == SECRET:
        return {rpc._special_sig_key: rpc._special_secret_sig, "value": PLAIN}
    if isinstance(value, dict):
        return {key: _wire(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_wire(item, depth + 1) for item in value]
    return UNKNOWNS[depth % len(UNKNOWNS)] if isinstance(value, str) and UNKNOWN in value else value
