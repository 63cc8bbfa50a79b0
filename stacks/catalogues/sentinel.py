"""The catalogues of threat detection and compliance: Sentinel's rules, and exemptions from Azure Policy."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from documents.durations import minutes
from documents.problems import Problem
from documents.reading import read_document
from documents.sections import Section
from documents.words import Text
from stacks.catalogues.alerts import AlertId, Control, Kind, missing_queries

SENTINEL = "stacks/catalogues/sentinel.yaml"
_CATALOGUES = Path(__file__).parent

Feature = Literal["break-glass", "threat-intelligence"]
Response = Literal["block", "disable"]


APPROVED: Mapping[Response, str] = {"block": "block-approved", "disable": "disable-approved"}
DONE: Mapping[Response, str] = {"block": "addresses-blocked", "disable": "accounts-disabled"}
"""Labels of incidents: what a person (or, without approval, an automation rule) sets, and what a playbook sets."""


class Entity(Section):
    """What a column of a rule's rows names."""

    type: Literal["IP", "Account"]
    identifier: Literal["Address", "FullName", "AadUserId"]
    """Of Sentinel's entity schema."""
    column: str


class SentinelEntry(Section):
    """One analytics rule."""

    engine: Literal["sentinel"]
    summary: str
    """What has happened when it fires."""
    needs: Annotated[list[Kind], Field(min_length=1)]
    """What must report to the workspace."""
    feature: Feature | None = None
    """What must be on beside Sentinel."""
    tables: Annotated[list[str], Field(min_length=1)]
    period: Literal["PT1H", "PT2H", "PT6H", "P1D", "P7D", "P14D"]
    frequency: Literal["PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "P1D"]
    severity: Literal["High", "Medium", "Low", "Informational"]
    tactics: Annotated[list[str], Field(min_length=1)]
    """Of MITRE ATT&CK, as Sentinel spells them."""
    entities: Annotated[list[Entity], Field(min_length=1, max_length=10)]
    respond: Literal["none", "block"]
    runbook: Annotated[str, Text(r"^[a-z-]+$", "the name of a page in docs/runbooks without .md, like database")]
    controls: Annotated[list[Control], Field(min_length=1)]
    source: str

    def problems(self) -> Iterator[Problem]:
        """Late records are seen by a later run; what is blocked has an address."""
        if 2 * minutes(self.frequency) > minutes(self.period):
            yield Problem("frequency", self.frequency, f"at most half the period, {self.period}")
        if self.respond == "block" and all(entity.type != "IP" for entity in self.entities):
            yield Problem("respond", self.respond, "none: the rule names no address")


@cache
def sentinel_catalogue() -> Mapping[AlertId, SentinelEntry]:
    """Sentinel's rules by id. Raises SettingsError when the file is wrong."""
    more = missing_queries("sentinel", "sentinel")
    return read_document(_CATALOGUES / "sentinel.yaml", dict[AlertId, SentinelEntry], more)


def sentinel_events(
    present: Collection[str], *, break_glass: bool, threat_intelligence: bool
) -> dict[AlertId, SentinelEntry]:
    """Rules that a stack has the logs (``present``: kinds that report) and the features for."""
    features = {None: True, "break-glass": break_glass, "threat-intelligence": threat_intelligence}
    return {
        event: entry
        for event, entry in sentinel_catalogue().items()
        if set(entry.needs) <= set(present) and features[entry.feature]
    }


def sentinel_title(event: str) -> str:
    """What an incident of the event is called."""
    return event.replace("-", " ").capitalize()


def sentinel_query(event: str) -> str:
    """The KQL text of an event, `sentinel/<event>.kql`."""
    return (_CATALOGUES / "sentinel" / f"{event}.kql").read_text(encoding="utf-8").strip()
