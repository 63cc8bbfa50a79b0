"""The pack judges as `assurance check` does: the same rules, through the engine's own protocol."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest
import yaml
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from assurance.record import UNKNOWN, Mode, Record, Resource
from policies.exceptions import Register
from policies.pack import build_policies
from policies.rules import RULES
from tests.harness import MODES, ROOT
from tests.policies.records import records

TODAY = date(2026, 11, 22)


class Host:
    """The policy host, without a server: what `pulumi preview --policy-pack` talks to."""

    def __init__(self, register: Register, today: date = TODAY) -> None:
        policies = build_policies(RULES, register, today)
        self.servicer = _PolicyAnalyzerServicer("pack", "1", policies, EnforcementLevel.ADVISORY)

    def judge(self, record: Record) -> list[Any]:
        """Every diagnostic on ``record``: each resource as it is registered, then the stack."""
        found: list[Any] = []
        for resource in record:
            request = analyzer_pb2.AnalyzeRequest(
                type=resource.type,
                urn=resource.urn,
                name=resource.name,
                properties=_struct(resource.inputs),
                options=analyzer_pb2.AnalyzerResourceOptions(protect=bool(resource.options.get("protect"))),
            )
            found += self.servicer.Analyze(request, None).diagnostics
        stack = analyzer_pb2.AnalyzeStackRequest(resources=[_answered(resource) for resource in record])
        return found + list(self.servicer.AnalyzeStack(stack, None).diagnostics)


def _answered(resource: Resource) -> Any:
    """A resource as a stack policy sees it: Azure's answer, which leaves inputs out."""
    outputs = {
        key: value for key, value in resource.outputs.items() if key not in ("resourceUri", "scope", "vaultName")
    }
    return analyzer_pb2.AnalyzerResource(
        type=resource.type,
        urn=resource.urn,
        name=resource.name,
        properties=_struct(outputs),
        options=analyzer_pb2.AnalyzerResourceOptions(protect=bool(resource.options.get("protect"))),
        parent=resource.parent,
        dependencies=resource.dependencies,
        propertyDependencies={
            name: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
            for name, urns in resource.propertyDependencies.items()
        },
    )


def _struct(value: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    json_format.ParseDict(_wire(value), struct)
    return struct


def _wire(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_wire(item) for item in value]
    return UNKNOWN_STRING_VALUE if value == UNKNOWN else value


@cache
def judged(mode: Mode) -> list[Any]:
    """Every diagnostic on dev, which breaks most rules, with an empty register."""
    return Host(Register()).judge(records(mode)["dev"])


@pytest.mark.parametrize("mode", MODES)
def test_the_pack_finds_what_the_check_finds(mode: Mode) -> None:
    stack = records(mode)["dev"].view
    expected = {
        (rule.id, verdict.subject.urn)
        for rule in RULES
        if not rule.offline
        for verdict in rule.examine(stack)
        if verdict.violations
    }
    found = {(d.policyName, d.urn) for d in judged(mode) if d.urn}
    assert len(expected) > 20
    assert found == expected


def test_pack_names_unknowns_and_misses_nothing_else() -> None:
    told = {d.policyName for d in judged("preview") if not d.urn}
    stack = records("preview")["dev"].view
    unknown = {r.id for r in RULES if not r.offline and any(v.unknown for v in r.examine(stack))}
    assert unknown
    assert told == unknown


def test_register_holds_in_pack_until_it_expires() -> None:
    record = records("deployed")["dev"]
    register = Register.load()
    mandatory = {rule.id for rule in RULES if rule.blocking}
    assert [d.policyName for d in Host(register).judge(record) if d.policyName in mandatory] == []
    assert Host(register, date(2099, 1, 1)).judge(replace(record, resources=record.of_type("keyvault:Vault")))


def test_a_message_carries_remediation_controls_and_exception() -> None:
    record = records("deployed")["dev"]
    told = [d for d in Host(Register()).judge(record) if d.policyName == "KV-KEY-STRENGTH"]
    assert told
    for diagnostic in told:
        assert "to do: Use RSA or RSA-HSM" in diagnostic.message
        assert "164.312(a)(2)(iv)" in diagnostic.message
        assert "an entry for KV-KEY-STRENGTH in policies/exceptions.yaml" in diagnostic.message


def test_violations_are_mandatory_and_warnings_advisory() -> None:
    levels = {policy.name: policy.enforcement_level for policy in build_policies(RULES, Register(), TODAY)}
    for rule in RULES:
        if not rule.offline:
            wanted = EnforcementLevel.MANDATORY if rule.blocking else EnforcementLevel.ADVISORY
            assert levels[rule.id] is wanted
        else:
            assert rule.id not in levels


def test_host_learns_what_each_policy_is_for() -> None:
    info = {policy.name: policy for policy in Host(Register()).servicer.GetAnalyzerInfo(None, None).policies}
    purge = info["KV-PURGE-PROTECTION"]
    assert purge.framework.reference == "164.308(a)(7)(ii)(A), 164.312(c)(1)"
    assert purge.remediation_steps.startswith("Set properties.enablePurgeProtection")


def test_project_file_names_the_programs_environment() -> None:
    project = yaml.safe_load((ROOT / "policies/PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "../.venv"}}
