"""What Azure would answer: outputs of a resource, without Azure.

deployed: ARM ids, host names and GUIDs, well formed and derived from names, so that they are the same in every run.
preview: the inputs come back and everything else is unknown, as at a first `pulumi preview`.

What a type's id and computed outputs look like is data: ``assurance/azure/resource_types.yaml``.
"""

from __future__ import annotations

import collections.abc
import copy
import hashlib
import importlib
import typing
import uuid
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pulumi import _types
from pulumi.runtime import rpc

from assurance.recorder.wire import exposed, secret

SUBSCRIPTION_ID = "00000000-0000-4000-8000-000000000001"
TENANT_ID = "00000000-0000-4000-8000-000000000002"
CALLER_OBJECT_ID = "00000000-0000-4000-8000-000000000003"
CALLER_CLIENT_ID = "00000000-0000-4000-8000-000000000004"

_NAMESPACE = uuid.UUID("6f0c1f1e-5a52-4c5e-9b7a-0d8f2c1b7a11")
_TYPES_FILE = Path(__file__).parent.parent / "azure" / "resource_types.yaml"


class UnknownResourceTypeError(Exception):
    """A type that resource_types.yaml does not describe: its id and outputs cannot be well formed."""


@cache
def resource_types() -> dict[str, dict[str, Any]]:
    """The rows of resource_types.yaml by type token."""
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times faster
    rows: dict[str, dict[str, Any]] = yaml.load(_TYPES_FILE.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    return rows


def guid(*parts: str) -> str:
    """A GUID derived from ``parts``: the same in every run."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts).lower()))


class _Values(dict[str, str]):
    """What an output template may name: name, id, rg, sub, tenant, input fields, guid_<salt>, hex_<salt>."""

    def __missing__(self, key: str) -> str:
        kind, _, salt = key.partition("_")
        if kind == "guid":
            return guid(self["id"], salt)
        if kind == "hex":
            return hashlib.sha256(f"{self['id'].lower()}/{salt}".encode()).hexdigest()[:16]
        raise KeyError(key)


def arm_id(token: str, logical_name: str, inputs: dict[str, Any]) -> str:
    """The ARM id that a resource with these inputs would get; UnknownResourceTypeError for a type without a row."""
    row = _row(token)
    names = [_name(part, logical_name, inputs) for part in row["names"]]
    namespace, *segments = row["arm"].split("/")
    pairs = "/".join(f"{segment}/{name}" for segment, name in zip(segments, names, strict=True))
    if row["arm"] == "Microsoft.Resources/resourceGroups":
        return f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{names[0]}"
    return f"{_scope(row, inputs)}/providers/{namespace}/{pairs}"


def _row(token: str) -> dict[str, Any]:
    try:
        return resource_types()[token]
    except KeyError:
        raise UnknownResourceTypeError(
            f"{token} has no row in assurance/azure/{_TYPES_FILE.name}: add its ARM type, the inputs that name it "
            "and the outputs that the program reads"
        ) from None


def _name(part: str, logical_name: str, inputs: dict[str, Any]) -> str:
    """One segment of the id: a literal (``=default``) or an input; Azure makes a name up where none is given."""
    if part.startswith("="):
        return part[1:]
    value = inputs.get(part)
    if isinstance(value, str) and value:
        return value
    return f"{logical_name}{hashlib.sha256(logical_name.encode()).hexdigest()[:8]}"


def _scope(row: dict[str, Any], inputs: dict[str, Any]) -> str:
    kind = row.get("scope", "resourceGroup")
    if kind == "subscription":
        return f"/subscriptions/{SUBSCRIPTION_ID}"
    if kind == "tenant":
        return ""
    if kind == "resourceGroup":
        return f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{inputs.get('resourceGroupName', 'unnamed')}"
    return str(inputs.get(kind, "")).rstrip("/")


def deployed(token: str, logical_name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """(id, outputs) after a deployment. Generated secrets come back as ``Output.secret`` does on the wire."""
    if token.startswith("random:"):
        return _random(token, logical_name, inputs)
    row = _row(token)
    plain = exposed(inputs)
    identifier = arm_id(token, logical_name, plain)
    values = _Values(
        {k: v for k, v in plain.items() if isinstance(v, str)}
        | {
            "id": identifier,
            "name": identifier.rsplit("/", 1)[-1],
            "rg": str(plain.get("resourceGroupName", "")),
            "sub": SUBSCRIPTION_ID,
            "tenant": TENANT_ID,
        }
    )
    outputs = _with_mappings(_types.resource_types(resource_class(token)), copy.deepcopy(inputs))
    outputs["name"] = values["name"]
    outputs["type"] = row["arm"]
    for path, template in row.get("outputs", {}).items():
        _set(outputs, path.split("."), _fill(template, values))
    return identifier, outputs


def _fill(template: Any, values: _Values) -> Any:
    if isinstance(template, str):
        return template.format_map(values)
    if isinstance(template, list):
        return [_fill(item, values) for item in template]
    if isinstance(template, dict):
        return {key: _fill(value, values) for key, value in template.items()}
    return template


def _set(target: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        if not isinstance(target.get(key), dict):
            target[key] = {}
        target = target[key]
    target[path[-1]] = value


def _random(token: str, logical_name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """pulumi-random: values of the asked length from the asked alphabet, derived from the name."""
    digest = hashlib.sha512(f"{token}/{logical_name}".encode()).hexdigest()
    if token == "random:index/randomUuid:RandomUuid":  # noqa: S105 - a type token
        value = guid(token, logical_name)
        return value, {**inputs, "result": value}
    length = int(inputs.get("length", 16))
    if token.endswith("RandomBytes"):
        value = digest[: 2 * length]  # 64 bytes at most, more than anybody needs here
        return "none", {**inputs, "hex": secret(value), "base64": secret(b64encode(bytes.fromhex(value)).decode())}
    value = (digest * (length // len(digest) + 1))[:length]
    if token.endswith("RandomPassword"):
        return "none", {**inputs, "result": secret(value)}
    return value, {**inputs, "result": value}


def previewed(token: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Outputs at a first preview: inputs as declared, every other declared output unknown, at every depth."""
    declared = _types.resource_types(resource_class(token))
    return _with_unknowns(declared, _with_mappings(declared, inputs))


def _with_mappings(declared: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Identities go in as a list of ids and come back as a mapping by id: lists where the SDK declares a mapping."""
    outputs = dict(values)
    for name, annotation in declared.items():
        value = outputs.get(name)
        plain = _types.unwrap_type(annotation)
        nested = _output_type(annotation)
        if isinstance(value, list) and typing.get_origin(plain) is collections.abc.Mapping:
            outputs[name] = rpc.UNKNOWN if rpc.UNKNOWN in value else {item: {} for item in value}
        elif nested is not None and isinstance(value, dict) and rpc._special_sig_key not in value:
            outputs[name] = _with_mappings(_types.output_type_types(nested), value)
    return outputs


def _with_unknowns(declared: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    outputs = dict(values)
    for name, annotation in declared.items():
        if name in ("id", "urn"):
            continue
        nested = _output_type(annotation)
        if name not in outputs:
            outputs[name] = rpc.UNKNOWN
        elif nested is not None and isinstance(outputs[name], dict) and rpc._special_sig_key not in outputs[name]:
            outputs[name] = _with_unknowns(_types.output_type_types(nested), outputs[name])
    return outputs


def _output_type(annotation: Any) -> type | None:
    plain = _types.unwrap_type(annotation)
    return plain if isinstance(plain, type) and _types.is_output_type(plain) else None


@cache
def resource_class(token: str) -> type:
    """The SDK class behind a type token; raises UnknownResourceTypeError for a package the platform does not use."""
    package, module, name = token.split(":")
    modules = {"azure-native": f"pulumi_azure_native.{module}", "random": "pulumi_random"}
    if package not in modules:
        raise UnknownResourceTypeError(f"{token}: only azure-native and random are simulated")
    cls: type = getattr(importlib.import_module(modules[package]), name)
    return cls


def invoked(token: str) -> dict[str, Any]:
    """What a provider function answers; only those that the program may call are known."""
    if token == "azure-native:authorization:getClientConfig":  # noqa: S105 - a type token
        return {
            "clientId": CALLER_CLIENT_ID,
            "objectId": CALLER_OBJECT_ID,
            "subscriptionId": SUBSCRIPTION_ID,
            "tenantId": TENANT_ID,
        }
    raise UnknownResourceTypeError(f"{token} is called by the program, but has no simulated answer")
