"""What every part of the bootstrap needs to know of the others: ids and names, never resources."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from bootstrap.alarms import Alarms
from components.component import Place
from components.diagnostics import LogDestination
from components.private_endpoint import PrivateAccess, private_endpoint
from components.protection import Protection

KEPT = Protection(protect=True, lock=True)
"""State, keys and logs outlive every stack."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Where everything is.

    group, group_id: the resource group's name and ARM id. access: by service (``blob``, ``vault``, ``registry``) where
    its private endpoint goes; empty when all can be reached from everywhere, with an Entra identity only.
    """

    short: str
    suffix: str
    group: pulumi.Output[str]
    group_id: pulumi.Output[str]
    location: str
    tenant: pulumi.Output[str]
    tags: dict[str, str]
    logs: LogDestination
    access: Mapping[str, PrivateAccess]
    alarms: Alarms

    def name(self, kind: str, part: str = "shared") -> str:
        """A name inside the resource group: ``log-mss-shared``."""
        return f"{kind}-{self.short}-{part}"

    def reach_privately(self, name: str, service: str, service_id: pulumi.Input[str]) -> None:
        """A private endpoint of a service, which is also Azure's name of what it leads to; none where all is public."""
        if service in self.access:
            place: Place = {"resource_group_name": self.group, "location": self.location, "tags": self.tags}
            private_endpoint(name, service_id, service, self.access[service], place=place, parent=None)
