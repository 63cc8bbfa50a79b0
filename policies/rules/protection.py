"""What keeps data, keys and logs from being deleted by mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from facts.types import types_with
from policies.rule import must, rule
from policies.view import Resource, Stack

STATEFUL: Mapping[str, list[str]] = types_with("stateful", list)
LOCK = "authorization:ManagementLockByScope"


@rule(
    "PROT-PROTECT",
    "The engine refuses to delete what holds data, keys or logs",
    on=[type_ for type_, ways in STATEFUL.items() if "protect" in ways],
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(7)(ii)(A)"],
    remediation="Set the resource option protect.",
    source="reference: pulumi protect; facts/types.yaml",
)
def protected(resource: Resource) -> Iterator[str]:
    if not resource.protect:
        yield "the option protect is not set"


@rule(
    "PROT-LOCK",
    "Azure refuses to delete what holds data, keys or logs, whoever asks",
    on=[type_ for type_, ways in STATEFUL.items() if "lock" in ways],
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(7)(ii)(A)"],
    remediation="Add a CanNotDelete lock on the resource (not on its group).",
    source="MicrosoftDocs security-data-encryption recommends it for the key's vault; facts/types.yaml",
)
def locked(resource: Resource, stack: Stack) -> Iterator[str]:
    locks = stack.holders(resource, "scope", LOCK)
    if not locks:
        yield "no management lock of this stack is on it"
    for lock in locks:
        for message in must(lock, "level", "CanNotDelete", "ReadOnly"):
            yield f"{lock}: {message}"
