"""What one resource of a type is watched for, all are; only a replica is behind its primary."""

from __future__ import annotations

from typing import Any

from policies.resource import Resource, token
from policies.rules.alert_fires import alert_on_peers
from policies.rules.monitoring import METRIC
from policies.view import Stack


def named(type_: str, name: str, **inputs: Any) -> Resource:
    return Resource(type=token(type_), name=name, urn=name, id=f"/{name}", inputs=inputs)


def alert(id_: str, *watched: str) -> Resource:
    return named(METRIC, f"alert-{id_}", scopes=[f"/{name}" for name in watched], tags={"alert": id_})


PRIMARY = named("dbforpostgresql:Server", "primary")
REPLICA = named("dbforpostgresql:Server", "replica", sourceServerResourceId="/primary")


def messages(resource: Resource, *alerts: Resource) -> list[str]:
    return list(alert_on_peers.check(resource, Stack([PRIMARY, REPLICA, *alerts])))


def test_alert_on_one_is_missed_on_another() -> None:
    on_primary = alert("postgres-cpu", "primary")
    assert messages(PRIMARY, on_primary) == []
    assert messages(REPLICA, on_primary) == ["no alert postgres-cpu is on it, as on primary"]


def test_alert_on_replicas_is_not_asked_of_primary() -> None:
    assert messages(PRIMARY, alert("postgres-replication-lag", "replica")) == []
