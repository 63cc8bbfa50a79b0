"""What every component has in common, and the arguments of whatever lies in a resource group of one region."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypedDict, TypeVar

import pulumi

Args = TypeVar("Args")
Outputs = TypeVar("Outputs")


class Place(TypedDict):
    """Where a resource lies and how it is tagged, as resources and arguments of components take it: ``**place``."""

    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    tags: dict[str, str] | None


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Arguments that say where. location: the region; tags: on every resource that takes any."""

    resource_group_name: pulumi.Input[str]
    location: pulumi.Input[str]
    tags: dict[str, str] | None = None

    @property
    def place(self) -> Place:
        """The same for each resource that is made there."""
        return {"resource_group_name": self.resource_group_name, "location": self.location, "tags": self.tags}


@dataclass(frozen=True, kw_only=True)
class IdOutputs:
    """What others need of a component that is one resource. id: its ARM id."""

    id: pulumi.Output[str]


class Component(pulumi.ComponentResource, Generic[Args, Outputs]):
    """Resources that belong together, each a child of it. Its type is its class's name, and it registers its outputs.

    A class makes the resources in ``_declare`` and returns what others need of them.
    """

    outputs: Outputs

    def __init__(self, name: str, args: Args, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"medspasync:components:{type(self).__name__}", name, None, opts)
        self.outputs = self._declare(name, args)
        self.register_outputs(self._registered())

    def _declare(self, name: str, args: Args) -> Outputs:
        raise NotImplementedError

    def _registered(self) -> Mapping[str, Any]:
        """The outputs as the engine keeps them."""
        return self.outputs if isinstance(self.outputs, dict) else vars(self.outputs) if self.outputs else {}


def enabled(on: bool) -> Literal["Enabled", "Disabled"]:
    """What Azure calls a property that is on or off."""
    return "Enabled" if on else "Disabled"


def known_after(value: pulumi.Input[str], *others: pulumi.Input[Any]) -> pulumi.Output[str]:
    """The value, known once the others are: whoever uses it waits for what they belong to."""
    return pulumi.Output.all(value, *others).apply(lambda known: str(known[0]))
