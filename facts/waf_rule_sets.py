"""The managed rule sets of Front Door's firewall (`waf_rule_sets.yaml`)."""

from collections.abc import Iterator

from documents.problems import Problem
from documents.reading import data_reader
from facts.decisions import Sourced, Unknown


class RuleSet(Sourced):
    """One version of a rule set."""

    groups: dict[str, list[str]] | Unknown
    off: list[str]

    def problems(self) -> Iterator[Problem]:
        """A rule that is off is a rule of the set."""
        if isinstance(self.groups, Unknown):
            return
        rules = {rule for group in self.groups.values() for rule in group}
        for rule in self.off:
            if rule not in rules:
                yield Problem("off", rule, "a rule of one of the groups")

    def group_of(self, rule: str) -> str | None:
        """The group of a rule id; None when the set has no such rule, or its rules are unknown."""
        if isinstance(self.groups, Unknown):
            return None
        return next((group for group, rules in self.groups.items() if rule in rules), None)


rule_sets = data_reader(__file__, "waf_rule_sets.yaml", dict[str, dict[str, RuleSet]])
"""Rule sets by type and version."""
