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
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

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
    (a diagnostic setting comes back without the resource it is for). secrets: paths of the secret inputs, by URN, where
    the server told them apart. stack: what stack policies judge, where the server has built it.
    unchecked: (rule, URN, message) of what could not be judged; None where nobody collects them, so that the SDK tells.
    """

    inputs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    secrets: dict[str, frozenset[str]] = field(default_factory=dict)
    stack: Stack | None = None
    unchecked: list[tuple[str, str, str]] | None = None


@dataclass(frozen=True)
class _Judge:
    """What every policy judges by."""

    registers: Registers
    today: date
    shown: Shown


def build_policies(
    rules: Iterable[Rule], register: Register | Registers, today: date, shown: Shown | None = None
) -> list[Policy]:
    """A policy for each rule that the engine can run, behind the one that carries the pack's config.

    Violations with a valid exception are not reported. register: one for every project, or the one of each.
    """
    registers = (lambda _project: register) if isinstance(register, Register) else register
    judge = _Judge(registers, today, shown or Shown())
    runnable = [rule for rule in rules if not rule.offline]
    policies = [(_stack_policy if judges_stack(rule) else _resource_policy)(rule, judge) for rule in runnable]
    return [_config_policy(judge.shown, [rule.id for rule in runnable]), *policies]


def judges_stack(rule: Rule) -> bool:
    """Whether a rule judges when all resources are there: it looks at several, or at one that may have parts apart."""
    merged = {row.resource for row in parts().apart.values()} | {row.type for row in parts().inside}
    return rule.joins or bool(merged & set(rule.types))


def _config_policy(shown: Shown, rules: list[str]) -> Policy:
    def validate(args: ResourceValidationArgs, _report: ReportViolation) -> None:
        shown.inputs.setdefault(args.urn, args.props)

    return ResourceValidationPolicy(
        name=pack_config.NAME,
        description="Reports nothing: its config is that of the pack (levels by rule and severity, registers).",
        enforcement_level=EnforcementLevel.ADVISORY,
        config_schema=PolicyConfigSchema(properties=pack_config.schema(rules)),
        validate=validate,
    )


def _resource_policy(rule: Rule, judge: _Judge) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        inputs = judge.shown.inputs.setdefault(args.urn, args.props)
        type_ = counted_type(args.resource_type, inputs)
        if type_ not in rule.types and "*" not in rule.types:
            return
        subject = Resource(
            type=type_,
            name=args.name,
            urn=args.urn,
            inputs=inputs,
            parent=args.opts.parent,
            protect=args.opts.protect,
            ignored=tuple(args.opts.ignore_changes or ()),
            custom=is_custom(type_, args.provider),
            secrets=judge.shown.secrets.get(args.urn),
        )
        alone = Stack([subject], ours=is_ours(subject.urn)).judged(Trust(), judge.today)
        verdict = rule.judge(alone.resources[0], alone)
        _report([verdict] if verdict else [], rule, judge, report)

    return ResourceValidationPolicy(validate=validate, **_described(rule))


def _stack_policy(rule: Rule, judge: _Judge) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = judge.shown.stack or _viewed(args, judge.shown)
        first = next((resource.urn for resource in stack.resources), "")
        trusted = judge.registers(project_of(first)).trusted
        _report(
            rule.examine(stack.judged(trusted.in_stack(_stack_of(first), judge.today), judge.today)),
            rule,
            judge,
            report,
        )

    return StackValidationPolicy(validate=validate, **_described(rule))


def _viewed(args: StackValidationArgs, shown: Shown) -> Stack:
    """A stack as the SDK's own server shows it."""
    return Stack(
        (
            stack_resource(
                each.resource_type,
                each.urn,
                each.name,
                each.props,
                shown,
                parent=each.parent.urn if each.parent else None,
                protect=each.opts.protect,
                ignored=tuple(each.opts.ignore_changes or ()),
                custom=is_custom(each.resource_type, each.provider),
                dependencies={
                    k: frozenset(one.urn for one in found) for k, found in each.property_dependencies.items()
                },
            )
            for each in args.resources
        ),
        ours=all(is_ours(each.urn) for each in args.resources),
    )


def stack_resource(
    token: str, urn: str, name: str, outputs: Mapping[str, Any], shown: Shown, **options: Any
) -> Resource:
    """A resource as stack policies judge it: with the inputs that resource policies were shown."""
    inputs = shown.inputs.get(urn, outputs)
    type_ = counted_type(token, inputs)
    secrets = shown.secrets.get(urn)
    return Resource(type=type_, name=name, urn=urn, inputs=inputs, outputs=outputs, secrets=secrets, **options)


def is_custom(type_: str, provider: object) -> bool:
    """The engine names the provider of what a provider makes; a component and a provider have none."""
    return provider is not None or type_row(type_) is not None


def is_ours(urn: str) -> bool:
    """Whether a program of this repository made it."""
    return project_of(urn) in OUR_PROJECTS


def project_of(urn: str) -> str:
    """The project in a URN; empty where there is none."""
    return urn.split("::")[1] if "::" in urn else ""


def _stack_of(urn: str) -> str:
    return urn.split("::")[0].removeprefix("urn:pulumi:")


def _report(verdicts: Iterable[Verdict], rule: Rule, judge: _Judge, report: Callable[[str, str], None]) -> None:
    """Report every violation that has no valid exception; then say what could not be judged."""
    unknown = ""
    for verdict in verdicts:
        subject = verdict.subject
        register = judge.registers(project_of(subject.urn))
        exception = register.covering(rule.id, _stack_of(subject.urn), subject.name)
        if exception is not None and not exception.expired(judge.today):
            continue
        for message in verdict.violations:
            report(f"{subject.name}: {message}\n{_way_out(rule)}", subject.urn)
        if verdict.unknown and judge.shown.unchecked is not None:
            judge.shown.unchecked.append((rule.id, subject.urn, verdict.unknown))
        unknown = unknown or verdict.unknown
    if unknown and judge.shown.unchecked is None:
        error = UnknownValueError(UNKNOWN_STRING_VALUE, [])
        error.message = unknown
        raise error


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
