"""Rules as pulumi-policy objects, for the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError

from facts.types import counted_type, type_row
from policies.exceptions import Register
from policies.rule import Rule, Verdict
from policies.trusted import Trust
from policies.view import Resource, Stack

OUR_PROJECTS = ("medspasync", "medspasync-bootstrap")
_HIPAA = "HIPAA Security Rule (45 CFR 164 Subpart C)"


def build_policies(rules: Iterable[Rule], register: Register, today: date) -> list[Policy]:
    """A policy for each rule that the engine can run; violations with a valid exception are not reported.

    A stack policy is shown outputs only, and Azure does not answer with every input (a diagnostic setting comes back
    without the resource it is for). So the inputs that resource policies are shown are kept for the joins.
    """
    inputs: dict[str, Mapping[str, Any]] = {}
    runnable = [rule for rule in rules if not rule.offline]
    return [_remember(inputs)] + [
        (_join_policy if rule.joins else _resource_policy)(rule, register, today, inputs) for rule in runnable
    ]


def _remember(inputs: dict[str, Mapping[str, Any]]) -> Policy:
    def validate(args: ResourceValidationArgs, _report: ReportViolation) -> None:
        inputs[args.urn] = args.props

    return ResourceValidationPolicy(
        name="medspasync-inputs",
        description="Reports nothing: keeps the inputs of every resource for the rules that look at several.",
        enforcement_level=EnforcementLevel.ADVISORY,
        validate=validate,
    )


def _resource_policy(rule: Rule, register: Register, today: date, _inputs: dict[str, Any]) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        type_ = counted_type(args.resource_type, args.props)
        if type_ not in rule.types and "*" not in rule.types:
            return
        subject = Resource(
            type=type_,
            name=args.name,
            urn=args.urn,
            inputs=args.props,
            parent=args.opts.parent,
            protect=args.opts.protect,
            ignored=tuple(args.opts.ignore_changes or ()),
            custom=_is_custom(type_, args.provider),
        )
        alone = Stack([subject], ours=_is_ours(subject.urn)).judged(Trust(), today)
        verdict = rule.judge(alone.resources[0], alone)
        _report([verdict] if verdict else [], rule, register, today, report)

    return ResourceValidationPolicy(validate=validate, **_described(rule))


def _join_policy(rule: Rule, register: Register, today: date, inputs: dict[str, Any]) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = Stack(
            (
                Resource(
                    type=counted_type(resource.resource_type, inputs.get(resource.urn, resource.props)),
                    name=resource.name,
                    urn=resource.urn,
                    inputs=inputs.get(resource.urn, resource.props),
                    outputs=resource.props,
                    parent=resource.parent.urn if resource.parent else None,
                    protect=resource.opts.protect,
                    ignored=tuple(resource.opts.ignore_changes or ()),
                    custom=_is_custom(resource.resource_type, resource.provider),
                    dependencies={
                        name: frozenset(dependency.urn for dependency in found)
                        for name, found in resource.property_dependencies.items()
                    },
                )
                for resource in args.resources
            ),
            ours=all(_is_ours(resource.urn) for resource in args.resources),
        )
        name = next((resource.urn for resource in args.resources), "").split("::")[0].removeprefix("urn:pulumi:")
        judged = stack.judged(register.trusted.in_stack(name, today), today)
        _report(rule.examine(judged), rule, register, today, report)

    return StackValidationPolicy(validate=validate, **_described(rule))


def _is_custom(type_: str, provider: object) -> bool:
    """The engine names the provider of what a provider makes; a component and a provider have none."""
    return provider is not None or type_row(type_) is not None


def _is_ours(urn: str) -> bool:
    return urn.split("::")[1] in OUR_PROJECTS


def _report(
    verdicts: Iterable[Verdict], rule: Rule, register: Register, today: date, report: Callable[[str, str], None]
) -> None:
    """Report every violation that has no valid exception; then say, as the SDK does, what could not be judged."""
    unknown = ""
    for verdict in verdicts:
        subject = verdict.subject
        stack = subject.urn.split("::")[0].removeprefix("urn:pulumi:")
        exception = register.covering(rule.id, stack, subject.name)
        if exception is not None and not exception.expired(today):
            continue
        for message in verdict.violations:
            report(f"{subject.name}: {message}\n{_way_out(rule)}", subject.urn)
        unknown = unknown or verdict.unknown
    if unknown:
        error = UnknownValueError(UNKNOWN_STRING_VALUE, [])
        error.message = unknown
        raise error


def _way_out(rule: Rule) -> str:
    """What to do about a violation, why, and the lawful other way."""
    controls = ", ".join(rule.controls)
    return f"to do: {rule.remediation}\nfor: {controls}\nor: an entry for {rule.id} in policies/exceptions.yaml"


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
