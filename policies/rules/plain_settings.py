"""Plain settings of apps whose value is a guard: policies/data/plain_settings.yaml."""

import re
from collections.abc import Iterator

from policies.data import table
from policies.resource import Resource
from policies.rule import rule
from policies.variables import variables


@rule(
    "RUN-SETTING-SAFE",
    "A plain setting that is a guard has a value that guards",
    on="*",
    severity="high",
    controls=["164.312(a)(2)(iii)"],
    remediation="Give the setting a value that the message names.",
    source="policies/data/plain_settings.yaml, each with its own source",
    where=lambda resource: bool(resource.free_texts),
)
def setting_safe(resource: Resource) -> Iterator[str]:
    known = table("plain_settings")
    for name, value in variables(resource):
        row = known.get(name)
        if row is not None and not (_is_number(value) and row["least"] <= float(value) <= row["most"]):
            yield f"{name} is {value}, must be {row['least']} to {row['most']}: {row['why']}"


def _is_number(value: str) -> bool:
    return re.fullmatch(r"\d{1,9}(\.\d{1,3})?", value.strip()) is not None
