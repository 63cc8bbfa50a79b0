"""All rules, by area: each module of this folder is one, and so is each part of policies/data/required.yaml."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from policies.required import required_rules
from policies.rule import Rule


def _declared() -> Iterator[Rule]:
    """The rules of every module here, in the order of its text."""
    for module in iter_modules(__path__):
        for rule in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(rule, Rule) and rule.area == module.name:
                yield rule


RULES: tuple[Rule, ...] = tuple(sorted((*_declared(), *required_rules()), key=lambda rule: rule.area))
"""Every rule, by area."""
