"""Every component holds every rule, with what must be given only and with all that can be."""

from __future__ import annotations

import inspect
from dataclasses import fields, is_dataclass

import pulumi
import pytest

from components.alerts import AlertFolder
from policies.rules import RULES
from tests.components.given import GIVEN, IN_MAX, OUTPUTS
from tests.components.left_to import CALLER, WHOLE_STACK
from tests.components.variants import NEEDED, Maker, Variant, argument_classes, makers, public, variant_record
from tests.harness import once
from tests.policies.records import judged

BY_STACK = {rule for rules in WHOLE_STACK.values() for rule in rules}
BY_CALLER = {row for rows in CALLER.values() for row in rows}
VARIANTS: tuple[Variant, Variant] = ("defaults", "max")


def broken(maker: Maker, variant: Variant) -> dict[str, list[str]]:
    """What breaks a rule in this variant, by the rule's id; not in what it only needs."""

    def judge() -> dict[str, list[str]]:
        found = variant_record(maker, variant)
        stack = judged(found.view, found)
        messages: dict[str, list[str]] = {}
        for rule in RULES:
            for verdict in rule.examine(stack):
                if not verdict.subject.name.startswith(NEEDED):
                    told = [*verdict.violations, *filter(None, [verdict.unknown])]
                    messages.setdefault(rule.id, []).extend(f"{verdict.subject}: {each}" for each in told)
        return {id_: told for id_, told in messages.items() if told}

    return once(judge, "broken", str(maker), variant)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("maker", makers(), ids=str)
def test_component_holds_every_rule(maker: Maker, variant: Variant) -> None:
    by_caller = {rule for of, rule in BY_CALLER if of == f"{maker}-{variant}"}
    found = broken(maker, variant)
    assert {rule: told for rule, told in found.items() if rule not in BY_STACK | by_caller} == {}


def test_nothing_is_left_to_others_without_need() -> None:
    """A rule or choice that no variant breaks any more has no row."""
    found = {
        (f"{maker}-{variant}", rule) for maker in makers() for variant in VARIANTS for rule in broken(maker, variant)
    }
    assert BY_STACK - {rule for _, rule in found} == set()
    assert BY_CALLER - found == set()


def test_every_component_has_variants() -> None:
    made = list(makers())
    assert [found.__name__ for found in argument_classes() if found not in {maker.args for maker in made}] == []
    classes = {found for found in public() if inspect.isclass(found) and issubclass(found, pulumi.ComponentResource)}
    assert classes - {maker.make for maker in made} == {AlertFolder}, "a folder makes nothing"


def test_what_is_given_is_an_argument() -> None:
    """A field that nobody has any more is given nothing."""
    told = {
        f"{found.__name__}.{field.name}"
        for found in public()
        if inspect.isclass(found) and is_dataclass(found)
        for field in fields(found)
    }
    told |= {f"{maker}.{parameter}" for maker in makers() for parameter in inspect.signature(maker.make).parameters}
    told |= {path.partition(".")[2] for path in told}
    given = {path.removesuffix("{}").partition("[]")[0] for path in [*GIVEN, *IN_MAX, *OUTPUTS]}
    assert given - told == set()
