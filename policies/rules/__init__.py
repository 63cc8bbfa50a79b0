"""All rules, by area: each module of this folder is one, and so is each part of policies/data/required.yaml."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules

from policies.data import Required, table
from policies.resource import Resource
from policies.rule import Rule, at_least, must, rule
from policies.rules.postgres import is_primary
from policies.rules.postgres_parameters import wrong_parameters
from policies.view import Stack

WHERE: dict[str, Callable[..., bool]] = {"all": lambda _: True, "primary": is_primary}
"""Which resources of its types a row of required.yaml is about."""


def _declared() -> Iterator[Rule]:
    """The rules of every module here, in the order of its text."""
    for module in iter_modules(__path__):
        for each in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(each, Rule) and each.area == module.name:
                yield each


def _required() -> Iterator[Rule]:
    """A rule for each row of required.yaml. Raises DocumentError with every mistake in the table."""
    for area, rows in table("required").items():
        for id_, row in rows.items():
            declare = rule(
                id_,
                row["title"],
                on=row["on"],
                severity=row["severity"],
                controls=row["controls"],
                remediation=row["remediation"],
                source=row["source"],
                where=WHERE[row.get("where", "all")],
                area=area,
            )
            yield declare(_parameters_hold(row["parameters"]) if "parameters" in row else _inputs_hold(row))


def _inputs_hold(row: Required) -> Callable[[Resource], Iterator[str]]:
    def judge(resource: Resource) -> Iterator[str]:
        for path, allowed in row.get("must", {}).items():
            yield from must(resource, path, *allowed)
        for path in row.get("mustHave", ()):
            if not resource.has(path):
                yield row.get("says", {}).get(path, f"{path} is not set")
        for path, what in row.get("empty", {}).items():
            if resource.has(path):
                yield f"{path} {what}"
        for path, days in row.get("atLeastDays", {}).items():
            yield from at_least(resource, path, days, "days")

    return judge


def _parameters_hold(group: str) -> Callable[[Resource, Stack], Iterator[str]]:
    return lambda server, stack: wrong_parameters(server, stack, group)


RULES: tuple[Rule, ...] = tuple(sorted((*_declared(), *_required()), key=lambda rule: rule.area))
"""Every rule, by area."""
