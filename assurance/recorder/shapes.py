"""What an SDK class declares of its outputs, and values for those that nobody has given."""

import collections.abc
import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import pulumi
from pulumi import _types
from pulumi.runtime import rpc

from assurance.record import UNKNOWN

Kind = Literal["text", "object", "objects", "mapping", "other"]
_SEQUENCES = (list, collections.abc.Sequence)
_MAPPINGS = (dict, collections.abc.Mapping)
_OWN = ("id", "urn")

DEEPEST = 3
"""Objects in objects that are made up for an unknown type: a subnet of a network names its gateway, and so on."""


@dataclass(frozen=True)
class Field:
    """One declared output. nested: the class of an object, or of the entries of a list or mapping of objects."""

    kind: Kind
    nested: type | None = None


@cache
def fields_of(cls: type) -> dict[str, Field]:
    """The outputs that a resource class, or a typed result, declares, by wire name."""
    declared: dict[str, Any] = {}
    if issubclass(cls, pulumi.Resource):
        declared = {name: type_ for name, type_ in _types.resource_types(cls).items() if name not in _OWN}
    elif _types.is_output_type(cls):
        declared = _types.output_type_types(cls)
    return {name: _field(annotation) for name, annotation in declared.items()}


def with_mappings(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    """Identities go in as a list of ids and come back as a mapping by id: lists where the SDK declares a mapping."""
    outputs = dict(values)
    for name, field in fields_of(cls).items():
        value = outputs.get(name)
        if field.kind == "mapping" and isinstance(value, list):
            outputs[name] = rpc.UNKNOWN if rpc.UNKNOWN in value else {item: {} for item in value}
        elif field.kind == "object" and field.nested is not None and isinstance(value, dict) and _is_plain(value):
            outputs[name] = with_mappings(field.nested, value)
    return outputs


def with_unknowns(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` and, at every depth, every other declared output as the engine's mark for an unknown."""
    return _complete(cls, values, lambda _field, _above: rpc.UNKNOWN)


def with_marks(cls: type, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` and every other declared text as the record's mark for an unknown, in objects and lists of one.

    For a deployed record of a type that nothing is known of: the mark travels on into what is made from it, and is
    read as unknown there. A number or a truth value has no mark and stays out.
    """
    return _complete(cls, values, _mark)


_Missing = Callable[[Field, tuple[type, ...]], Any]
"""The value of a field that nobody has given, inside objects of these classes."""


def _complete(cls: type, values: dict[str, Any], missing: _Missing, above: tuple[type, ...] = ()) -> dict[str, Any]:
    outputs = dict(values)
    for name, field in fields_of(cls).items():
        if outputs.get(name) is not None:
            outputs[name] = _inside(field, outputs[name], missing, (*above, cls))
        elif (value := missing(field, (*above, cls))) is not None:
            outputs[name] = value
    return outputs


def _inside(field: Field, value: Any, missing: _Missing, above: tuple[type, ...]) -> Any:
    nested = field.nested
    if nested is None:
        return value

    def completed(item: Any) -> Any:
        return _complete(nested, item, missing, above) if _is_plain(item) else item

    if field.kind == "objects" and isinstance(value, list):
        return [completed(item) for item in value]
    if field.kind == "mapping" and _is_plain(value):
        return {key: completed(item) for key, item in value.items()}
    return completed(value) if field.kind == "object" else value


def _mark(field: Field, above: tuple[type, ...]) -> Any:
    if field.kind == "text":
        return UNKNOWN
    if field.kind not in ("object", "objects") or field.nested is None or field.nested in above or len(above) > DEEPEST:
        return None
    inner = _complete(field.nested, {}, _mark, above)
    return inner if field.kind == "object" else [inner]


def _field(annotation: Any) -> Field:
    plain = _types.unwrap_type(annotation)
    origin, arguments = typing.get_origin(plain), typing.get_args(plain)
    if origin in _MAPPINGS:
        return Field("mapping", _output_type(arguments[-1]) if arguments else None)
    if origin in _SEQUENCES:
        nested = _output_type(arguments[0]) if arguments else None
        return Field("objects", nested) if nested else Field("other")
    nested = _output_type(plain)
    if nested is not None:
        return Field("object", nested)
    return Field("text") if plain is str else Field("other")


def _output_type(annotation: Any) -> type | None:
    plain = _types.unwrap_type(annotation)
    return plain if isinstance(plain, type) and _types.is_output_type(plain) else None


def _is_plain(value: Any) -> bool:
    return isinstance(value, dict) and rpc._special_sig_key not in value
