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

from policies.exceptions import Register
from policies.rule import Rule, Verdict
from policies.view import Resource, Stack

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
        if args.resource_type not in rule.types and "*" not in rule.types:
            return
        subject = Resource(
            type=args.resource_type,
            name=args.name,
            urn=args.urn,
            inputs=args.props,
            parent=args.opts.parent,
            protect=args.opts.protect,
        )
        verdict = rule.judge(subject, Stack([subject]))
        _report([verdict] if verdict else [], rule, register, today, report)

    return ResourceValidationPolicy(validate=validate, **_described(rule))


def _join_policy(rule: Rule, register: Register, today: date, inputs: dict[str, Any]) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = Stack(
            Resource(
                type=resource.resource_type,
                name=resource.name,
                urn=resource.urn,
                inputs=inputs.get(resource.urn, resource.props),
                outputs=resource.props,
                parent=resource.parent.urn if resource.parent else None,
                protect=resource.opts.protect,
                dependencies={
                    name: frozenset(dependency.urn for dependency in found)
                    for name, found in resource.property_dependencies.items()
                },
            )
            for resource in args.resources
        )
        _report(rule.examine(stack), rule, register, today, report)

    return StackValidationPolicy(validate=validate, **_described(rule))


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
            report(f"{subject.name}: {message}", subject.urn)
        unknown = unknown or verdict.unknown
    if unknown:
        error = UnknownValueError(UNKNOWN_STRING_VALUE, [])
        error.message = unknown
        raise error


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
