"""Options of a resource that undo what its inputs say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policies.data import table
from policies.rule import rule
from policies.view import Resource


@rule(
    "OPT-IGNORED",
    "What a resource ignores the change of is on the list of what may drift, with a reason",
    on="*",
    severity="high",
    controls=["164.308(a)(1)(ii)(D)", "164.312(c)(1)"],
    remediation="Remove the path from ignoreChanges, or give it a row with a reason in policies/data/ignored.yaml.",
    source="pulumi.com/docs/iac/concepts/options/ignorechanges: declared is then not deployed, and drift stays",
    where=lambda resource: bool(resource.ignored),
)
def ignored(resource: Resource) -> Iterator[str]:
    allowed: dict[str, Any] = table("ignored").get(resource.type.removeprefix("azure-native:"), {})
    for path in resource.ignored:
        if re.sub(r"\[\d+\]", "[]", path) not in allowed:
            yield f"it ignores changes of {path}"


@rule(
    "OPT-OWN-PROVIDER",
    "A resource goes by the program's own provider and name",
    on="*",
    severity="high",
    controls=["164.312(a)(1)", "164.308(a)(1)(ii)(D)"],
    remediation="Leave out provider, import and aliases: another provider has another subscription, tenant or "
    "credential, and an import or alias takes over what nobody reviewed.",
    source="pulumi.com/docs/iac/concepts/options: provider, import, aliases",
    offline="the engine shows policies no import, and names a provider for every resource",
    where=lambda resource: resource.custom,
)
def own_provider(resource: Resource) -> Iterator[str]:
    for option in resource.taken:
        yield f"it has the option {option}"
