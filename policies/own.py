"""What is a stack's own: its ARM ids, principals and host names. All else among inputs is a stranger's."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from facts.service_hosts import service_hosts
from facts.types import type_row
from policies.resource import Resource, last_name
from policies.view import Stack

SUBSCRIPTION = re.compile(r"^/subscriptions/([^/]+)", re.IGNORECASE)
OF_EVERY_SUBSCRIPTION = re.compile(r"providers/microsoft\.authorization/(role|policy|policyset)definitions(/|$)")
"""What Azure itself keeps in every subscription: definitions of built-in roles and policies."""
GROUP = "Microsoft.Resources/resourceGroups"
IDENTITY = "azure-native:managedidentity:UserAssignedIdentity"
ENTRA = ("azuread:index/servicePrincipal:ServicePrincipal", "azuread:index/group:Group", "azuread:index/user:User")
DOMAINS = {"azure-native:cdn:AFDCustomDomain": "hostName"}
LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - compared, not listened on


class Own:
    """What belongs to one stack. A resource that the program only looks up is another's."""

    def __init__(self, stack: Stack) -> None:
        made = [resource for resource in stack.resources if not (resource.existing and stack.ours)]
        self.principals = set(_principals(made))
        self.tenant = _most(
            value for r in made if "tenantid" in r.names for path, value in r.texts if last_name(path) == "tenantid"
        )
        self.subscription = _subscription(made)
        ids = (resource.id or computed_id(resource, self.subscription) for resource in made)
        self.ids = {id_.lower().rstrip("/") for id_ in ids if id_}
        self.has_id = cache(self._has_id)
        """Whether an ARM id is of the stack: a resource, a part of one, its subscription or a definition there."""
        self._names: dict[str, list[str]] = {}
        for suffix, row in service_hosts().items():
            names = (resource.named(row.name) for resource in stack.by_type(row.type))
            self._names[suffix] = [name.lower() for name in names if isinstance(name, str)]
        self._domains = {str(r.named(path)).lower() for type_, path in DOMAINS.items() for r in stack.by_type(type_)}

    def _has_id(self, arm_id: str) -> bool:
        low = arm_id.lower().rstrip("/")
        parts = low.split("/")
        inside = "/".join(parts[3:])
        if parts[2:3] == [self.subscription] and (not inside or OF_EVERY_SUBSCRIPTION.match(inside)):
            return True
        while parts:
            if "/".join(parts) in self.ids:
                # What is only in a resource group of ours is not ours.
                return len(parts) > 5 or "/".join(parts) == low
            parts = parts[:-1]
        return False

    def has_host(self, host: str) -> bool:
        """Whether a host is one of the stack's own domains, or of one of its services."""
        if host in LOCAL or host in self._domains:
            return True
        for suffix, names in self._names.items():
            if host.endswith(f".{suffix}"):
                label = host.removesuffix(f".{suffix}")
                return any(label == name or label.startswith((f"{name}-", f"{name}.")) for name in names)
        return False

    def has_mail_domain(self, domain: str) -> bool:
        """Whether a domain of mail is one of the stack's own domains, or one that they are below."""
        return any(host == domain or host.endswith(f".{domain}") for host in self._domains)


def own(stack: Stack) -> Own:
    """What is the stack's own; worked out once."""
    return stack.remember(Own)


def _principals(resources: list[Resource]) -> Iterator[str]:
    for resource in resources:
        paths = ["identity.principalId"]
        paths += ["principalId"] if resource.type == IDENTITY else []
        paths += ["objectId"] if resource.type in ENTRA else []
        for path in paths:
            for value in resource.answered(path):
                yield value.lower()


def with_ids(stack: Stack) -> Stack:
    """The same stack, with the ARM ids of what is deployed: the engine tells policies none.

    A resource is deployed when its answer has a known name.
    """
    subscription = _subscription(stack.resources)
    known = [
        replace(each, id=computed_id(each, subscription) or None) if any(each.answered("name")) else each
        for each in stack.resources
    ]
    return Stack(known, ours=stack.ours)


def computed_id(resource: Resource, subscription: str) -> str:
    """The ARM id of a resource, from its row in facts/types.yaml, names and scope; empty where one is missing."""
    row = type_row(resource.type)
    if row is None or not isinstance(row.arm, str):
        return ""
    names = [name[1:] if name.startswith("=") else resource.named(name) for name in row.names]
    scope = _scope(resource, row.scope, subscription)
    if scope is None or not all(isinstance(name, str) for name in names):
        return ""
    if row.arm == GROUP:
        return f"/subscriptions/{subscription}/resourceGroups/{names[0]}"
    namespace, *segments = row.arm.split("/")
    pairs = "/".join(f"{segment}/{name}" for segment, name in zip(segments, names, strict=True))
    return f"{scope}/providers/{namespace}/{pairs}"


def _scope(resource: Resource, kind: str, subscription: str) -> str | None:
    if kind == "subscription":
        return f"/subscriptions/{subscription}"
    if kind in ("none", "tenant"):
        return ""
    value = resource.named("resourceGroupName" if kind == "resourceGroup" else kind)
    if not isinstance(value, str):
        return None
    return f"/subscriptions/{subscription}/resourceGroups/{value}" if kind == "resourceGroup" else value.rstrip("/")


def _subscription(resources: list[Resource]) -> str:
    """The subscription of the stack: of its own ids, or while none is known, that which its inputs name most often."""
    ids = [resource.id for resource in resources if resource.id]
    texts = ids or [value for resource in resources for _, value in resource.texts]
    return _most(match[1] for text in texts if (match := SUBSCRIPTION.match(text)))


def _most(values: Iterator[str]) -> str:
    counted = Counter(value.lower() for value in values)
    return counted.most_common(1)[0][0] if counted else ""
