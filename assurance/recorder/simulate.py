"""What Azure would answer: outputs of a resource, without Azure.

deployed: ARM ids, host names and GUIDs, well formed and derived from names, so that they are the same in every run.
preview: the inputs come back and everything else is unknown, as at a first `pulumi preview`.

What a type's id and computed outputs look like is data: ``facts/types.yaml``. No type is refused:
one without a row gets an id from what it stands in, and its computed texts carry the record's mark for an unknown.
"""

import copy
import hashlib
import importlib
import uuid
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from typing import Any

from assurance.record import UNKNOWN
from assurance.recorder.shapes import with_mappings, with_marks, with_unknowns
from assurance.recorder.wire import exposed, secret
from facts.tokens import GENERIC, generic_arm_type, type_key
from facts.types import ResourceType, counted_type, resource_types, type_row

SUBSCRIPTION_ID = "00000000-0000-4000-8000-000000000001"
TENANT_ID = "00000000-0000-4000-8000-000000000002"
CALLER_OBJECT_ID = "00000000-0000-4000-8000-000000000003"
CALLER_CLIENT_ID = "00000000-0000-4000-8000-000000000004"

RESOURCE_GROUP = "resourceGroup"
_NAMESPACE = uuid.UUID("6f0c1f1e-5a52-4c5e-9b7a-0d8f2c1b7a11")


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
        return UNKNOWN  # an input that this resource leaves to the provider


def is_known(type_: str) -> bool:
    """Whether there is data to answer for a type."""
    return type_ in resource_types() or type_.startswith("pulumi:")


def arm_id(type_: str, logical_name: str, inputs: dict[str, Any], parent_id: str = "") -> str:
    """The ARM id that a resource with these inputs would get; for a type without a row one inside what it stands in.

    parent_id: the id of the resource that is its parent in the program, if any.
    """
    row = type_row(type_)
    arm = generic_arm_type(inputs)
    if arm:
        path = "/".join(part for part in (inputs.get("parentResourcePath") or "").split("/") if part)
        name = _name("resourceName", logical_name, inputs)
        parts = (inputs["resourceProviderNamespace"], path, inputs["resourceType"], name)
        return f"{_scope('resourceGroup', inputs)}/providers/{'/'.join(part for part in parts if part)}"
    if row is None or not isinstance(row.arm, str):
        return _made_up_id(type_, logical_name, inputs, parent_id)
    names = [_name(part, logical_name, inputs) for part in row.names]
    namespace, *segments = row.arm.split("/")
    pairs = "/".join(f"{segment}/{name}" for segment, name in zip(segments, names, strict=True))
    if row.arm == "Microsoft.Resources/resourceGroups":
        return f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{names[0]}"
    return f"{_scope(row.scope, inputs)}/providers/{namespace}/{pairs}"


def _made_up_id(type_: str, logical_name: str, inputs: dict[str, Any], parent_id: str) -> str:
    package, _, rest = type_.partition(":")
    if package != "azure-native":
        return guid(type_, logical_name)
    module, _, kind = rest.partition(":")
    own = f"{kind[:1].lower()}{kind[1:]}Name"
    given = [own, "name", *(key for key in inputs if key.endswith("Name") and key != "resourceGroupName")]
    name = _name(next((key for key in given if inputs.get(key)), own), logical_name, inputs)
    inside = parent_id or _scope(RESOURCE_GROUP if "resourceGroupName" in inputs else "subscription", inputs)
    return f"{inside}/providers/unknown.{module}/{kind}/{name}"


def _name(part: str, logical_name: str, inputs: dict[str, Any]) -> str:
    """One segment of the id: a literal (``=default``), an input or two (``recordType/name``); Azure makes a name up
    where none is given."""
    if "/" in part:
        return "/".join(_name(each, logical_name, inputs) for each in part.split("/"))
    if part.startswith("="):
        return part[1:]
    value = inputs.get(part)
    if isinstance(value, str) and value:
        return value
    return f"{logical_name}{hashlib.sha256(logical_name.encode()).hexdigest()[:8]}"


def _scope(kind: str, inputs: dict[str, Any]) -> str:
    if kind == "subscription":
        return f"/subscriptions/{SUBSCRIPTION_ID}"
    if kind == "tenant":
        return ""
    if kind == RESOURCE_GROUP:
        return f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/{inputs.get('resourceGroupName', 'unnamed')}"
    return str(inputs.get(kind, "")).rstrip("/")


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What a program registered. cls: the SDK's class, where it is known.

    parent_id: id of the parent, if it has one. location: what the provider fills in where the program names none.
    lenient: texts that no data answers for are marked unknown, instead of being absent, for known types too.
    """

    token: str
    name: str
    inputs: dict[str, Any]
    cls: type | None = None
    parent_id: str = ""
    location: str | None = None
    lenient: bool = False


def deployed(made: Registration) -> tuple[str, dict[str, Any]]:
    """(id, outputs) after a deployment. Generated secrets come back as ``Output.secret`` does on the wire."""
    if made.token.startswith("random:"):
        return _random(made.token, made.name, made.inputs)
    plain = exposed(made.inputs)
    type_ = counted_type(made.token, plain)
    row = type_row(type_) or ResourceType()
    identifier = arm_id(type_, made.name, plain, made.parent_id)
    cls = made.cls or resource_class(made.token)
    outputs = copy.deepcopy(made.inputs)
    if cls is not None:
        outputs = with_mappings(cls, outputs)
    if made.location and type_.startswith("azure-native:"):
        outputs.setdefault("location", made.location)
    if type_key(made.token) != GENERIC:
        values = _Values(
            {k: v for k, v in {**outputs, **plain}.items() if isinstance(v, str)} | _well_known(identifier)
        )
        for path, template in row.outputs.items() if isinstance(row.outputs, dict) else ():
            _set(outputs, path.split("."), _fill(template, values))
    if type_.startswith(("azure-native:", "Microsoft.")):
        outputs["name"] = identifier.rsplit("/", 1)[-1]
        outputs["type"] = row.arm or generic_arm_type(plain) or UNKNOWN
    if cls is not None and (made.lenient or row.arm is None):
        outputs = with_marks(cls, outputs)
    return identifier, outputs


def _well_known(identifier: str) -> dict[str, str]:
    parts = identifier.split("/")
    group = parts[4] if len(parts) > 4 and parts[3] == "resourceGroups" else ""
    named = {"id": identifier, "name": parts[-1], "rg": group}
    return named | {"sub": SUBSCRIPTION_ID, "tenant": TENANT_ID}


def existing(token: str, identifier: str, cls: type | None) -> dict[str, Any]:
    """Inputs of a resource that is read, not made: its names stand in its id, everything else is unknown."""
    row = type_row(type_key(token)) or ResourceType()
    known = dict(zip(row.names, identifier.split("/providers/")[-1].split("/")[2::2], strict=False))
    inputs = {name: value for name, value in known.items() if not name.startswith("=")}
    if group := _well_known(identifier)["rg"]:
        inputs["resourceGroupName"] = group
    return with_unknowns(cls, inputs) if cls is not None else inputs


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


def previewed(made: Registration) -> dict[str, Any]:
    """Outputs at a first preview: inputs as declared, every other declared output unknown, at every depth."""
    cls = made.cls or resource_class(made.token)
    return with_unknowns(cls, with_mappings(cls, made.inputs)) if cls is not None else dict(made.inputs)


@cache
def resource_class(token: str) -> type | None:
    """The SDK class behind an azure-native or random type token; None for another provider's."""
    package, module, name = type_key(token).split(":")
    modules = {"azure-native": f"pulumi_azure_native.{module}", "random": "pulumi_random"}
    return _sdk_class(modules[package], name) if package in modules else None


def _sdk_class(module: str, name: str) -> type | None:
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


def invoked(token: str) -> dict[str, Any] | None:
    """What a provider function answers; None for one that nothing is known of."""
    if token == "azure-native:authorization:getClientConfig":  # noqa: S105 - a type token
        return {
            "clientId": CALLER_CLIENT_ID,
            "objectId": CALLER_OBJECT_ID,
            "subscriptionId": SUBSCRIPTION_ID,
            "tenantId": TENANT_ID,
        }
    return None


def made_up_answer(token: str) -> dict[str, Any]:
    """The texts that an unknown function would answer, all marked unknown; empty where the SDK does not say them."""
    package, module, name = type_key(token).split(":")
    if package != "azure-native":
        return {}
    result = _sdk_class(f"pulumi_azure_native.{module}", f"{name[:1].upper()}{name[1:]}Result")
    return with_marks(result, {}) if result is not None else {}
