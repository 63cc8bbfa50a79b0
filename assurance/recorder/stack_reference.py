"""What another stack exports: nobody can know it offline."""

from typing import Any

import pulumi
from pulumi.runtime import rpc

from assurance.record import UNKNOWN

STACK_REFERENCE = "pulumi:pulumi:StackReference"


class Mark(str):
    """The record's mark for an unknown, in whatever way a program looks into it."""

    def __getitem__(self, key: Any) -> Any:
        return self if isinstance(key, str) else Mark(super().__getitem__(key))

    def get(self, _key: str, _default: Any = None) -> "Mark":
        """A member, which nobody knows either."""
        return self


def referenced(name: str) -> dict[str, Any]:
    """The answer to a look-up of another stack: its outputs are unknown."""
    return {"name": name, "outputs": rpc.UNKNOWN, "secretOutputNames": rpc.UNKNOWN}


def answer_with_marks(reference: pulumi.Resource) -> None:
    """Where nothing may be unknown, as in a deployed record, every output of another stack is the record's mark."""

    def output(_name: pulumi.Input[str]) -> pulumi.Output[Any]:
        return pulumi.Output.from_input(Mark(UNKNOWN))

    if isinstance(reference, pulumi.StackReference):
        vars(reference).update(get_output=output, require_output=output)
