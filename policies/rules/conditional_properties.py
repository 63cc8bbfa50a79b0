"""Inputs that Azure takes only together with others."""

from collections.abc import Iterator

from facts.conditional_properties import ConditionalProperty, conditional_properties
from policies.resource import UNKNOWN, Resource
from policies.rule import rule


@rule(
    "PROPERTY-TAKEN",
    "No input that Azure refuses beside the values of another",
    on=sorted({row.type for row in conditional_properties()}),
    severity="high",
    controls=["164.308(a)(8)"],
    remediation="Leave the input out, or change the one that it needs.",
    source="facts/conditional_properties.yaml",
)
def property_taken(resource: Resource) -> Iterator[str]:
    for row in conditional_properties():
        if row.type == resource.type and resource.has(row.property) and _refused(resource, row):
            yield f"{row.property} is refused: {row.says}"


def _refused(resource: Resource, row: ConditionalProperty) -> bool:
    """Whether the other input's value, compared as Azure does, whatever its case, forbids the property."""
    wanted = row.when or row.unless
    for path, values in wanted.items():
        value = next(iter(resource.leaves(path)), None)
        if value is UNKNOWN:
            return False
        among = str(value).lower() in {each.lower() for each in values}
        if among == bool(row.unless):
            return True
    return False
