"""Every source and every target of a record, and whether a flow between two of them is open."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from assurance.reach import front_door, inside
from assurance.reach.needed import Row, Tag
from assurance.reach.public import Who, public_side
from assurance.reach.security_groups import passes, peer_ranges
from assurance.reach.targets import ENDPOINT, SITE, SLOT, Target, targets
from assurance.reach.verdict import Step, Verdict, closed
from assurance.record import Record, Resource, get

JOB = "app:Job"
OUTSIDE: tuple[Who, ...] = get_args(Who)
TAGS: tuple[str, ...] = get_args(Tag)
PEERS = "peers"
NO_WAY = Verdict(False, ())
"""Of what goes out of no subnet; the step before says why."""


@dataclass(frozen=True)
class Flow:
    """A flow between two named places, and whether it is open."""

    start: str
    end: str
    port: int
    verdict: Verdict


class ReachabilityGraph:
    """What a record declares, as places between which traffic may flow."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._rows: dict[str, list[Flow]] = {}

    @cached_property
    def targets(self) -> list[Target]:
        """Every service that answers somewhere."""
        return targets(self.record)

    @cached_property
    def hosts(self) -> list[front_door.Host]:
        """Front Door's hosts."""
        return front_door.hosts(self.record)

    @cached_property
    def subnets(self) -> list[Resource]:
        """Subnets by name."""
        return sorted(self.record.of_type(inside.SUBNET), key=lambda subnet: subnet.name)

    @property
    def sources(self) -> list[str]:
        """Every place that traffic may come from."""
        peers = [PEERS] if self.record.of_type("network:VirtualNetworkPeering") else []
        return [*OUTSIDE, *peers, *(subnet.name for subnet in self.subnets)]

    def flow(self, source: str, target: Target) -> Flow:
        """Whether traffic from one of `sources` reaches a target."""
        return Flow(source, target.name, target.port, self._verdict(source, target))

    def _verdict(self, source: str, target: Target) -> Verdict:
        if source == "our front door":
            return front_door.to_site(self.record, target)
        if source in OUTSIDE:
            return public_side(self.record, target, source)
        if source == PEERS:
            return self._from_peers(target)
        (subnet,) = [subnet for subnet in self.subnets if subnet.name == source]
        return inside.to_target(self.record, subnet, target)

    def _from_peers(self, target: Target) -> Verdict:
        """Peers resolve names by themselves, so only endpoints and security groups decide."""
        places = peer_ranges(self.record)
        if not places:
            return closed("no security rule names a range of a peer")
        subnet, step = inside.private_subnet(self.record, target)
        if subnet is None:
            return public_side(self.record, target, "internet").after(step)
        return passes(self.record, subnet, "Inbound", places, inside.ranges(subnet), target.port).after(step)

    def of_row(self, row: Row) -> list[Flow]:
        """The flows that a row of the table is about; none where the record has no such service."""
        if row.id not in self._rows:
            self._rows[row.id] = list(self._of_row(row))
        return self._rows[row.id]

    def _of_row(self, row: Row) -> Iterator[Flow]:
        if row.target in TAGS:
            assert row.port is not None, f"{row.id}: a service tag needs a port"
            for name, subnet, step in self._starts(row):
                way = inside.to_internet(self.record, subnet, row.target, row.port) if subnet else NO_WAY
                yield Flow(name, row.target, row.port, way.after(step))
            return
        for target in self.targets:
            if target.kind != row.target:
                continue
            if row.source in OUTSIDE:
                yield self.flow(row.source, target)
                continue
            for name, subnet, step in self._starts(row):
                way = inside.to_target(self.record, subnet, target) if subnet else NO_WAY
                yield Flow(name, target.name, target.port, way.after(step))

    def _starts(self, row: Row) -> list[tuple[str, Resource | None, Step]]:
        """Who starts a flow: by name, the subnet it goes out of (None: none), and why that one."""
        source = row.source
        if source == "apps":
            sites = [site for site in self.record.of_type(SITE, SLOT) if self._is_meant(site, row)]
            return [(site.name, *inside.home(self.record, site)) for site in sites]
        jobs = self.record.of_type(JOB) if source == "jobs" else []
        if jobs:
            return [(job.name, *inside.home_of_job(self.record, job)) for job in jobs]
        subnet = self._subnet(source)
        if subnet is None:
            return [(source, None, Step(f"the network has no subnet for {source}"))]
        return [(subnet.name, subnet, Step(f"from {subnet.name}", subnet))]

    def _is_meant(self, site: Resource, row: Row) -> bool:
        """Whether the environment that the site is given is one that the row is about."""
        if row.reading is None and not row.without:
            return True
        given = "web:WebAppApplicationSettings" + ("Slot" if site.type.endswith("WebAppSlot") else "")
        holders = self.record.holders(site, "name", given, by="name")
        names = {name for holder in holders for name in get(holder, "properties") or ()}
        return (row.reading is None or row.reading in names) and not names & set(row.without)

    def _subnet(self, purpose: str) -> Resource | None:
        """The subnet of a purpose, by what owns it; the runner's is the one that nothing else uses."""
        owners = {"jobs": "Microsoft.App/environments", "database": "Microsoft.DBforPostgreSQL/flexibleServers"}
        if purpose in owners:
            owned = owners[purpose].lower()
            return next((each for each in self.subnets if owned in _delegations(each)), None)
        used = {
            subnet.urn
            for endpoint in self.record.of_type(ENDPOINT)
            for subnet in self.record.targets(endpoint, "subnet.id", inside.SUBNET)
        }
        return next((each for each in self.subnets if not _delegations(each) and each.urn not in used), None)


def _delegations(subnet: Resource) -> set[str]:
    return {str(each.get("serviceName")).lower() for each in get(subnet, "delegations") or ()}
