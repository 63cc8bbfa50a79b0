"""Where patients' data enters, rests, moves and leaves: the hops of one stack, from its record.

A hop is there where somebody has a right to what is at its end; how it goes is worked out as `assurance reach` does. So
a private endpoint that is taken away changes its hops, and a right that is taken away ends them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any, Literal

from assurance.access.matrix import Matrix
from assurance.evidence.assets import asset_kinds
from assurance.evidence.encryption import in_transit
from assurance.reach import front_door, inside
from assurance.reach.reachability_graph import JOB, ReachabilityGraph
from assurance.reach.targets import SITE, Target
from assurance.reach.verdict import Verdict
from assurance.record import Record, Resource, get, short_type
from documents.counting import counted

Layer = Literal["people", "edge", "apps", "stores", "copies", "outside"]
LAYERS: tuple[Layer, ...] = ("people", "edge", "apps", "stores", "copies", "outside")
PEOPLE = "people's browsers"
STORES = ("database", "pooler", "cache", "bus", "archive")
OUTWARD = {443: "HTTPS on port 443", 587: "STARTTLS on port 587, which the app must ask for"}
"""Ports by which apps speak to others, and what decides the encryption."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Something that patients' data is in or goes through. urn: empty for what no record holds."""

    name: str
    layer: Layer
    kind: str
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One step on the way. way: by what it goes, in words; private: it never leaves the private network; open: it can
    be gone at all; encryption, right: in words. by: the resource that decides."""

    start: Place
    end: Place
    way: str
    private: bool
    open: bool
    encryption: str
    right: str
    by: Resource | None = field(default=None, compare=False)


@dataclass(frozen=True)
class DataMap:
    """Every place and hop of one stack."""

    stack: str
    places: list[Place]
    hops: list[Hop]


def data_map(record: Record, matrix: Matrix) -> DataMap:
    """The map of a stack's patients' data."""
    maker = _Maker(record, matrix)
    hops = _merged([*maker.enter(), *maker.to_stores(), *maker.copies(), *maker.leave()])
    places = dict.fromkeys(place for hop in hops for place in (hop.start, hop.end))
    ordered = sorted(places, key=lambda each: (LAYERS.index(each.layer), each.kind, each.name))
    hops.sort(key=lambda hop: (ordered.index(hop.start), ordered.index(hop.end), hop.right))
    return DataMap(record.stack, ordered, hops)


def _merged(hops: list[Hop]) -> list[Hop]:
    """Each way between two places once, with every right to it."""
    found: dict[tuple[Any, ...], list[Hop]] = {}
    for hop in hops:
        found.setdefault((hop.start, hop.end, hop.way, hop.encryption), []).append(hop)
    return [replace(same[0], right="; ".join(dict.fromkeys(hop.right for hop in same))) for same in found.values()]


def _store(target: Target, layer: Layer) -> Place:
    return Place(name=target.name, layer=layer, kind=target.kind, urn=target.resource.urn)


class _Maker:
    def __init__(self, record: Record, matrix: Matrix) -> None:
        self.graph = ReachabilityGraph(record)
        self.record = self.graph.record
        self.matrix = matrix

    def enter(self) -> Iterator[Hop]:
        """From people to the edge, and from the edge to the apps."""
        people = Place(name=PEOPLE, layer="people", kind="people")
        sites = {target.resource.urn: target for target in self.graph.targets if target.kind == "site"}
        for host in self.graph.hosts:
            wall = host.firewall
            edge = Place(name=host.name, layer="edge", kind="host name", urn=host.by.urn)
            right = f"firewall {wall.name} ({get(wall, 'policySettings.mode')})" if wall else "no firewall"
            encryption = self._encryption(host.by)
            yield Hop(start=people, end=edge, way="Front Door", private=False, open=True, encryption=encryption,
                      right=right, by=wall)  # fmt: skip
            for site in host.sites:
                verdict = front_door.to_site(self.record, sites[site.urn])
                protocols = {str(get(route, "forwardingProtocol")) for route in host.routes}
                sent = "HTTPS only" if protocols == {"HttpsOnly"} else f"as it came ({', '.join(sorted(protocols))})"
                encryption = self._encryption(site) if sent == "HTTPS only" else sent
                yield self._hop(edge, self._app(site), verdict, encryption, "what the app lets its users do")

    def to_stores(self) -> Iterator[Hop]:
        """From each app and job to each store that it has a right to."""
        for target in self.graph.targets:
            if target.kind not in STORES:
                continue
            store = _store(target, "copies" if target.kind == "archive" else "stores")
            for user, right in self._users(target):
                subnet, step = (inside.home_of_job if short_type(user) == JOB else inside.home)(self.record, user)
                verdict = (
                    inside.to_target(self.record, subnet, target).after(step) if subnet else Verdict(False, (step,))
                )
                yield self._hop(self._app(user), store, verdict, self._encryption(target.resource, target), right)

    def copies(self) -> Iterator[Hop]:
        """From the stores to their copies: backups, geo-redundant ones, and the archive of the logs."""
        stores = [target for target in self.graph.targets if target.kind == "database"]
        for server in self.record.of_type("dbforpostgresql:Server"):
            start = Place(name=server.name, layer="stores", kind="database", urn=server.urn)
            days = get(server, "backup.backupRetentionDays", "not declared")
            geo = get(server, "backup.geoRedundantBackup") == "Enabled"
            name = f"backups of {server.name}" + (", also in the paired region" if geo else "")
            yield self._copy(start, name, f"{days} days, Azure's own network", "the server itself", server)
        for instance in self.record.of_type("dataprotection:BackupInstance"):
            vaults = self.record.targets(instance, "vaultName", "dataprotection:BackupVault", by="vaultName")
            source = str(get(instance, "properties.dataSourceInfo.resourceID")).lower()
            for vault, target in product(vaults, stores):
                if target.resource.id.lower() == source:
                    right = ", ".join(self._database_rights(vault)) or "no right of the vault is declared"
                    start = _store(target, "stores")
                    yield self._copy(start, vault.name, "Azure's own network", right, instance, vault)
        for export in self.record.of_type("operationalinsights:DataExport"):
            spaces = self.record.targets(export, "workspaceName", "operationalinsights:Workspace", by="workspaceName")
            accounts = self.record.targets(export, "resourceId", "storage:StorageAccount")
            right = f"export of {counted(len(get(export, 'tableNames') or ()), 'table')}"
            for space, account in product(spaces, accounts):
                start = Place(name=space.name, layer="stores", kind="log store", urn=space.urn)
                yield self._copy(start, f"{account.name} (blob)", "Azure's own network", right, export, account)

    def _database_rights(self, vault: Resource) -> list[str]:
        """By what a backup vault may read databases."""
        grants = [grant for grant in self.matrix.grants if vault.urn in grant.principal.users]
        return sorted({grant.via for grant in grants if "database" in str(grant.rights)})

    def leave(self) -> Iterator[Hop]:
        """From the apps to the Internet: payments, mail, whatever they call."""
        end = Place(name="the Internet: payments, mail and other interfaces", layer="outside", kind="outside")
        for site in self.record.of_type(SITE):
            subnet, step = inside.home(self.record, site)
            ways = {
                port: inside.to_internet(self.record, subnet, "Internet", port).after(step)
                for port in OUTWARD
                if subnet is not None
            }
            ports = [port for port, verdict in ways.items() if verdict.open]
            if ports:
                verdict = ways[ports[0]]
                way = next((each.text for each in verdict.steps if "goes out by" in each.text), "straight out")
                encryption = ", ".join(OUTWARD[port] for port in ports)
                right = "what the app sends"
                yield self._hop(self._app(site), end, verdict, encryption, right, private=False, way=way)

    def _users(self, target: Target) -> Iterator[tuple[Resource, str]]:
        """Who has a right to a store, and by what: a grant to its identity, or a secret made from the store."""
        record = self.graph.record
        names = {target.resource.urn} | {each.urn for each in record if self._below(each, target.resource)}
        if target.kind != "pooler":
            for grant in self.matrix.grants:
                if grant.target.urn in names and grant.rights:
                    for urn in grant.principal.users:
                        if short_type(record.by_urn[urn]) in (SITE, JOB):
                            yield record.by_urn[urn], f"{', '.join(grant.rights)} ({grant.via})"
        for readable in self.matrix.secrets:
            made_from = readable.secret.propertyDependencies.get("properties", [])
            if target.resource.urn not in made_from or (target.kind == "database" and self._pooled(target)):
                continue
            for app in self.record.of_type(SITE):
                if str(get(app, "name")) in readable.wanted_by:
                    yield app, f"secret {readable.name} of {readable.vault.name}"
        if target.kind == "database":
            for job in self.record.of_type(JOB):
                if not any(job.urn in g.principal.users and g.target.urn in names for g in self.matrix.grants):
                    yield job, "a role inside the database, given by database/"

    def _pooled(self, target: Target) -> bool:
        return any(each.kind == "pooler" and each.resource.urn == target.resource.urn for each in self.graph.targets)

    def _below(self, each: Resource, outer: Resource) -> bool:
        return bool(outer.id) and each.id.lower().startswith(f"{outer.id.lower()}/")

    def _app(self, resource: Resource) -> Place:
        kind = "job" if short_type(resource) == JOB else "app"
        return Place(name=resource.name, layer="apps", kind=kind, urn=resource.urn)

    def _encryption(self, resource: Resource, target: Target | None = None) -> str:
        about = resource
        if target is not None and target.kind == "cache":
            databases = self.record.holders(resource, "clusterName", "redisenterprise:Database", by="clusterName")
            open_to_all = [each for each in databases if get(each, "clientProtocol") != "Encrypted"]
            about = open_to_all[0] if open_to_all else resource
        row = asset_kinds().get(short_type(about))
        return in_transit(self.record, about, row.transit) if row and row.transit else "not declared"

    def _hop(self, start: Place, end: Place, verdict: Verdict, encryption: str, right: str, **more: Any) -> Hop:
        by = verdict.decided_by
        passed = [step for step in verdict.steps if step.by is not None and short_type(step.by) in _WAYS]
        way = passed[-1].text if passed else verdict.why
        private = {"private": bool(passed) and "public" not in way}
        way = way if verdict.open else f"closed: {verdict.steps[-1].text}"
        return Hop(start=start, end=end, open=verdict.open, encryption=encryption, right=right, by=by,
                   **({"way": way} | private | more))  # fmt: skip

    def _copy(self, start: Place, name: str, way: str, right: str, by: Resource, end: Resource | None = None) -> Hop:
        kind = "archive" if end is not None and short_type(end) == "storage:StorageAccount" else "copy"
        place = Place(name=name, layer="copies", kind=kind, urn=end.urn if end else "")
        encryption = "TLS inside Azure (Microsoft's own traffic between its services)"
        return Hop(start=start, end=place, way=way, private=True, open=True, encryption=encryption, right=right, by=by)


_WAYS = ("network:PrivateEndpoint", "privatedns:PrivateZone", "dbforpostgresql:Server", "cdn:AFDOrigin")
"""What decides by which way a name leads: told as the hop's way."""
