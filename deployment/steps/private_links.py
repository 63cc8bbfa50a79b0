"""Approve the private link connections of our own Front Door, and nobody else's.

Front Door's endpoint is in a subscription of Microsoft's, so Azure never approves it by itself, and its name is made up
(learn.microsoft.com/azure/frontdoor/private-link). The connection says nothing of the profile that asked, only a
message. Three things must agree, therefore: the message, whose end is random and known only to who may read our profile
(it is read from there); an endpoint outside our own subscription; and our profile's origins, which say how many
connections we asked for. One more than that, and none is approved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from deployment.arm import Arm, ArmError
from deployment.inputs import Inputs
from deployment.step import Context, Result, attempt, name_of

WEB = "2024-11-01"
API_MANAGEMENT = "2024-05-01"
CDN = "2025-06-01"

MESSAGE_SHORTEST = 32
"""Characters below which a request message cannot hold anything unguessable."""


@dataclass
class Asked:
    """What our profile asked of one site: its messages, and one endpoint for each group and region."""

    messages: set[str] = field(default_factory=set)
    places: set[tuple[str, str]] = field(default_factory=set)


def run(context: Context) -> Iterator[Result]:
    """One result for each app, and for the gateway, that Front Door reaches by private link."""
    targets = {app.site_id: WEB for app in context.inputs.apps.values() if app.private_link}
    if context.inputs.gateway_id:
        targets[context.inputs.gateway_id] = API_MANAGEMENT
    if not targets:
        yield Result("Front Door", "skipped", "no app of this stack is reached by private link")
        return
    try:
        asked = _asked_by_us(context.arm, context.inputs)
    except ArmError as refused:
        yield Result(name_of(context.inputs.front_door_id), "failed", str(refused))
        return
    for target, version in targets.items():
        yield attempt(name_of(target), partial(_approve, context, target, version, asked))


def _asked_by_us(arm: Arm, inputs: Inputs) -> Mapping[str, Asked]:
    """What our profile asked of each site, by its id in lower case."""
    asked: defaultdict[str, Asked] = defaultdict(Asked)
    for group in arm.list(f"{inputs.front_door_id}/originGroups", CDN):
        for origin in arm.list(f"{group['id']}/origins", CDN):
            link = origin["properties"].get("sharedPrivateLinkResource")
            if link and len(link.get("requestMessage") or "") >= MESSAGE_SHORTEST:
                site = asked[link["privateLink"]["id"].lower()]
                site.messages.add(link["requestMessage"])
                site.places.add((str(link.get("groupId")), str(link.get("privateLinkLocation"))))
    return asked


def _approve(context: Context, site: str, version: str, asked: Mapping[str, Asked]) -> Result:
    target, ours_asked = name_of(site), asked.get(site.lower(), Asked())
    expected = len(ours_asked.places)
    if not expected:
        return Result(target, "failed", "no origin of our Front Door asks for this site with a message of its own")
    connections = context.arm.list(f"{site}/privateEndpointConnections", version)
    ours = [one for one in connections if _is_ours(one, site, ours_asked.messages)]
    pending = [one for one in ours if _state(one).get("status") == "Pending"]
    approved = [one for one in ours if _state(one).get("status") == "Approved"]
    if len(pending) + len(approved) > expected:
        return Result(
            target,
            "failed",
            f"{len(pending) + len(approved)} connections bear our message, but our Front Door asked for {expected}: "
            f"none was approved; find out who asked ({', '.join(map(_endpoint, pending + approved))})",
        )
    if len(approved) == expected:
        return Result(target, "already", f"{len(approved)} approved{_others(connections, ours)}")
    if not pending:
        refused = [f"{one['name']} is {_state(one).get('status')}" for one in ours if one not in approved]
        why = "; ".join(refused) or "Front Door asks some minutes after `up`"
        return Result(target, "failed", f"no connection of our Front Door is waiting: {why}; run again")
    names = ", ".join(one["name"] for one in pending)
    if context.plan:
        return Result(target, "planned", f"would approve {names}{_others(connections, ours)}")
    for one in pending:
        path = f"{site}/privateEndpointConnections/{one['name']}"
        # The message stays: it is how the connection is known again.
        state = {"status": "Approved", "description": _state(one)["description"], "actionsRequired": "None"}
        context.arm.put(path, version, {"properties": {"privateLinkServiceConnectionState": state}})
        if (now := _state(context.arm.get(path, version)).get("status")) != "Approved":
            return Result(target, "failed", f"{one['name']} is {now} after its approval")
    return Result(target, "done", f"approved {names}{_others(connections, ours)}")


def _is_ours(connection: dict[str, Any], site: str, messages: Collection[str]) -> bool:
    """One of our messages, from an endpoint that is not one of our own network's."""
    own_subscription = "/".join(site.split("/")[:3]).lower() + "/"
    told = _state(connection).get("description")
    return told in messages and not _endpoint(connection).lower().startswith(own_subscription)


def _state(connection: dict[str, Any]) -> dict[str, Any]:
    return connection["properties"].get("privateLinkServiceConnectionState") or {}


def _endpoint(connection: dict[str, Any]) -> str:
    return str((connection["properties"].get("privateEndpoint") or {}).get("id", "unknown"))


def _others(connections: list[dict[str, Any]], ours: list[dict[str, Any]]) -> str:
    left = [one["name"] for one in connections if one not in ours and _state(one).get("status") == "Pending"]
    return f"; left alone, not ours: {', '.join(left)}" if left else ""
