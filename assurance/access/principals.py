"""Who acts: identities of the record, and who uses each."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from assurance.access.tables import duties
from assurance.record import UNKNOWN, Record, Resource, get, short_type
from policies.resource import lookup

IDENTITY = "managedidentity:UserAssignedIdentity"
CREDENTIAL = "managedidentity:FederatedIdentityCredential"
DUTY_TAG = "tags.duty"
"""Where an identity that something outside the record signs in as names its duty."""
UNKNOWN_PRINCIPAL = "not known before the deployment"
USED_BY = "identity.userAssignedIdentities"
SLOT, JOB = "web:WebAppSlot", "app:Job"


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Someone who may be given rights.

    name: as a person would say it. kind: ``managed identity``, ``system-assigned identity``, an Entra kind
    (``Group``, ``User``, ``ServicePrincipal``) or ``unknown``. urn: the identity's resource, or the one it belongs to.
    users: URNs of the resources that act as it. known: whether the record says who it is.
    """

    name: str
    kind: str
    urn: str = ""
    users: tuple[str, ...] = ()
    known: bool = True


class Principals:
    """All identities of a record, found by object id, or by what a value was computed from."""

    def __init__(self, record: Record) -> None:
        self._record = record

    @cached_property
    def all(self) -> list[Principal]:
        """Every managed identity and every system-assigned one, used or not."""
        return sorted(self._by_urn.values(), key=lambda principal: principal.name)

    @cached_property
    def _by_urn(self) -> dict[str, Principal]:
        found = {}
        for identity in self._record.of_type(IDENTITY):
            users = tuple(resource.urn for resource in self._record if identity in self._used(resource))
            name = identity.name.removeprefix("identity-")
            found[identity.urn] = Principal(name=name, kind="managed identity", urn=identity.urn, users=users)
        for resource in self._record:
            if "SystemAssigned" in str(get(resource, "identity.type", "")):
                found[resource.urn] = Principal(
                    name=f"{resource.name} itself",
                    kind="system-assigned identity",
                    urn=resource.urn,
                    users=(resource.urn,),
                )
        return found

    def _used(self, resource: Resource) -> list[Resource]:
        """The managed identities that a resource acts as. Azure takes a list of ids here and a mapping there."""
        named = get(resource, USED_BY)
        if not named:
            return []
        if isinstance(named, dict):
            wanted = {id_.lower() for id_ in named}
            sources = resource.propertyDependencies.get("identity", [])
            return [
                identity
                for identity in self._record.of_type(IDENTITY)
                if (identity.urn in sources if identity.id in ("", UNKNOWN) else identity.id.lower() in wanted)
            ]
        return self._record.targets(resource, f"{USED_BY}[]", IDENTITY)

    def resource(self, principal: Principal) -> Resource | None:
        """The identity's resource, or the one it belongs to."""
        return self._record.by_urn.get(principal.urn)

    @cached_property
    def _by_object_id(self) -> dict[str, Principal]:
        found = {}
        for urn, principal in self._by_urn.items():
            outputs = self._record.by_urn[urn].outputs
            for object_id in (lookup(outputs, "principalId"), lookup(outputs, "identity.principalId")):
                if object_id not in (None, UNKNOWN):
                    found[str(object_id).lower()] = principal
        return found

    def who(self, object_id: Any, holder: Resource, path: str) -> list[Principal]:
        """Who a grant is for: one principal, or several where only a deployment can tell which.

        holder, path: the resource and its property that hold ``object_id``; they decide while it is not known yet.
        """
        if object_id in (None, UNKNOWN):
            sources = holder.propertyDependencies.get(path.split(".")[0], [])
            found = [self._by_urn[urn] for urn in sources if urn in self._by_urn]
            return found or [Principal(name=UNKNOWN_PRINCIPAL, kind="unknown", known=False)]
        principal = self._by_object_id.get(str(object_id).lower())
        return [principal or Principal(name=str(object_id), kind="unknown", known=False)]

    @cached_property
    def _signed_in(self) -> dict[str, list[str]]:
        """Subjects whose tokens sign in as an identity, by its URN."""
        found: dict[str, list[str]] = {}
        for credential in self._record.of_type(CREDENTIAL):
            for identity in self._record.targets(credential, "resourceName", IDENTITY, by="resourceName"):
                found.setdefault(identity.urn, []).append(str(get(credential, "subject")))
        return found

    def users(self, principal: Principal) -> list[Resource]:
        """The resources that act as ``principal``."""
        return [self._record.by_urn[urn] for urn in principal.users]

    def duty(self, principal: Principal) -> list[str]:
        """The duties that ``principal`` serves: by the types of what uses it, or its tag where only workflows outside
        the record do."""
        if principal.urn in self._signed_in and not principal.users:
            tag = get(self._record.by_urn[principal.urn], DUTY_TAG)
            return [name for name, duty in duties().items() if duty.tag and duty.tag == tag]
        types = {short_type(resource) for resource in self.users(principal)}
        return [name for name, duty in duties().items() if types & set(duty.users)]

    def apps(self, principal: Principal) -> set[str]:
        """The sites that act as ``principal``; a slot counts as its site."""
        return {
            str(get(resource, "name"))
            for resource in self.users(principal)
            if short_type(resource) in duties()["app"].users
        }

    def jobs(self, principal: Principal) -> set[str]:
        """The container jobs that act as ``principal``."""
        return {str(get(resource, "jobName")) for resource in self.users(principal) if short_type(resource) == JOB}

    def user_names(self, principal: Principal) -> Iterator[str]:
        """The users in words: ``app-backend``, ``app-backend-slot (slot)``."""
        for resource in sorted(self.users(principal), key=lambda each: each.name):
            yield f"{resource.name} (slot)" if short_type(resource) == SLOT else resource.name
        yield from sorted(self._signed_in.get(principal.urn, ()))
