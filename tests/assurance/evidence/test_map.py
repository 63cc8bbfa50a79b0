"""The map of patients' data: what is on it, what changes it, and that it can be read for four apps and for forty."""

from __future__ import annotations

import copy
import re
from functools import cache
from typing import Any
from xml.etree import ElementTree

import pytest

from assurance.access.matrix import matrix
from assurance.evidence.assets import asset_kinds, assets, is_asset
from assurance.evidence.dependence import openings, single_points
from assurance.evidence.drawing import drawn, look, markdown, mermaid, svg
from assurance.evidence.flows import DataMap, Hop, data_map
from assurance.record import Record
from tests.assurance.evidence.made import STACKS, altered
from tests.harness import shared_record, stack_record

SVG = "{http://www.w3.org/2000/svg}"


def map_of(record: Record) -> DataMap:
    return data_map(record, matrix(record))


@cache
def prod() -> DataMap:
    return map_of(shared_record("prod"))


def hop(found: DataMap, start: str, end: str) -> Hop:
    (one,) = [each for each in found.hops if each.start.name == start and each.end.name == end]
    return one


def test_data_enters_rests_moves_and_leaves() -> None:
    layers = {place.layer for place in prod().places}
    assert layers == {"people", "edge", "apps", "stores", "copies", "outside"}
    entered = hop(prod(), "people's browsers", "api.medspasyncpro.com")
    assert (entered.encryption, entered.right) == ("TLS 1.2 or newer", "firewall waf-api (Prevention)")
    stored = hop(prod(), "app-backend", "postgres (PgBouncer)")
    assert stored.right == "secret DATABASE-URL of vault-backend"
    assert stored.private
    assert "Long Term Retention" in hop(prod(), "postgres", "backup").right
    assert {look(each) for each in prod().hops} == {"inside", "public"}


APPS_WITH_AND_WITHOUT = ("app-backend", "app-marketing")


def test_an_app_without_a_right_has_no_hop() -> None:
    ends = {app: {each.end.kind for each in prod().hops if each.start.name == app} for app in APPS_WITH_AND_WITHOUT}
    assert "outside" in ends["app-backend"]
    assert not ends["app-marketing"]


def _without(type_: str, name: str) -> Any:
    def change(record: Record) -> None:
        record.resources = [r for r in record.resources if not (r.type.endswith(type_) and r.name == name)]

    return change


def _set(type_: str, path: str, value: Any) -> Any:
    def change(record: Record) -> None:
        for resource in record.of_type(type_):
            *outer, last = path.split(".")
            inputs = resource.inputs
            for part in outer:
                inputs = inputs[part]
            inputs[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "start", "end", "after"),
    [
        (_without("PrivateEndpoint", "redis-private-endpoint"), "app-backend", "redis", "shut"),
        (_set("redisenterprise:Database", "clientProtocol", "Plaintext"), "app-backend", "redis", "bare"),
        (_set("web:WebApp", "httpsOnly", False), "api.medspasyncpro.com", "app-backend", "bare"),
        (_set("cdn:Route", "forwardingProtocol", "MatchRequest"), "api.medspasyncpro.com", "app-backend", "bare"),
    ],
    ids=["endpoint gone", "cache in plain text", "app takes HTTP", "edge sends HTTP"],
)
def test_a_weaker_way_changes_the_map(change: Any, start: str, end: str, after: str) -> None:
    changed = map_of(altered("prod", change))
    assert look(hop(prod(), start, end)) == "inside"
    assert look(hop(changed, start, end)) == after
    assert markdown(changed) != markdown(prod())
    assert svg(changed) != svg(prod())


@cache
def forty() -> DataMap:
    """The map of prod with 40 frontends."""
    found = prod()
    places, hops = list(found.places), list(found.hops)
    for number in range(36):
        renamed = {
            place: type(place)(**{**vars(place), "name": f"{place.name}-{number}"})
            for place in places
            if place.name in ("app-frontend", "app.medspasyncpro.com")
        }
        places += renamed.values()
        for each in [each for each in found.hops if each.start in renamed or each.end in renamed]:
            copied = copy.copy(vars(each))
            copied["start"], copied["end"] = renamed.get(each.start, each.start), renamed.get(each.end, each.end)
            hops.append(Hop(**copied))
    return DataMap("prod", places, hops)


@pytest.mark.parametrize("found", [prod, forty])
def test_a_drawing_is_readable_with_every_hop(found: Any) -> None:
    """Boxes do not lie on each other, no more than a dozen stand in a column, and each line has its number."""
    plan = drawn(found())
    root = ElementTree.fromstring(svg(found()))
    boxes = [(float(r.get("x", "")), float(r.get("y", ""))) for r in root.iter(f"{SVG}rect")]
    assert len(boxes) == len(plan.places) == len(set(boxes))
    columns: dict[float, list[float]] = {}
    for x, y in boxes:
        columns.setdefault(x, []).append(y)
    assert all(b - a >= 50 for ys in columns.values() for a, b in zip(sorted(ys), sorted(ys)[1:], strict=False))
    assert max(map(len, columns.values())) <= 12
    numbers = [int(t.text or 0) for t in root.iter(f"{SVG}text") if t.get("class") == "number"]
    assert numbers == list(range(1, len(plan.hops) + 1))
    lines = mermaid(found()).splitlines()
    arrows = [line for line in lines if re.match(r"  p\d+ .*(-->|==>|\.->|-x) p\d+$", line)]
    assert len(arrows) == len(plan.hops)
    assert lines[0] == "flowchart LR"


def test_forty_apps_are_drawn_as_their_kinds() -> None:
    names = [place.name for place in drawn(forty()).places if place.layer == "apps"]
    assert any(name.startswith("38 apps: app-frontend") for name in names)
    assert any(name == "app-backend" for name in names)


@pytest.mark.parametrize("stack", STACKS)
def test_every_asset_is_decided_with_owner_and_place(stack: str) -> None:
    found = assets(shared_record(stack))
    assert [each.name for each in found if each.kind == "not decided"] == []
    assert [each.name for each in found if not each.owner or not each.location] == []
    assert {each.kind for each in found} >= {"database", "vault", "key", "edge", "app"}


def test_a_type_that_nobody_knows_is_an_asset() -> None:
    record = stack_record("dev")
    resource = record.of_type("resources:ResourceGroup")[0]
    assert not is_asset(resource)
    resource.type = "azure-native:quantum:Workspace"
    assert is_asset(resource)
    assert "not decided" in {each.kind for each in assets(record)}


def test_what_one_zone_carries_is_named_with_dependents() -> None:
    points = {each.resource.name: each for each in single_points(shared_record("prod"), prod())}
    (gateway,) = [each for each in points.values() if each.kind == "way out"]
    assert {"app-backend", "app-frontend"} <= set(gateway.dependents)
    record = altered("prod", _set("dbforpostgresql:Server", "highAvailability", {"mode": "SameZone"}))
    (server,) = [each for each in single_points(record, map_of(record)) if each.kind == "database"]
    assert "app-backend" in server.dependents
    assert server.setting == "highAvailability.mode = SameZone"


def test_keys_identities_and_vaults_tell_what_they_open() -> None:
    record = shared_record("prod")
    found = {each.resource.name: each for each in openings(record, matrix(record))}
    assert found["key-postgres-k1"].opens == ("postgres (dataEncryption.primaryKeyURI)",)
    assert "identity-encryption" in found["key-postgres-k1"].used_by
    assert "postgres: database administer" in found["identity-database-bootstrap"].opens
    assert found["vault-backend"].used_by == ("backend",)
    assert "DATABASE-URL" in found["vault-backend"].opens


def test_rows_of_kinds_are_types_of_facts() -> None:
    from facts.types import resource_types

    assert {f"azure-native:{type_}" for type_ in asset_kinds()} <= resource_types().keys()
