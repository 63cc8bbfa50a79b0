"""The table of network flows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from documents.reading import data_reader
from documents.sections import Section
from documents.words import Text

CATALOGUE = "stacks/catalogues/network_flows.yaml"

FlowEnd = Literal[
    "apps",
    "frontends",
    "postgres",
    "private-endpoints",
    "jobs",
    "runner",
    "gateway",
    "every-subnet",
    "peers",
    "any",
    "VirtualNetwork",
    "AzureLoadBalancer",
    "Internet",
    "AzureActiveDirectory",
    "AzureContainerRegistry",
    "AzureFrontDoor.FirstParty",
    "AzureFrontDoor.Frontend",
    "AzureKeyVault",
    "AzureMonitor",
    "MicrosoftContainerRegistry",
    "ServiceBus",
    "Storage",
]
"""Where a flow starts or ends: a subnet's purpose, ``every-subnet``, ``peers``, ``any`` or one of Azure's service
tags (learn.microsoft.com/azure/virtual-network/service-tags-overview)."""

Direction = Literal["Inbound", "Outbound"]

Port = (
    Annotated[int, Field(ge=1, le=65535)]
    | Annotated[str, Text(r"^(any|mail|\d+-\d+)$", "any, mail, or a range of ports like 30000-31000")]
)


class Flow(Section):
    """One row of the table."""

    id: Annotated[str, Text(r"^[a-z][a-z0-9-]{0,60}[a-z0-9]$", "a name, like app-to-db")]
    start: Annotated[FlowEnd, Field(alias="from")]
    end: Annotated[FlowEnd, Field(alias="to")]
    ports: Annotated[list[Port], Field(min_length=1)]
    protocol: Literal["Tcp", "Udp", "any"]
    purpose: Annotated[str, StringConstraints(min_length=1, max_length=140)]
    """Why the flow is open or closed. Azure limits a rule's description to 140 characters."""
    source: Annotated[str, Field(min_length=1)]


class FlowTable(Section):
    """All rows, by what is done with them, first match first."""

    denied_first: list[Flow]
    allowed: list[Flow]
    denied_last: list[Flow]

    def rows(self) -> Iterator[tuple[Flow, Literal["Allow", "Deny"], int]]:
        """Every row with its access and priority: a row has the same priority wherever it applies."""
        blocks: Sequence[tuple[list[Flow], Literal["Allow", "Deny"], int]] = (
            (self.denied_first, "Deny", 100),
            (self.allowed, "Allow", 1000),
            (self.denied_last, "Deny", 4000),
        )
        for flows, access, first in blocks:
            for position, flow in enumerate(flows):
                yield flow, access, first + 10 * position

    def keys(self) -> dict[str, Flow]:
        """Every row by its key in the file."""
        blocks = {"deniedFirst": self.denied_first, "allowed": self.allowed, "deniedLast": self.denied_last}
        return {f"{block}.{row.id}": row for block, flows in blocks.items() for row in flows}

    def keys_by_rule(self) -> dict[str, str]:
        """The file's key of the row that each rule comes from, by the rule's name."""
        return {rule_name(row, direction): key for key, row in self.keys().items() for direction in _SUFFIXES}


flow_table = data_reader(__file__, "network_flows.yaml", FlowTable)
"""The table."""

_SUFFIXES: Mapping[Direction, str] = {"Inbound": "in", "Outbound": "out"}


def rule_name(row: Flow, direction: Direction) -> str:
    """Name of the rule that a row becomes at one end: unique in its group, over both directions."""
    return f"{row.id}-{_SUFFIXES[direction]}"
