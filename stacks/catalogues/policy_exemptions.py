"""The catalogue of exemptions from Azure Policy."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section
from stacks.catalogues.alerts import AlertId

POLICY_EXEMPTIONS = "stacks/catalogues/policy_exemptions.yaml"


Initiative = Literal["hipaa", "hitrust-csf"]


class InitiativeFacts(Section):
    """A built-in policy set definition and how it is assigned (Azure/azure-policy, Regulatory Compliance)."""

    definition: str
    version: str
    title: str
    parameters: dict[str, str | int] = {}
    """Of its parameters those whose default asks for what the platform has not: which operation an alert must exist
    for (the default is of SQL Server), and in how many days a key must rotate (ours: two years less ninety days)."""


_GROUPS = "Microsoft.Network/networkSecurityGroups/write"
INITIATIVES: Mapping[Initiative, InitiativeFacts] = {
    "hipaa": InitiativeFacts(
        definition="a169a624-5599-4385-a696-c8d643089fab",
        version="14.*.*",
        title="HITRUST/HIPAA",
        parameters={"operationName": _GROUPS},
    ),
    "hitrust-csf": InitiativeFacts(
        definition="e0d47b75-5d99-442a-9d60-07f2595ab095",
        version="1.*.*",
        title="HITRUST CSF v11.3",
        parameters={
            "operationName-b954148f-4c11-4c38-8221-be76711e194a": _GROUPS,
            "maximumDaysToRotate-d8cf8476-a2ec-4916-896e-992351803c44": 730,
        },
    ),
}


class ExemptionEntry(Section):
    """One exemption."""

    initiative: Initiative
    references: Annotated[list[str], Field(min_length=1)]
    category: Literal["Mitigated", "Waiver"]
    reason: Annotated[str, Field(min_length=20)]
    control: Annotated[str, Field(min_length=20)]
    """What meets the aim, or limits the harm, instead."""
    reviewed: date
    expires: date

    def problems(self) -> Iterator[Problem]:
        """An exemption is looked at again within a year."""
        if not 0 < (self.expires - self.reviewed).days <= 366:
            yield Problem("expires", str(self.expires), f"within a year of the review, {self.reviewed}")


policy_exemptions = data_reader(__file__, "policy_exemptions.yaml", dict[AlertId, ExemptionEntry])
"""Exemptions by id."""
