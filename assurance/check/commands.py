"""Rules of commands that judge a record by more than a policy sees, told as findings like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assurance.check.findings import Finding, Status
from assurance.record import Resource


@dataclass(frozen=True)
class Rule:
    """A rule of a command; its fields are those of its findings."""

    id: str
    title: str
    severity: str
    controls: tuple[str, ...]
    remediation: str

    def finding(self, stack: str, status: Status, message: str, about: Resource | None, **more: Any) -> Finding:
        """The rule's judgement of a resource, or of the stack. ``more``: fields that differ from the resource's."""
        place: dict[str, Any] = {}
        if about:
            place = {"urn": about.urn, "type": about.type, "name": about.name}
            place |= {"source": about.source, "origin": about.origin}
        return Finding(
            rule=self.id,
            title=self.title,
            severity=self.severity,
            status=status,
            controls=self.controls,
            stack=stack,
            message=message,
            remediation=self.remediation,
            **(place | more),
        )
