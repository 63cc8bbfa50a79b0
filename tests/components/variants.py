"""Every component in two variants: `defaults`, with what must be given only, and `max`, with every argument given.

Arguments are made from the types of their fields; what a type does not tell (names, ids, sizes) stands in `given.py`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pulumi

import components
from assurance.record import Record
from components.alerts import AlertFolder
from components.component import Component
from components.identity import Identity, IdentityArgs
from tests.components.given import GIVEN, IN_MAX, OUTPUTS
from tests.harness import once, record

NEEDED = "its-"
"""How the name of a component begins that another needs; it has variants of its own."""

Variant = Literal["defaults", "max"]


@dataclass(frozen=True)
class Maker:
    """A component class, or a function that declares resources, and the class of its arguments."""

    make: Callable[..., Any]
    args: type

    def __str__(self) -> str:
        return self.make.__name__


def argument_classes() -> list[type]:
    """Every class of arguments in components/."""
    return [found for found in public() if inspect.isclass(found) and found.__name__.endswith("Args")]


@cache
def makers() -> Sequence[Maker]:
    """Whatever in components/ declares resources from a class of arguments."""
    found_makers = []
    for found in public():
        is_maker = issubclass(found, pulumi.ComponentResource) if inspect.isclass(found) else True
        parameters = list(inspect.signature(found).parameters.values()) if is_maker else []
        if [p.name for p in parameters[:2]] == ["name", "args"]:
            args = get_args(found.__orig_bases__[0])[0] if inspect.isclass(found) else parameters[1].annotation
            found_makers.append(Maker(found, args))
    return found_makers


def variant_record(maker: Maker, variant: Variant) -> Record:
    """What ``maker`` declares in this variant, deployed."""

    def build() -> None:
        _needed.clear()
        declare(maker, variant, "test")

    return once(lambda: record(build), "variant", str(maker), variant)


def declare(maker: Maker, variant: Variant, name: str) -> Any:
    """Call ``maker`` with the arguments of ``variant``, and with what else it must be told."""
    more = {}
    signature = inspect.signature(maker.make)
    hints = _hints(maker.make.__init__ if inspect.isclass(maker.make) else maker.make)
    for parameter in list(signature.parameters.values())[2:]:
        if parameter.default is inspect.Parameter.empty:
            more[parameter.name] = _value(f"{maker}.{parameter.name}", hints[parameter.name], variant)
    return maker.make(name, _made(maker.args, variant), **more)


def public() -> list[Any]:
    """Every public class and function that a module of components/ defines."""
    modules = [
        importlib.import_module(f"components.{found.name}") for found in pkgutil.iter_modules(components.__path__)
    ]
    return [
        value
        for module in modules
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
        and value is not Component
    ]


_needed: dict[str, Any] = {}
"""Components of the program at hand that another takes an output of, by class."""


_TOLD = GIVEN.keys() | IN_MAX.keys() | OUTPUTS.keys()


def _component(name: str, variant: Variant) -> Any:
    if name not in _needed:
        maker = next(maker for maker in makers() if str(maker) == name)
        _needed[name] = declare(maker, variant, f"{NEEDED}{name.lower()}")
    return _needed[name]


def _made(cls: type, variant: Variant) -> Any:
    hints = _hints(cls)
    return cls(
        **{
            field.name: _of_field(f"{cls.__name__}.{field.name}", field, hints[field.name], variant)
            for field in fields(cls)
            if field.init and (variant == "max" or _required(field))
        }
    )


def _of_field(path: str, field: Field[Any], hint: Any, variant: Variant) -> Any:
    """What a field is given; its default, where that is a number or a text and nobody says another."""
    plain = type(field.default) in (int, float, str)
    return field.default if plain and not {path, field.name} & _TOLD else _value(path, hint, variant)


def _hints(of: Any) -> dict[str, Any]:
    return get_type_hints(of, localns={"Output": pulumi.Output, "T": Any})


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _value(path: str, hint: Any, variant: Variant) -> Any:
    """What is given at ``CLASS.FIELD``: the table's, or one made by its type."""
    if variant == "max" and path in IN_MAX:
        return IN_MAX[path]
    if path in OUTPUTS:
        of_component, output = OUTPUTS[path]
        return getattr(_component(of_component, variant).outputs, output)
    field = path.partition(".")[2]
    origin, of = get_origin(hint), get_args(hint)
    if NoneType in of and variant == "defaults":
        return None
    for known in (path, field):
        if known in GIVEN:
            return GIVEN[known]
    if origin in (Union, UnionType):
        return _value(path, next(item for item in of if item is not NoneType), variant)
    if origin is Literal:
        return of[0]
    if origin is Sequence or (origin is tuple and of[1:] == (...,)):
        return (_value(f"{path}[]", of[0], variant),)
    if origin is tuple:
        return tuple(_value(f"{path}[{index}]", item, variant) for index, item in enumerate(of))
    if origin is Mapping or origin is dict:
        return {GIVEN.get(f"{path}{{}}", "one"): _value(f"{path}[]", of[1], variant)}
    if inspect.isclass(hint) and hint.__name__.endswith("Outputs"):
        return _component(hint.__name__.removesuffix("Outputs"), variant).outputs
    if is_dataclass(hint) and isinstance(hint, type):
        return _made(hint, variant)
    if hint is bool:
        return True
    if hint is pulumi.Resource:
        if field == "parent":
            return AlertFolder("folder")
        name = path.replace(".", "-").removesuffix("[]")
        return Identity(name, IdentityArgs(resource_group_name="rg", location="eastus2", identity_name=f"id-{name}"))
    if inspect.isclass(hint) and issubclass(hint, pulumi.ComponentResource):
        return _component(hint.__name__, variant)
    if hint is str and field.endswith(("name", "description", "title")):
        return f"test-{field.replace('_', '-')}"
    raise LookupError(f"{path}: say in tests/components/given.py what {hint} is given")
