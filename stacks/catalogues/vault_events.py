"""The catalogue of vault events: what a vault tells before a secret or key ends, as data."""

from typing import Annotated, Literal

from pydantic import Field

from documents.reading import data_reader
from documents.sections import Section
from stacks.catalogues.alerts import AlertId, Channel, Control, Severity

VAULT_EVENTS = "stacks/catalogues/vault_events.yaml"


class VaultEvent(Section):
    """An alert on an event of a vault. Fields mean what they mean in the alert catalogue."""

    event: Literal[
        "Microsoft.KeyVault.SecretNearExpiry",
        "Microsoft.KeyVault.SecretExpired",
        "Microsoft.KeyVault.KeyNearExpiry",
        "Microsoft.KeyVault.KeyExpired",
    ]
    keys: Literal["rotating", "versioned"] | None = None
    """Which keys it is about. rotating: those that rotate themselves; versioned: those whose user names a version (the
    cache); left out: all that are in use."""
    summary: str
    severity: Severity
    channel: Channel
    runbook: str
    controls: Annotated[list[Control], Field(min_length=1)]
    source: str

    @property
    def about(self) -> Literal["secrets", "keys"]:
        """Which kind of vault has it."""
        return "secrets" if ".Secret" in self.event else "keys"


vault_events = data_reader(__file__, "vault_events.yaml", dict[AlertId, VaultEvent])
"""The catalogue by id, in the file's order."""
