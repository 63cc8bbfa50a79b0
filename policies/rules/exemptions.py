"""Exemptions from Azure's policies."""

from collections.abc import Iterator
from datetime import timedelta

from policies.resource import Resource
from policies.rule import rule
from policies.view import Stack

LONGEST = timedelta(days=400)
"""Policy choice: a year, and a month in which to renew it."""


@rule(
    "POL-EXEMPTION",
    "An exemption names the policies that it is from, and ends within a year",
    on="authorization:PolicyExemption",
    severity="high",
    controls=["164.308(a)(8)", "164.308(a)(1)(ii)(B)"],
    remediation="Set policyDefinitionReferenceIds and expiresOn.",
    source="learn.microsoft.com/azure/governance/policy/concepts/exemption-structure: without them it is from the "
    "whole initiative, for ever",
)
def exemption(exemption_: Resource, stack: Stack) -> Iterator[str]:
    for path in ("policyDefinitionReferenceIds", "expiresOn"):
        if not exemption_.has(path):
            yield f"{path} is not set"
    ends = str(exemption_.get("expiresOn", ""))[:10]
    if ends > (stack.today + LONGEST).isoformat():
        yield f"expiresOn is {ends}, more than {LONGEST.days} days away"
