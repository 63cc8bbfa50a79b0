"""Names of Azure resources: deterministic, inside Azure's limits, one pattern for all.

``<kind>-<short>-<code>[-<part>]``, and a suffix of four characters where the name is global
(learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules).
"""

import re
from dataclasses import dataclass

import pulumi

SUFFIX_LENGTH = 4


@dataclass(frozen=True)
class NameRule:
    """Azure's rule for one kind of name: longest length and what it may consist of."""

    longest: int
    pattern: str


RULES = {
    "vault": NameRule(24, r"^[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]$"),
    "storage": NameRule(24, r"^[a-z0-9]{3,24}$"),
    "site": NameRule(60, r"^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$"),
    "postgres": NameRule(63, r"^[a-z][a-z0-9-]{1,61}[a-z0-9]$"),
    "redis": NameRule(60, r"^[a-z0-9](?!.*--)[a-z0-9-]{1,58}[a-z0-9]$"),
    "servicebus": NameRule(50, r"^[a-z][a-z0-9-]{4,48}[a-z0-9]$"),
    "apim": NameRule(50, r"^[a-z][a-z0-9-]{0,48}[a-z0-9]$"),
    "endpoint": NameRule(46, r"^[a-z0-9][a-z0-9-]{0,44}[a-z0-9]$"),
    "waf": NameRule(128, r"^[a-zA-Z][a-zA-Z0-9]{0,127}$"),
    "regional": NameRule(63, r"^[a-z][a-z0-9-]{0,61}[a-z0-9]$"),
}
"""``regional``: names that only need to be unique in a resource group, by the strictest of the kinds used."""


@dataclass(frozen=True)
class Names:
    """Names for one stack.

    short: the workload, 2 to 5 characters; code: the environment, 2 to 4; suffix: four characters that make global
    names unique, from config or generated (then the names are outputs).
    """

    short: str
    code: str
    suffix: pulumi.Input[str]

    def regional(self, kind: str, part: str = "") -> str:
        """A name that is unique inside its resource group: ``vnet-mss-prod``, ``id-mss-prod-backend``."""
        return "-".join(filter(None, [kind, self.short, self.code, part]))

    def global_name(self, kind: str, part: str = "") -> pulumi.Input[str]:
        """A name that is unique in all of Azure: ``psql-mss-prod-x7k2``."""
        return self._with_suffix(f"{self.regional(kind, part)}-")

    def vault(self, part: str) -> pulumi.Input[str]:
        """A Key Vault's name, ``mss-prod-backend-x7k2``: 24 characters leave no room for a kind."""
        return self._with_suffix(f"{self.short}-{self.code}-{part}-")

    def storage(self, part: str) -> pulumi.Input[str]:
        """A storage account's name, letters and digits only: ``stmssprodauditx7k2``."""
        return self._with_suffix(f"st{self.short}{self.code}{part}")

    def waf(self, part: str) -> str:
        """A WAF policy's name, letters and digits only: ``wafmssprodapi``."""
        return re.sub(r"[^a-zA-Z0-9]", "", f"waf{self.short}{self.code}{part}")

    def _with_suffix(self, stem: str) -> pulumi.Input[str]:
        if isinstance(self.suffix, str):
            return stem + self.suffix
        return pulumi.Output.concat(stem, self.suffix)


def name_problem(kind: str, name: str) -> str | None:
    """What is wrong with ``name`` as a name of ``kind``, or None."""
    rule = RULES[kind]
    if len(name) > rule.longest:
        return f"the name {name} has {len(name)} characters; Azure allows {rule.longest}"
    if not re.match(rule.pattern, name):
        return f"the name {name} does not match {rule.pattern}"
    return None
