"""What the owner of a subscription must have: Defender plans and contact, policy initiatives and their exemptions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from assurance.check.demand import Demand, demand
from assurance.check.places import Places
from assurance.references import References
from policies.rule import RuleInfo
from stacks.catalogues.policy_exemptions import INITIATIVES, POLICY_EXEMPTIONS, Initiative, policy_exemptions
from stacks.settings.model import Settings
from stacks.settings.security import PLANS

DEFENDER = partial(RuleInfo, source="the stack's file")(
    "EXPECT-DEFENDER",
    "Every Defender plan is what the stack file says, and somebody hears of its alerts",
    "high",
    ("164.308(a)(1)(ii)(A)", "164.308(a)(6)(ii)"),
    "Set the plan's tier, or the security contact, as medspasync:security.defender says.",
)
POLICY = partial(RuleInfo, source="the stack's file")(
    "EXPECT-POLICY",
    "Every policy initiative is assigned, and every exemption from it is the catalogue's",
    "medium",
    ("164.308(a)(8)",),
    "Assign the initiative (medspasync:security.policies); write an exemption with its end into the catalogue.",
)
ASSIGNMENT, EXEMPTION = "authorization:PolicyAssignment", "authorization:PolicyExemption"


def compliance_demands(references: References, settings: Settings, places: Places) -> Iterator[Demand]:
    """Plans, contact, assignments and exemptions that the stack file asks for."""
    file, security = f"Pulumi.{references.record.stack}.yaml", settings.security
    if security.defender is not None:
        origin = places.of(file, "medspasync:security.defender")
        for plan, field in PLANS.items():
            tier = "Standard" if getattr(security.defender, field) else "Free"
            found = [one for one in references.by_type("security:Pricing") if one.inputs.get("pricingName") == plan]
            yield demand(DEFENDER, f"Defender plan {plan}", origin, found, {"pricingTier": tier})
        emails = ";".join(settings.monitoring.receivers.security.emails)
        contact = references.by_type("security:SecurityContact")
        yield demand(DEFENDER, "security contact", origin, contact, {"emails": emails, "isEnabled": True})
    assigned: dict[Initiative, bool] = {"hipaa": security.policies.hipaa, "hitrust-csf": security.policies.hitrust_csf}
    for initiative, wanted in assigned.items():
        if wanted:
            yield from _initiative(references, initiative, places, file)


def _initiative(references: References, initiative: Initiative, places: Places, file: str) -> Iterator[Demand]:
    definition, version, _ = INITIATIVES[initiative]
    set_id = f"/providers/Microsoft.Authorization/policySetDefinitions/{definition}"
    found = [one for one in references.by_type(ASSIGNMENT) if one.inputs.get("policyDefinitionId") == set_id]
    origin = places.of(file, "medspasync:security.policies")
    yield demand(POLICY, f"assignment of {initiative}", origin, found, {"definitionVersion": version})
    exemptions = {one.inputs.get("policyExemptionName"): one for one in references.by_type(EXEMPTION)}
    for name, entry in policy_exemptions().items():
        if entry.initiative == initiative:
            wanted = {
                "policyDefinitionReferenceIds": entry.references,
                "exemptionCategory": entry.category,
                "expiresOn": f"{entry.expires}T00:00:00Z",
            }
            there = [exemptions[name]] if name in exemptions else []
            yield demand(POLICY, f"exemption {name}", places.of(POLICY_EXEMPTIONS, name), there, wanted)
