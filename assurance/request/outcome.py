"""What became of a request, decision by decision."""

from dataclasses import dataclass, field
from typing import Literal

from assurance.record import Resource

Kind = Literal["forwarded", "blocked", "redirected", "refused"]
"""forwarded: the origin (or the cache) answers. blocked: a firewall rule stopped it. redirected: the answer is another
URL. refused: no host or route for it."""

Stage = Literal["host", "firewall", "route", "headers", "cache", "origin", "gateway"]


@dataclass(frozen=True)
class Decision:
    """One step. name: of the rule or resource; text: what it decided and why; by: the resource of the record."""

    stage: Stage
    name: str
    text: str
    by: Resource | None = None


@dataclass(kw_only=True)
class Outcome:
    """What the edge does with a request.

    status: of the edge's own answer, where the configuration or Azure's documents tell it. rule: the firewall rule
    that stopped it.
    undecided: firewall rules that need what the description of the request does not have.
    managed: managed rule sets that would still look at it; a record cannot tell what they do.
    route, origin, forwarded_host: names of route and origin, and the host name the origin sees.
    api: the API of API Management that takes it, where a stack has that.
    cached: whether the route may answer from the cache. set, added, removed: response headers.
    """

    kind: Kind = "forwarded"
    status: int | None = None
    rule: str = ""
    location: str = ""
    logged: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    managed: list[str] = field(default_factory=list)
    route: str = ""
    origin: str = ""
    api: str = ""
    forwarded_host: str = ""
    cached: bool = False
    set: dict[str, str] = field(default_factory=dict)
    added: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def decide(self, stage: Stage, name: str, text: str, by: Resource | None = None) -> None:
        """Add a step."""
        self.decisions.append(Decision(stage, name, text, by))

    def refuse(self, status: int, stage: Stage, name: str, text: str, by: Resource | None = None) -> None:
        """End here with a status of the edge's own, as the last step says."""
        self.kind, self.status = "refused", status
        self.decide(stage, name, f"{text}: {status}", by)
