"""Records that rules are tried on: the project's own stacks, and what no stack has."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

from pulumi import Alias, ResourceOptions
from pulumi_azure_native import managedidentity, resources

from assurance.record import Mode, Record
from policies.exceptions import Register
from policies.trusted import TrustedRegister
from policies.view import Stack
from tests.gateway import gateway_record
from tests.harness import STACKS, bootstrap_record, once, record, shared_record

TODAY = date(2026, 11, 29)
PREFERRED = ("prod", "dev", "staging")


@cache
def records(mode: Mode) -> dict[str, Record]:
    """The record of every stack, production first; to be read, never altered."""
    names = sorted(STACKS, key=lambda name: PREFERRED.index(name) if name in PREFERRED else len(PREFERRED))
    return {name: shared_record(name, mode) for name in names}


def renamed(mode: Mode) -> Record:
    """An identity that had another name before, and that goes with its group."""

    def build() -> None:
        group = resources.ResourceGroup("group", resource_group_name="rg")
        managedidentity.UserAssignedIdentity(
            "identity",
            resource_group_name=group.name,
            resource_name_="id-renamed",
            opts=ResourceOptions(aliases=[Alias(name="identity-before")], deleted_with=group),
        )

    return once(lambda: record(build, mode), "renamed", mode)


@cache
def everything(mode: Mode) -> list[Record]:
    """All of them; to be read, never altered."""
    return [*records(mode).values(), bootstrap_record(mode), gateway_record(mode), renamed(mode)]


@cache
def view(index: int, mode: Mode) -> Stack:
    """The record at this place of `everything`, as rules see it."""
    found = everything(mode)[index]
    return judged(found.view, found)


def view_of(altered: Record, index: int, mode: Mode) -> Stack:
    """An altered record as rules see it; only resources that are not those at this place of `everything` cost time."""
    before = everything(mode)[index]
    seen = {id(resource): known for resource, known in zip(before, view(index, mode).resources, strict=True)}
    changed = [resource for resource in altered if id(resource) not in seen]
    anew = dict(zip(map(id, changed), replace(altered, resources=changed).view.resources, strict=True))
    return judged(Stack(seen.get(id(resource)) or anew[id(resource)] for resource in altered), altered)


def judged(stack: Stack, of: Record) -> Stack:
    """A stack by the register of what is trusted in it, on the tests' day."""
    return stack.judged(_trusted().in_stack(of.stack, TODAY), TODAY)


@cache
def _trusted() -> TrustedRegister:
    return Register.load().trusted
