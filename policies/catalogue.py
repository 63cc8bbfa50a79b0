"""Writes docs/rules.md from the rules: `python -m policies.catalogue`."""

from itertools import groupby
from pathlib import Path

from documents.arguments import read_arguments
from policies.controls import controls
from policies.rule import Rule
from policies.rules import RULES

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"

_INTRODUCTION = """\
# Rules

<!-- Written by `python -m policies.catalogue` from policies/rules; change a rule there. -->

What `assurance check` and the policy pack (`pulumi preview --policy-pack policies`) judge every resource by. A
violation fails; one of low severity only warns. Where a rule may be broken stands in `policies/exceptions.yaml`, and
what makes each rule fail in `policies/cases.yaml`. Rules marked * run in `assurance check` only: the engine does not
show policies what they look at (docs/policy-pack.md).
"""


def page(rules: tuple[Rule, ...] = RULES) -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION]
    for module, found in groupby(rules, key=lambda rule: rule.area):
        parts.append(f"\n## {_title(module)}\n")
        for rule in found:
            parts.append(_entry(rule))
    parts.append("\n## HIPAA controls\n")
    parts.append("Those that a rule serves; `policies/hipaa.yaml` has all of them.\n\n")
    parts.append("| 45 CFR | title | | rules |\n|---|---|---|---|\n")
    for control, row in controls().items():
        ids = ", ".join(rule.id for rule in rules if control in rule.controls)
        if ids:
            parts.append(f"| {control} | {row.title} | {row.status} | {ids} |\n")
    return "".join(parts)


def _title(module: str) -> str:
    return module.rsplit(".", 1)[-1].replace("_", " ").capitalize()


def _entry(rule: Rule) -> str:
    mark = " *" if rule.offline else ""
    types = ", ".join(f"`{type_.removeprefix('azure-native:')}`" for type_ in rule.types)
    return (
        f"\n### {rule.id}{mark}\n\n"
        f"{rule.title}.\n\n"
        f"- {rule.severity}; {', '.join(rule.controls)}\n"
        f"- examines {types if rule.types != ('*',) else 'every resource'}\n"
        f"- {rule.remediation}\n"
        f"- source: {rule.source}\n"
    )


if __name__ == "__main__":
    read_arguments("policies.catalogue", __doc__)
    PAGE.write_text(page(), encoding="utf-8")
