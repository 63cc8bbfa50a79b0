"""The table of flows that must be open, or must not."""

from typing import Literal

from pydantic import Field

from assurance.reach.public import Who
from documents.reading import data_reader
from documents.sections import Section

FILE = "assurance/reach/needed.yaml"

Source = Literal["apps", "jobs", "runner", "database"] | Who
Service = Literal[
    "site", "slot", "scm", "gateway", "database", "pooler", "secrets vault", "key vault", "cache", "archive", "bus"
]  # fmt: skip
Tag = Literal["Internet", "AzureActiveDirectory", "AzureMonitor", "AzureContainerRegistry", "Storage"]


class Row(Section):
    """A row of the table; its fields are described there."""

    id: str = Field(pattern=r"^[a-z][a-z-]+$")
    source: Source = Field(alias="from")
    target: Service | Tag = Field(alias="to")
    port: int | None = Field(default=None, ge=1, le=65535)
    reading: str | None = None
    without: list[str] = []
    always: bool = False
    purpose: str = Field(min_length=8)


class Table(Section):
    """needed: flows that must be open; forbidden: flows that must not be."""

    needed: list[Row]
    forbidden: list[Row]


flow_table = data_reader(__file__, "needed.yaml", Table)
"""The table, read once."""
