"""What is wrong with what can be reached."""

from collections.abc import Iterator
from dataclasses import replace

from assurance.check.findings import Finding, Status
from assurance.reach.front_door import Host
from assurance.reach.needed import Row, flow_table
from assurance.reach.public import ENTRA
from assurance.reach.reachability_graph import Flow, ReachabilityGraph
from assurance.reach.targets import BUS, JUDGED, Target, endpoints_of
from assurance.reach.verdict import Verdict
from assurance.record import Resource, get
from policies.rule import RuleInfo

CONTROLS = ("164.312(a)(1)", "164.312(e)(1)")
INTERNET = RuleInfo(
    "REACH-INTERNET",
    "From the Internet only Front Door's hosts answer",
    "critical",
    CONTROLS,
    "Close the service's public side, and give it a private endpoint where apps or people need it.",
    "requirement S01: only the edge answers on the Internet",
)
NEEDED = RuleInfo(
    "REACH-NEEDED",
    "Every flow that the platform needs is open",
    "high",
    CONTROLS,
    "Open the flow again, or take its row out of assurance/reach/needed.yaml when nobody needs it.",
    "assurance/reach/needed.yaml, which says why each flow is needed",
)
FORBIDDEN = RuleInfo(
    "REACH-FORBIDDEN",
    "No flow is open that must never be",
    "high",
    CONTROLS,
    "Close the flow; assurance/reach/needed.yaml says why it must stay closed.",
    "assurance/reach/needed.yaml, which says why each must stay closed",
)
EDGE = RuleInfo(
    "REACH-EDGE",
    "Every host of Front Door is behind a firewall in Prevention, and leads to a site",
    "high",
    CONTROLS,
    "Associate the domain or endpoint with a firewall policy for /*, enabled, in Prevention mode.",
    "requirement S08; learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-policy-settings",
)
UNJUDGED = RuleInfo(
    "REACH-UNJUDGED",
    "Everything with a public side is looked at",
    "medium",
    CONTROLS,
    "Close its public access, or teach assurance/reach/public.py what it lets in.",
    "a service that nobody looks at is not known to be closed",
)


class Judge:
    """Makes the findings of one stack."""

    def __init__(self, graph: ReachabilityGraph) -> None:
        self._graph = graph

    def findings(self) -> Iterator[Finding]:
        """Every judgement, passed ones too, so that it shows what was examined."""
        for target in self._graph.targets:
            yield self._internet(target, self._graph.flow("internet", target))
        for host in self._graph.hosts:
            yield self._edge(host)
        yield from self._needed()
        yield from self._unjudged()

    def _needed(self) -> Iterator[Finding]:
        """The flows of the table, which is this platform's own."""
        if not self._graph.record.platform:
            for rule in (NEEDED, FORBIDDEN):
                message = f"assurance/reach/needed.yaml says nothing of the project {self._graph.record.project}"
                yield self._finding(rule, "not-applicable", message, None)
            return
        table = flow_table()
        for row in table.needed:
            yield from self._row(NEEDED, row, wanted=True)
        for row in table.forbidden:
            yield from self._row(FORBIDDEN, row, wanted=False)

    def _finding(self, rule: RuleInfo, status: Status, message: str, about: Resource | None) -> Finding:
        return Finding.of(rule, status, message, about, stack=self._graph.record.stack)

    def _internet(self, target: Target, flow: Flow) -> Finding:
        verdict = flow.verdict
        about = verdict.decided_by or target.resource
        flow_text = f"{target.kind} {target.name}:{target.port}"
        condition = f" ({verdict.condition})" if verdict.condition else ""
        if not verdict.open:
            return self._finding(INTERNET, "pass", f"{flow_text} does not answer{condition}: {verdict.why}", about)
        status: Status = "warn" if _by_design(target, verdict, self._graph.record.platform) else "fail"
        message = f"{flow_text} answers on the Internet{condition}: {verdict.why}"
        finding = self._finding(INTERNET, status, message, about)
        return replace(finding, seen=verdict.why, remediation=self._to_do(target, by_design=status == "warn"))

    def _to_do(self, target: Target, *, by_design: bool) -> str:
        """What can be done about a target that answers on the Internet."""
        if target.resource.type.endswith(BUS):
            return "Take the Premium tier, close the public side and give the namespace a private endpoint."
        if by_design:
            return (
                "Closed, it would lose what the apps send, for it has no private endpoint: keep sign-in with Entra ID "
                "only, and register that it is accepted."
            )
        if endpoints_of(self._graph.record, target):
            return "Close the service's public side; inside the network it has a private endpoint."
        return INTERNET.remediation

    def _edge(self, host: Host) -> Finding:
        if host.firewall is None:
            return self._finding(EDGE, "fail", f"{host.name} answers without a firewall", host.by)
        if not host.sites:
            return self._finding(EDGE, "fail", f"{host.name} answers, and no route of it leads to a site", host.by)
        if host.dead:
            names = ", ".join(route.name for route in host.dead)
            return self._finding(EDGE, "fail", f"routes of {host.name} lead to no site: {names}", host.by)
        mode = get(host.firewall, "policySettings.mode")
        if mode != "Prevention":
            return self._finding(EDGE, "warn", f"the firewall of {host.name} is in {mode} mode", host.firewall)
        sites = ", ".join(site.name for site in host.sites)
        return self._finding(EDGE, "pass", f"{host.name} leads through {host.firewall.name} to {sites}", host.by)

    def _row(self, rule: RuleInfo, row: Row, *, wanted: bool) -> Iterator[Finding]:
        flows = self._graph.of_row(row)
        if not flows:
            there = any(each.kind == row.target for each in self._graph.targets)
            status: Status = "fail" if row.always and not there else "not-applicable"
            what = f"the stack has no {row.target}" if not there else "no app of the stack is concerned"
            yield self._finding(rule, status, f"{row.id}: {what}", None)
        for flow in flows:
            state = "open" if flow.verdict.open else "closed"
            status = "pass" if flow.verdict.open == wanted else "fail"
            flow_text = f"{row.id}: {flow.start} to {flow.end}:{flow.port} is {state}: {flow.verdict.why}"
            yield self._finding(rule, status, flow_text, flow.verdict.decided_by)

    def _unjudged(self) -> Iterator[Finding]:
        """Resources with a public side of a type that this command does not know, and stray public addresses."""
        judged = {f"azure-native:{type_}" for type_ in JUDGED}
        for resource in self._graph.record:
            access = get(resource, "publicNetworkAccess") or get(resource, "properties.publicNetworkAccess")
            if resource.type not in judged and access == "Enabled":
                message = f"{resource.name} ({resource.type}) has public access, which is not judged here"
                yield self._finding(UNJUDGED, "warn", message, resource)
        for address in self._graph.record.of_type("network:PublicIPAddress"):
            owners = self._graph.record.holders(address, "publicIpAddresses[].id", "network:NatGateway")
            if not owners:
                message = f"{address.name} is a public address that belongs to no NAT gateway"
                yield self._finding(UNJUDGED, "warn", message, address)


def _by_design(target: Target, verdict: Verdict, platform: bool) -> bool:
    """Telemetry takes what signed-in apps and people send; a message bus below Premium has no private side at all.

    What holds no patients' data (the bootstrap) may be reached with an Entra identity: an exception says why.
    """
    if verdict.condition != ENTRA:
        return False
    premium = str(get(target.resource, "sku.name", "")) == "Premium"
    return not platform or target.kind == "telemetry" or (target.resource.type.endswith(BUS) and not premium)
