"""What fails with what: single points of failure, and what each key, identity and vault encrypts or opens."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from assurance.access.matrix import Matrix
from assurance.access.principals import IDENTITY
from assurance.evidence.assets import asset_kinds, is_asset
from assurance.evidence.encryption import KEY, keys_of
from assurance.evidence.flows import DataMap
from assurance.record import UNKNOWN, Record, Resource, get, short_type

VAULT = "keyvault:Vault"


@dataclass(frozen=True, kw_only=True)
class SinglePoint:
    """An asset that one zone or one instance carries. loss: what is lost with it; setting: the input that decides, with
    its value; dependents: assets that need it, by name."""

    resource: Resource
    kind: str
    loss: str
    setting: str
    dependents: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One key, identity or vault. used_by: who acts as it, or encrypts with it; opens: what it encrypts or opens."""

    resource: Resource
    kind: str
    used_by: tuple[str, ...]
    opens: tuple[str, ...]


def single_points(record: Record, found: DataMap) -> list[SinglePoint]:
    """Every asset whose type has a setting for it (assets.yaml, zones) that does not spread it, by kind and name."""
    graph = _dependents(record, found)
    points = []
    for resource in record:
        row = asset_kinds().get(short_type(resource))
        if row is None or row.zones is None or not resource.custom or row.zones.spread(resource):
            continue
        value = get(resource, row.zones.input, "not declared")
        points.append(
            SinglePoint(
                resource=resource,
                kind=row.kind,
                loss=row.zones.says,
                setting=f"{row.zones.input} = {str(value).lower() if isinstance(value, bool) else value}",
                dependents=_all_above(graph, resource, record),
            )
        )
    return sorted(points, key=lambda each: (each.kind, each.resource.name))


def _dependents(record: Record, found: DataMap) -> dict[str, set[str]]:
    """Who needs whom, by URN: whoever names an ARM id among its inputs, and who sends data to a store."""
    by_id = {each.id.lower(): each.urn for each in record if each.custom and each.id not in ("", UNKNOWN)}
    graph: dict[str, set[str]] = {}
    for resource in record.view.resources:
        for _, text in resource.texts:
            needed = by_id.get(text.lower())
            if needed is not None and needed != resource.urn:
                graph.setdefault(needed, set()).add(resource.urn)
    for hop in found.hops:
        if hop.start.urn and hop.end.urn:
            graph.setdefault(hop.end.urn, set()).add(hop.start.urn)
    return graph


def _all_above(graph: dict[str, set[str]], resource: Resource, record: Record) -> tuple[str, ...]:
    """Assets that need ``resource``, straight or by another; what only watches or guards it does not."""
    seen, waiting = {resource.urn}, deque([resource.urn])
    while waiting:
        for urn in graph.get(waiting.popleft(), ()):
            if urn not in seen and short_type(record.by_urn[urn]) in _CARRY:
                seen.add(urn)
                waiting.append(urn)
    names = {record.by_urn[urn].name for urn in seen - {resource.urn} if is_asset(record.by_urn[urn])}
    return tuple(sorted(names))


_CARRY = (
    "web:WebApp", "web:WebAppSlot", "web:AppServicePlan", "app:Job", "app:ManagedEnvironment", "cdn:AFDCustomDomain",
    "network:NatGateway", "network:Subnet", "servicebus:Namespace", "redisenterprise:RedisEnterprise",
)  # fmt: skip
"""What stops working with what it needs; an alert, a lock or a diagnostic setting only tells of it."""


def openings(record: Record, matrix: Matrix) -> list[Opening]:
    """What each key encrypts, each identity may do, and who reads what in each vault."""
    return [*_keys(record), *_identities(record, matrix), *_vaults(record, matrix)]


def _keys(record: Record) -> Iterator[Opening]:
    named = [(key.urn, path, each) for each in record for key, path in keys_of(record, each) if each.custom]
    for key in sorted(record.of_type(KEY), key=lambda each: each.name):
        own = [(path, each) for urn, path, each in named if urn == key.urn and short_type(each) != KEY]
        opens = tuple(f"{each.name} ({path})" for path, each in own)
        by = {identity.name for _, each in own for identity in _acting(record, each)}
        yield Opening(resource=key, kind="key", used_by=tuple(sorted(by)), opens=opens)


def _acting(record: Record, resource: Resource) -> list[Resource]:
    values = get(resource, "identity.userAssignedIdentities") or ()
    ids = {str(each).lower() for each in values}
    return [each for each in record.of_type(IDENTITY) if each.id.lower() in ids]


def _identities(record: Record, matrix: Matrix) -> Iterator[Opening]:
    for principal in matrix.principals:
        resource = record.by_urn.get(principal.urn)
        if resource is None:
            continue
        grants = [grant for grant in matrix.grants if grant.principal.name == principal.name]
        opens = tuple(f"{grant.target.name}: {', '.join(grant.rights)}" for grant in grants if grant.rights)
        used = tuple(matrix.users.get(principal.name, ()))
        yield Opening(resource=resource, kind="identity", used_by=used, opens=opens)


def _vaults(record: Record, matrix: Matrix) -> Iterator[Opening]:
    for vault in sorted(record.of_type(VAULT), key=lambda each: each.name):
        inside = [each for each in matrix.secrets if each.vault.urn == vault.urn]
        keys = record.holders(vault, "vaultName", KEY, by="vaultName")
        readers = sorted({grant.principal.name for grant in matrix.grants if grant.target.urn == vault.urn})
        opens = (*(each.name for each in inside), *(f"key {key.name}" for key in sorted(keys, key=lambda k: k.name)))
        yield Opening(resource=vault, kind="vault", used_by=tuple(readers), opens=opens)
