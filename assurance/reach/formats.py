"""What can be reached, as JSON."""

from typing import Any

from assurance.check.formats import stated_json
from assurance.reach.front_door import Host
from assurance.reach.reachability_graph import Flow
from assurance.reach.report import Reach
from assurance.record import get

BASIS = (
    "declared configuration, seen offline; nothing was asked of Azure. Private links count as approved, "
    "and what is outside the record (a hub's routes, another stack) is not seen"
)


def to_json(found: Reach) -> str:
    """Hosts, every flow with its reasons, the ways to the data, and findings."""
    return stated_json(
        found.report,
        BASIS,
        hosts=[_host(host) for host in found.hosts],
        flows=[_flow(flow) for flow in found.flows.values()],
        ways=found.ways,
    )


def _host(host: Host) -> dict[str, Any]:
    return {
        "host": host.name,
        "firewall": host.firewall.name if host.firewall else None,
        "mode": get(host.firewall, "policySettings.mode") if host.firewall else None,
        "routes": {route.name: get(route, "patternsToMatch") for route in host.routes},
        "sites": [site.name for site in host.sites],
        "source": host.by.source,
        "origin": host.by.origin,
    }


def _flow(flow: Flow) -> dict[str, Any]:
    return {
        "from": flow.start,
        "to": flow.end,
        "port": flow.port,
        "open": flow.verdict.open,
        "condition": flow.verdict.condition,
        "reasons": [
            {
                "text": step.text,
                "resource": step.by.name if step.by else "",
                "source": step.by.source if step.by else None,
            }
            for step in flow.verdict.steps
        ],
    }
