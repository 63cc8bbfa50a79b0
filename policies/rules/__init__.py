"""All rules, by area: each module of this folder is one, and so is each part of policies/data/required.yaml."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pkgutil import iter_modules

from policies.data import Required, table
from policies.resource import Resource
from policies.rule import Rule, at_least, must, rule
from policies.rules.floor import is_ours, of_primary
from policies.rules.postgres import is_primary
from policies.rules.postgres_parameters import wrong_parameters
from policies.view import Stack

WHERE: dict[str, Callable[..., bool]] = {
    "all": lambda _: True,
    "ours": is_ours,
    "primary": is_primary,
    "primaryWithPatients": of_primary,
}
"""Which resources of its types a row of required.yaml is about."""
JOINS = {"names", "namedBy", "parameters"}
"""Columns that look at other resources of the stack as well."""


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
            yield declare(_stack_holds(row) if row.keys() & JOINS else _inputs_hold(row))


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
        for path in row.get("ownPath", ()):
            value = str(resource.get(path, ""))
            if not value.startswith("/") or value == "/":
                yield f"{path} is {value or 'not set'}"

    return judge


def _stack_holds(row: Required) -> Callable[[Resource, Stack], Iterator[str]]:
    inputs_hold = _inputs_hold(row)

    def judge(resource: Resource, stack: Stack) -> Iterator[str]:
        yield from inputs_hold(resource)
        for path, other in row.get("names", {}).items():
            if not stack.targets(resource, path, other["type"], by=other.get("by", "id")):
                yield other["says"]
        for path, other in row.get("namedBy", {}).items():
            if not stack.holders(resource, path, other["type"], by=other.get("by", "id")):
                yield other["says"]
        if "parameters" in row:
            yield from wrong_parameters(resource, stack, row["parameters"])

    return judge


RULES: tuple[Rule, ...] = tuple(sorted((*_declared(), *_required()), key=lambda rule: rule.area))
"""Every rule, by area."""
