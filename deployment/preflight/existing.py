"""What a record points to and does not make: resources, and principals of Entra."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from deployment.preflight.subscription import Subscription
from deployment.record import Declared, Record, arm_type
from deployment.step import Result, name_of
from documents.nested import leaves

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PRINCIPAL_INPUTS = ("objectId", "principalId", "principalObjectId")


def outside_resources(record: Record) -> dict[str, list[str]]:
    """ARM ids that the record uses and does not make, with the resources that use them.

    Definitions of Azure's own (roles, policies) are left out: every tenant has them.
    """
    ours = {one.id.lower() for one in record.resources}
    groups = {f"{record.subscription}/resourcegroups/{name}/".lower() for name in record.groups}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in record.resources:
        for text in set(_texts(one.inputs)):
            low = text.lower()
            if not low.startswith("/subscriptions/") or "/providers/" not in low or low in ours:
                continue
            if low.startswith(tuple(groups)) or "/roledefinitions/" in low or "/policy" in low:
                continue
            found[text].append(one.name)
    return dict(sorted(found.items()))


def outside_principals(record: Record) -> dict[str, list[str]]:
    """Object ids of Entra that hold rights and are no identity of the record's, with the resources that name them."""
    made = {text for one in record.resources for text in _own_principals(one)}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in record.resources:
        for path, text in leaves(one.inputs):
            if path.rpartition(".")[2] in _PRINCIPAL_INPUTS and _GUID.fullmatch(str(text)) and text not in made:
                found[text].append(one.name)
    return dict(sorted(found.items()))


def check_existing(subscription: Subscription) -> Iterator[Result]:
    """Every resource that the record points to is there; principals are Graph's, which is not asked."""
    for resource, users in outside_resources(subscription.record).items():
        real = subscription.real(resource)
        kind = arm_type(real)
        version = subscription.newest_version(kind)
        if real.lower() in subscription.made:
            yield Result(name_of(real), "holds", f"{kind} is there")
        elif version is None:
            yield Result(name_of(real), "skipped", f"no API version of {kind} is known: not looked for")
        elif subscription.arm.find(real, version) is not None:
            yield Result(name_of(real), "holds", f"{kind} is there")
        else:
            yield Result(name_of(real), "missing", f"{real} is not there; {_first(users)} need it")
    for principal, users in outside_principals(subscription.record).items():
        need = f"az ad group show --group {principal} (or sp show, user show); {_first(users)} need it"
        yield Result(principal, "skipped", f"Entra is not asked: {need}")


def _first(users: list[str]) -> str:
    """A few of those that need it."""
    return ", ".join(sorted(set(users))[:3])


def _own_principals(resource: Declared) -> Iterator[str]:
    """Object and client ids of the identity that a resource is, or has."""
    if resource.type == "azure-native:managedidentity:UserAssignedIdentity":
        yield from (str(resource.outputs.get(key)) for key in ("principalId", "clientId"))
    if isinstance(identity := resource.outputs.get("identity"), dict):
        yield str(identity.get("principalId"))


def images(record: Record) -> list[str]:
    """Container images that sites and jobs are made with."""
    texts = {text.partition("|")[2] or text for one in record.resources for text in _texts(one.inputs)}
    return sorted(text for text in texts if re.fullmatch(r"\S+/\S+@sha256:[0-9a-f]{64}", text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
