"""The register of strangers that are trusted: who they are, what they may hold, why and until when."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, StringConstraints

from documents.problems import Problem
from documents.sections import Section
from policies.entries import EndingEntry, Text, read_entries

TrustId = Annotated[str, StringConstraints(pattern=r"^TRU-[A-Z0-9-]+$")]
Guid = Annotated[str, StringConstraints(pattern=r"(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
ArmId = Annotated[str, StringConstraints(pattern=r"(?i)^/(subscriptions|providers)/[^/]+(/[^/*]+)*$")]
Host = Annotated[str, StringConstraints(pattern=r"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$")]
Https = Annotated[str, StringConstraints(pattern=r"^https://[^*\s]+$")]
Subject = Annotated[str, StringConstraints(pattern=r"^[^*\s]+$")]


class TrustedPrincipal(Section):
    """A principal that no resource of the stack is.

    object_id: its object id in Entra, or the id of a tenant. holds: what it may hold: names of built-in roles, or
    ``database administrator``, ``vault access policy``, ``cache access policy``, ``tenant``.
    """

    object_id: Guid
    holds: Annotated[list[str], Field(min_length=1)]


class TrustedCredential(Section):
    """What may sign in as an identity without a secret.

    identity: logical name of the identity's resource, or its name in Azure. issuer, subjects, audience: as the token
    says them, whole. GitHub has two forms of a subject (with and without the ids of owner and repository): name both
    where both may come.
    """

    identity: Annotated[str, Field(min_length=1)]
    issuer: Https
    subjects: Annotated[list[Subject], Field(min_length=1)]
    audience: Annotated[str, Field(min_length=1)]


class TrustedEntry(EndingEntry):
    """One entry: exactly one of principal, credential, resource and host."""

    principal: TrustedPrincipal | None = None
    credential: TrustedCredential | None = None
    resource: ArmId | None = None
    """ARM id of what another program, or nobody, manages."""
    host: Host | None = None
    """Where data may go, or browsers may send it; ``*.`` stands for every host below."""
    reason: Text
    """Why it is trusted."""

    @property
    def who(self) -> str:
        """The stranger, in words."""
        if self.principal:
            return f"{self.principal.object_id}, who may hold {', '.join(self.principal.holds)}"
        if self.credential:
            return f"{self.credential.issuer}, as {self.credential.identity}"
        return self.resource or self.host or ""

    def problems(self) -> Iterator[Problem]:
        """It names one stranger."""
        names = ("principal", "credential", "resource", "host")
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            yield Problem("", ", ".join(given) or "none of them", f"exactly one of {', '.join(names)}")


@dataclass
class Trust:
    """What is trusted in one stack. used: ids of the entries that something needed. registered: there is a register."""

    entries: dict[str, TrustedEntry] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    registered: bool = False

    def principal(self, object_id: str, right: str) -> bool:
        """Whether a stranger may hold ``right``."""
        return self._any(
            e.principal is not None
            and e.principal.object_id.lower() == object_id.lower()
            and right.lower() in [each.lower() for each in e.principal.holds]
            for e in self.entries.values()
        )

    def credential(self, identities: Iterable[str], issuer: str, subject: str, audiences: Iterable[str]) -> bool:
        """Whether this issuer's token, for exactly these audiences, may sign in as an identity of these names."""
        names, wanted = set(identities), list(audiences)
        return self._any(
            e.credential is not None
            and e.credential.identity in names
            and e.credential.issuer.rstrip("/") == issuer.rstrip("/")
            and subject in e.credential.subjects
            and wanted == [e.credential.audience]
            for e in self.entries.values()
        )

    def resource(self, arm_id: str) -> bool:
        """Whether something of this ARM id, or a part of it, may be named."""
        low = arm_id.lower()
        return self._any(
            e.resource is not None and (low == e.resource.lower() or low.startswith(f"{e.resource.lower()}/"))
            for e in self.entries.values()
        )

    def host(self, name: str) -> bool:
        """Whether data may go there."""
        return self._any(e.host is not None and fnmatchcase(name.lower(), e.host) for e in self.entries.values())

    def _any(self, matches: Iterator[bool]) -> bool:
        found = [id_ for id_, matched in zip(self.entries, matches, strict=True) if matched]
        self.used.update(found)
        return bool(found)


@dataclass(frozen=True)
class TrustedRegister:
    """All entries by id. lines: the line of each in the file. there: whether there is a register at all."""

    entries: dict[str, TrustedEntry] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    there: bool = False
    file: str = "policies/trusted.yaml"

    def in_stack(self, stack: str, today: date) -> Trust:
        """What is trusted in ``stack``; an entry past its last day is not."""
        holding = {k: e for k, e in self.entries.items() if stack in e.stacks and not e.expired(today)}
        return Trust(holding, registered=self.there)

    @classmethod
    def parse(cls, text: str) -> "TrustedRegister":
        """Read a register from YAML text; raises DocumentError with every mistake in it."""
        return cls(*read_entries(text, dict[TrustId, TrustedEntry], cls.file), there=True)
