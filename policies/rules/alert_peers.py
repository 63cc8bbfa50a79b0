"""What one resource is watched for, its peers are."""

from collections.abc import Iterator

from facts.types import Alerts, types_with
from policies.resource import Resource
from policies.rule import rule
from policies.rules.floor import is_ours
from policies.rules.monitoring import METRIC
from policies.view import Stack

_Watched = dict[str, dict[str, list[Resource]]]
"""Watched resources by type and alert."""


@rule(
    "MON-ALERT-PEERS",
    "A metric alert that one resource of a type has, all of its type in the stack have",
    on=list(types_with("alerts", Alerts)),
    severity="medium",
    controls=["164.308(a)(1)(ii)(D)", "164.308(a)(6)(ii)"],
    remediation="Give the alert (tag alert) the resource as well: stacks/operations.py, stacks/catalogues/alerts.yaml.",
    source="requirement S24: every resource of a kind is watched; stacks/catalogues/alerts.yaml",
    where=lambda resource, _: is_ours(resource),
)
def alert_on_peers(resource: Resource, stack: Stack) -> Iterator[str]:
    watched: _Watched = stack.remember("metric alerts by type", lambda: _watched(stack))
    for alert, peers in watched.get(resource.type, {}).items():
        if resource not in peers and (_is_replica(resource) or not all(map(_is_replica, peers))):
            yield f"no alert {alert} is on it, as on {peers[0].name}"


def _watched(stack: Stack) -> _Watched:
    found: _Watched = {}
    for alert in stack.by_type(METRIC):
        for target in stack.targets(alert, "scopes[]", "*"):
            found.setdefault(target.type, {}).setdefault(str(alert.get("tags.alert")), []).append(target)
    return found


def _is_replica(server: Resource) -> bool:
    """Of a database: how far it is behind its primary is a metric that a primary has not."""
    return server.has("sourceServerResourceId")
