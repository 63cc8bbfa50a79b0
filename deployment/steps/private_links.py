"""Approve the private link connections of our own Front Door, and nobody else's.

Front Door's endpoint is in a subscription of Microsoft's, so Azure never approves it by itself, and its name is made up
(learn.microsoft.com/azure/frontdoor/private-link). The connection says nothing of the profile that asked, only a
message. Three things must agree, therefore: the message, whose end is random and known only to who may read our profile
(it is read from there); an endpoint outside our own subscription; and our profile's origins, which say how many
connections we asked for. One more than that, and none is approved.

They are counted by place. After a change of region Front Door makes a new endpoint, and says nothing of removing the
old one (MicrosoftDocs/azure-docs articles/frontdoor/private-link.md@0408c35): an approved connection of another region
is no surplus. The region is the end of the name of the endpoint's resource group (``eafd-Prod-eastus2``), as seen in
public reports, documented nowhere (docs/azure-unproven.md); where it cannot be read, all connections count together.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deployment.arm import Arm
from deployment.inputs import Inputs
from deployment.step import Context, Result, attempt, name_of

WEB = "2024-11-01"
API_MANAGEMENT = "2024-05-01"
CDN = "2025-06-01"

MESSAGE_SHORTEST = 32
"""Characters below which a request message cannot hold anything unguessable."""

_COUNTED = ("Pending", "Approved")


@dataclass
class LinkRequests:
    """What our profile asked of one site: its messages, and one endpoint for each group and region."""

    messages: set[str] = field(default_factory=set)
    places: set[tuple[str, str]] = field(default_factory=set)

    def wanted(self, region: str | None) -> int:
        """How many connections were asked for in a region; in all where that is None."""
        return sum(region in (None, place.lower().replace(" ", "")) for _, place in self.places)


def run(context: Context) -> Iterator[Result]:
    """One result for each app, and for the gateway, that Front Door reaches by private link."""
    targets = {app.site_id: WEB for app in context.inputs.apps.values() if app.private_link}
    if context.inputs.gateway_id:
        targets[context.inputs.gateway_id] = API_MANAGEMENT
    if not targets:
        yield Result("Front Door", "skipped", "no app of this stack is reached by private link")
        return
    asked = _requests_of_ours(context.arm, context.inputs)
    for target, version in targets.items():
        yield attempt(name_of(target), _approve, context, target, version, asked)


def _requests_of_ours(arm: Arm, inputs: Inputs) -> Mapping[str, LinkRequests]:
    """What our profile asked of each site, by its id in lower case."""
    asked: defaultdict[str, LinkRequests] = defaultdict(LinkRequests)
    for group in arm.list(f"{inputs.front_door_id}/originGroups", CDN):
        for origin in arm.list(f"{group['id']}/origins", CDN):
            link = origin["properties"].get("sharedPrivateLinkResource")
            if link and len(link.get("requestMessage") or "") >= MESSAGE_SHORTEST:
                site = asked[link["privateLink"]["id"].lower()]
                site.messages.add(link["requestMessage"])
                site.places.add((str(link.get("groupId")), str(link.get("privateLinkLocation"))))
    return asked


def _approve(context: Context, site: str, version: str, asked: Mapping[str, LinkRequests]) -> Result:
    target, ours_asked = name_of(site), asked.get(site.lower(), LinkRequests())
    if not ours_asked.places:
        return Result(target, "failed", "no origin of our Front Door asks for this site with a message of its own")
    connections = context.arm.list(f"{site}/privateEndpointConnections", version)
    ours = [one for one in connections if _is_ours(one, site, ours_asked.messages)]
    counted = _sort(ours, ours_asked)
    pending = [one for one in counted.fit if _status(one) == "Pending"]
    notes = _others(connections, ours)
    if counted.old:
        notes += f"; approved for a region of before: {_names(counted.old)}"
    if not context.plan:
        for one in pending:
            if (now := _approve_one(context, site, version, one)) != "Approved":
                return Result(target, "failed", f"{one['name']} is {now} after its approval")
    did = f"approved {_names(pending)}; " if pending and not context.plan else ""
    if counted.surplus:
        endpoints = ", ".join(map(_endpoint, counted.surplus))
        message = (
            f"{len(counted.surplus)} connections bear our message, but our Front Door asked for {counted.asked} there: "
            f"none of them was approved; find out who asked ({endpoints})"
        )
        return Result(target, "failed", f"{did}{message}{notes}")
    if len(counted.fit) < ours_asked.wanted(None):
        refused = [f"{one['name']} is {_status(one)}" for one in ours if _status(one) not in _COUNTED]
        why = "; ".join(refused) or "Front Door asks some minutes after `up`"
        return Result(target, "failed", f"{did}no connection of our Front Door is waiting: {why}; run again")
    if not pending:
        return Result(target, "already", f"{len(counted.fit)} approved{notes}")
    if context.plan:
        return Result(target, "planned", f"would approve {_names(pending)}{notes}")
    return Result(target, "done", f"approved {_names(pending)}{notes}")


@dataclass
class Counted:
    """Connections with our message.

    fit: of a region that asked for as many; surplus: of one that asked for fewer, for ``asked``; old: approved, of a
    region that asks no more.
    """

    fit: list[dict[str, Any]] = field(default_factory=list)
    surplus: list[dict[str, Any]] = field(default_factory=list)
    old: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0


def _sort(ours: list[dict[str, Any]], asked: LinkRequests) -> Counted:
    """Count our connections by region; all together where one does not show its own."""
    counted, found = Counted(), [one for one in ours if _status(one) in _COUNTED]
    regions = {_region(one) for one in found}
    for region in {None} if None in regions else regions:
        here = [one for one in found if region in (None, _region(one))]
        wanted = asked.wanted(region)
        if len(here) <= wanted:
            counted.fit += here
            continue
        pending = [one for one in here if _status(one) == "Pending"]
        if wanted == 0:
            counted.old += [one for one in here if one not in pending]
            counted.surplus += pending
        else:
            counted.surplus += here
            counted.asked += wanted
    return counted


def _approve_one(context: Context, site: str, version: str, connection: dict[str, Any]) -> Any:
    """Approve a connection and return the status that Azure shows then."""
    path = f"{site}/privateEndpointConnections/{connection['name']}"
    # The message stays: it is how the connection is known again.
    state = {"status": "Approved", "description": _state(connection)["description"], "actionsRequired": "None"}
    context.arm.put(path, version, {"properties": {"privateLinkServiceConnectionState": state}})
    return _status(context.arm.get(path, version))


def _names(connections: list[dict[str, Any]]) -> str:
    return ", ".join(one["name"] for one in connections)


def _region(connection: dict[str, Any]) -> str | None:
    """The region of Front Door's endpoint, where its resource group is named as Front Door names them."""
    found = re.search(r"/resourceGroups/eafd-[^/]+-([a-z0-9]+)/", _endpoint(connection), re.IGNORECASE)
    return found[1].lower() if found else None


def _status(connection: dict[str, Any]) -> Any:
    return _state(connection).get("status")


def _is_ours(connection: dict[str, Any], site: str, messages: Collection[str]) -> bool:
    """One of our messages, from an endpoint that is not one of our own network's."""
    own_subscription = "/".join(site.split("/")[:3]).lower() + "/"
    message = _state(connection).get("description")
    return message in messages and not _endpoint(connection).lower().startswith(own_subscription)


def _state(connection: dict[str, Any]) -> dict[str, Any]:
    return connection["properties"].get("privateLinkServiceConnectionState") or {}


def _endpoint(connection: dict[str, Any]) -> str:
    return str((connection["properties"].get("privateEndpoint") or {}).get("id", "unknown"))


def _others(connections: list[dict[str, Any]], ours: list[dict[str, Any]]) -> str:
    left = [one["name"] for one in connections if one not in ours and _state(one).get("status") == "Pending"]
    return f"; left alone, not ours: {', '.join(left)}" if left else ""
