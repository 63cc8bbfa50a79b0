"""Who reaches what, newly or no longer; what security groups let pass; hosts on the Internet."""

from collections.abc import Iterator, Mapping
from typing import Any

from assurance.compare.pairing import without_stack
from assurance.compare.posture.item import Posture, Sides, item, one_sided
from assurance.compare.posture.strength import shown
from assurance.reach.reachability_graph import OUTSIDE, Flow
from assurance.reach.report import Reach, reach
from assurance.record import Record, Resource, get

GROUP = "network:NetworkSecurityGroup"


def exposure_items(sides: Sides) -> Iterator[Posture]:
    """Flows that opened or closed; of what is new, those from outside only."""
    base, head = reach(sides.base), reach(sides.head)
    before, after = _flows(base, sides.base), _flows(head, sides.head)
    about = {"base": _services(base, sides.base), "head": _services(head, sides.head)}
    for key in sorted({*before, *after}):
        was, is_ = before.get(key), after.get(key)
        source, target = key
        opened, was_open = is_ is not None and is_.verdict.open, was is not None and was.verdict.open
        if opened == was_open:
            continue
        flow = is_ if opened else was
        assert flow is not None
        side = "head" if opened else "base"
        service = about[side][target]
        if (service.urn in (sides.added if opened else sides.removed)) and source not in OUTSIDE:
            continue
        by = flow.verdict.decided_by if opened else (is_ and is_.verdict.decided_by) or service
        word = "newly" if opened else "no longer"
        why = (is_ or flow).verdict.why if opened or is_ else f"{target} is gone"
        what = f"{source} {word} reaches {target}:{flow.port}: {why}"
        values = ("open" if was_open else "closed", "open" if opened else "closed")
        yield item("exposure", opened, what, values, by or service, f"{source} to {target}")
    yield from _hosts(base, head)
    yield from _security_rules(sides)


def _flows(found: Reach, record: Record) -> dict[tuple[str, str], Flow]:
    return {
        (without_stack(source, record.stack), without_stack(target, record.stack)): flow
        for (source, target), flow in found.flows.items()
    }


def _services(found: Reach, record: Record) -> dict[str, Resource]:
    return {without_stack(target.name, record.stack): target.resource for target in found.targets}


def _hosts(base: Reach, head: Reach) -> Iterator[Posture]:
    before, after = ({host.name: host for host in side.hosts} for side in (base, head))
    for name, host, gone in one_sided(before, after):
        sites = ", ".join(site.name for site in host.sites) or "nothing"
        what = f"{name} no longer answers" if gone else f"the Internet newly reaches {name}, which leads to {sites}"
        yield item("exposure", not gone, what, (name, None) if gone else (None, name), host.by, name)


def _security_rules(sides: Sides) -> Iterator[Posture]:
    """Rules of security groups by what they say, whatever they are called."""
    for base, head in sides.both:
        if not head.type.endswith(GROUP):
            continue
        for _, (index, rule), gone in one_sided(_rules(base, sides.base), _rules(head, sides.head)):
            weaker = (rule.get("access") == "Allow") != gone
            said = _describe_rule(rule)
            what = f"rule {rule.get('name')} of {head.name} is {'gone' if gone else 'new'}: {rule.get('access')} {said}"
            values = (said, None) if gone else (None, said)
            path = f"securityRules[{index}]"
            yield item("exposure", weaker, what, values, base if gone else head, "securityRules", path)


FIELDS = ("direction", "access", "protocol", "sourceAddressPrefix", "sourceAddressPrefixes", "sourcePortRange",
          "sourcePortRanges", "destinationAddressPrefix", "destinationAddressPrefixes", "destinationPortRange",
          "destinationPortRanges")  # fmt: skip


def _rules(group: Resource, record: Record) -> dict[str, tuple[int, Mapping[str, Any]]]:
    """By what they say, with our own subnets by name: other addresses of the same places are no difference."""
    ours = {str(get(each, "addressPrefix")): each.name for each in record.of_type("network:Subnet")}

    def said(value: Any) -> Any:
        return sorted(map(said, value)) if isinstance(value, list) else ours.get(str(value), str(value))

    rules = get(group, "securityRules", ())
    return {repr([said(rule.get(name)) for name in FIELDS]): (index, rule) for index, rule in enumerate(rules)}


def _describe_rule(rule: Mapping[str, Any]) -> str:
    def of(end: str) -> str:
        return shown(rule.get(f"{end}AddressPrefix") or rule.get(f"{end}AddressPrefixes") or "*")

    ports = shown(rule.get("destinationPortRange") or rule.get("destinationPortRanges") or "*")
    return f"{rule.get('direction')} {rule.get('protocol')} {of('source')} → {of('destination')}:{ports}"
