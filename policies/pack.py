"""Rules as pulumi-policy objects, for the engine."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from facts.parts import parts
from facts.types import counted_type, type_row
from policies import pack_config
from policies.exceptions import Register
from policies.projects import OUR_PROJECTS
from policies.resource import Resource
from policies.rule import Rule, Verdict
from policies.trusted import Trust
from policies.view import Stack

_HIPAA = "HIPAA Security Rule (45 CFR 164 Subpart C)"
Registers = Callable[[str], Register]
"""The registers that hold for a project, by its name."""


@dataclass
class Shown:
    """What the engine showed of a stack so far.

    inputs: of each resource, by URN: a stack policy is shown outputs only, and Azure does not answer with every input
    (a diagnostic setting comes back without the resource it is for). secrets: paths of the secret inputs, by URN.
    stack: what stack policies judge, once all of it is shown. unchecked: (rule, URN, message) of what could not be
    judged.
    """

    inputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    secrets: dict[str, frozenset[str]] = field(default_factory=dict)
    stack: Stack = field(default_factory=lambda: Stack([]))
    unchecked: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Judge:
    """What every policy judges by."""

    registers: Registers
    today: date
    shown: Shown


def build_policies(rules: Iterable[Rule], registers: Registers, today: date, shown: Shown) -> list[Policy]:
    """A policy for each rule that the engine can run, behind the one that carries the pack's config.

    Violations with a valid exception are not reported.
    """
    judge = _Judge(registers, today, shown)
    runnable = [rule for rule in rules if not rule.offline]
    policies = [(_stack_policy if judges_stack(rule) else _resource_policy)(rule, judge) for rule in runnable]
    return [_config_policy([rule.id for rule in runnable]), *policies]


def judges_stack(rule: Rule) -> bool:
    """Whether a rule judges when all resources are there: it looks at several, or at one that may have parts apart."""
    merged = {row.resource for row in parts().apart.values()} | {row.type for row in parts().inside}
    return rule.joins or bool(merged & set(rule.types))


def _config_policy(rules: list[str]) -> Policy:
    return ResourceValidationPolicy(
        name=pack_config.NAME,
        description="Reports nothing: its config is that of the pack (levels by rule and severity, registers).",
        enforcement_level=EnforcementLevel.ADVISORY,
        config_schema=PolicyConfigSchema(properties=pack_config.schema(rules)),
        validate=lambda _args, _report: None,
    )


def _resource_policy(rule: Rule, judge: _Judge) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        inputs = judge.shown.inputs[args.urn]
        type_ = counted_type(args.resource_type, inputs)
        subject = Resource(
            type=type_,
            name=args.name,
            urn=args.urn,
            inputs=inputs,
            parent=args.opts.parent,
            protect=args.opts.protect,
            ignored=tuple(args.opts.ignore_changes or ()),
            custom=is_custom(type_, args.provider),
            secrets=judge.shown.secrets[args.urn],
        )
        alone = stack_of([subject]).judged(Trust(), judge.today)
        verdict = rule.judge(alone.resources[0], alone)
        _report([verdict] if verdict else [], rule, judge, report)

    return ResourceValidationPolicy(validate=validate, **_described(rule))


def _stack_policy(rule: Rule, judge: _Judge) -> Policy:
    def validate(_args: StackValidationArgs, report: ReportViolation) -> None:
        stack = judge.shown.stack
        trust = Trust()
        if stack.resources:
            first = stack.resources[0]
            trust = judge.registers(first.project).trusted.in_stack(first.stack, judge.today)
        _report(rule.examine(stack.judged(trust, judge.today)), rule, judge, report)

    return StackValidationPolicy(validate=validate, **_described(rule))


def stack_of(resources: list[Resource]) -> Stack:
    """Resources as a stack, which is ours where a program of this repository made them all."""
    return Stack(resources, ours=all(resource.project in OUR_PROJECTS for resource in resources))


def is_custom(type_: str, provider: object) -> bool:
    """The engine names the provider of what a provider makes; a component and a provider have none."""
    return provider is not None or type_row(type_) is not None


def _report(verdicts: Iterable[Verdict], rule: Rule, judge: _Judge, report: Callable[[str, str], None]) -> None:
    """Report every violation that has no valid exception, and note what could not be judged."""
    for verdict in verdicts:
        subject = verdict.subject
        exception = judge.registers(subject.project).covering(rule.id, subject.stack, subject.name)
        if exception is not None and not exception.expired(judge.today):
            continue
        for message in verdict.violations:
            report(f"{subject.name}: {message}\n{_way_out(rule)}", subject.urn)
        if verdict.unknown:
            judge.shown.unchecked.append((rule.id, subject.urn, verdict.unknown))


def _way_out(rule: Rule) -> str:
    """What to do about a violation, why, and the lawful other way."""
    controls = ", ".join(rule.controls)
    return (
        f"to do: {rule.remediation}\nfor: {controls}\n"
        f"or: an entry for {rule.id} in policies/exceptions.yaml of this project (or the file in the pack's config)"
    )


def _described(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.id,
        "display_name": rule.title,
        "description": rule.title,
        "enforcement_level": EnforcementLevel.MANDATORY if rule.blocking else EnforcementLevel.ADVISORY,
        "severity": Severity(rule.severity),
        "framework": PolicyComplianceFramework(name=_HIPAA, reference=", ".join(rule.controls)),
        "tags": list(rule.controls),
        "remediation_steps": rule.remediation,
    }
