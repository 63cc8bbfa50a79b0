# ruff: noqa: ARG002 - the protocol gives every call a context
"""A provider on loopback for the real engine: it knows every package, and answers from the simulation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from assurance.recorder import simulate

_UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class LoopbackProvider(provider_pb2_grpc.ResourceProviderServicer):
    """What a preview asks of a provider; nothing is created, and nothing leaves this machine."""

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=True)

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": "loopback", "version": "1.0.0"}))

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        accepted = {"acceptSecrets": True, "acceptResources": True, "acceptOutputs": True}
        return provider_pb2.ConfigureResponse(supportsPreview=True, **accepted)

    def Check(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Create(self, request: Any, context: Any) -> Any:
        assert request.preview, "this provider makes nothing"
        *_, types, name = request.urn.split("::")
        given = json_format.MessageToDict(request.properties)
        made = simulate.Registration(token=types.split("$")[-1], name=name, inputs=given)
        return provider_pb2.CreateResponse(properties=_struct(simulate.previewed(made)))

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        return provider_pb2.InvokeResponse(**{"return": _struct(simulate.invoked(request.tok) or {})})


def _struct(values: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    json_format.ParseDict(values, struct)
    return struct


@contextmanager
def loopback_provider(packages: Sequence[str]) -> Iterator[str]:
    """Serve these packages; the value of PULUMI_DEBUG_PROVIDERS, by which the engine finds them without a plugin."""
    server = grpc.server(ThreadPoolExecutor(8), options=_UNLIMITED)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(LoopbackProvider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield ",".join(f"{package}:{port}" for package in packages)
    finally:
        server.stop(grace=None).wait()
