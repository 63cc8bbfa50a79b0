"""API Management in a whole stack: every rule holds, nothing changes without it, nothing goes past it."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path

import pytest

from assurance.check.audit import audit
from assurance.check.order import order_findings
from assurance.record import Mode, Record
from deployment.inputs import Inputs
from policies.exceptions import Register
from tests.gateway import SECTION, gateway_config, gateway_record
from tests.harness import MODES, ROOT, STACKS, only, project_record, shared_record

OPEN_PATHS = """
EXC-PROD-WEBHOOKS:
  rules: [API-CALLER-KNOWN]
  stacks: [prod]
  resource: gateway-backend-webhooks-stripe
  reason: Stripe sends no key of ours; it signs every webhook.
  compensatingControl: The backend checks the signature; calls of one address are limited.
  owner: security lead
  expires: 2027-03-31
EXC-PROD-SIGN-IN:
  rules: [API-CALLER-KNOWN]
  stacks: [prod]
  resource: gateway-backend-auth
  reason: Who signs in has no token yet, and browsers keep no key.
  compensatingControl: 50 attempts of one address in five minutes, and the backend's own limits by account.
  owner: security lead
  expires: 2027-03-31
"""
TOKENS = """
TRU-PROD-TOKENS:
  stacks: [prod]
  host: login.microsoftonline.com
  reason: The gateway reads there the keys that tokens of our own tenant are signed with.
  owner: security lead
  expires: 2027-11-30
"""
TRUSTED_REGISTER = Register.parse(
    None, (ROOT / "policies" / "trusted.yaml").read_text(encoding="utf-8") + TOKENS
).trusted


@pytest.fixture(params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return gateway_record(mode)


def test_nothing_a_real_engine_or_azure_would_refuse(built: Record) -> None:
    assert built.problems == []


def test_every_rule_holds_but_for_registered_paths(built: Record) -> None:
    register = Register.load()
    ours = {id_: entry for id_, entry in register.exceptions.items() if "prod" in entry.stacks}
    registered = Register({**ours, **Register.parse(OPEN_PATHS).exceptions}, trusted=TRUSTED_REGISTER)
    for at, failing in ((date(2027, 1, 1), set()), (date(2027, 4, 1), {"API-CALLER-KNOWN", "EXCEPTION-VALID"})):
        report = audit(built, registered, at)
        # By the second day secrets of today's stack file have ended, which KV-USABLE says.
        rules = {f.rule for f in report.with_status("fail")} - {"KV-USABLE"}
        assert rules == failing, report.with_status("fail")
    without = audit(built, Register(ours, trusted=TRUSTED_REGISTER), date(2027, 1, 1))
    assert {(f.rule, f.name) for f in without.with_status("fail")} == {
        ("API-CALLER-KNOWN", "gateway-backend-webhooks-stripe"),
        ("API-CALLER-KNOWN", "gateway-backend-auth"),
    }


def test_gateway_open_for_creation_fails_until_closed(tmp_path: Path) -> None:
    config = gateway_config()
    config["medspasync:apiManagement"]["openForCreation"] = True
    registered = Register(Register.parse(OPEN_PATHS).exceptions, trusted=TRUSTED_REGISTER)
    report = audit(project_record(config), registered, date(2027, 1, 1))
    assert {f.rule for f in report.with_status("fail")} == {"API-PRIVATE", "FD-ORIGIN-LOCKED", "TYPE-CLOSED"}


def test_gateway_switched_off_changes_nothing() -> None:
    """Off, and left out as in the project's own file, are one and the same record; no stack has anything of it."""
    off = gateway_config()
    del off["medspasync:network"]["subnets"]["gateway"]
    off["medspasync:apiManagement"] = {"tier": "none"}
    made, own = project_record(off), shared_record("prod")
    assert made.outputs == own.outputs
    for resource, before in zip(made, own, strict=True):
        for part in ("urn", "id", "inputs", "outputs", "options", "secrets", "dependencies"):
            assert getattr(resource, part) == getattr(before, part), resource.urn
    for stack in STACKS:
        assert not [r for r in shared_record(stack) if "apimanagement" in r.type or "gateway" in r.name]


def test_gateway_adds_resources_and_turns_one_origin_only() -> None:
    """All other resources are as they were."""
    with_it, before = gateway_record(), shared_record("prod")
    old, new = ({r.urn: r for r in record} for record in (before, with_it))
    assert not old.keys() - new.keys()
    changed = {
        r.name for urn, r in old.items()
        if r.inputs != new[urn].inputs and not r.type.startswith(("azure-native:monitor", "pulumi:"))
    }  # fmt: skip
    # Its subnet takes part in the rows for every subnet, and is written between two others.
    assert {name for name in changed if not name.startswith("subnet-")} == {"edge-backend", "edge-backend-signin"}


def test_front_door_uses_private_link_and_apps_path(built: Record) -> None:
    origins = {r.inputs["originName"]: r.inputs for r in built.of_type("cdn:AFDOrigin")}
    groups = {r.inputs["originGroupName"]: r.inputs for r in built.of_type("cdn:AFDOriginGroup")}
    routes = {r.inputs["routeName"]: r.inputs for r in built.of_type("cdn:Route")}
    links = {name: origin["sharedPrivateLinkResource"]["groupId"] for name, origin in origins.items()}
    assert links == {"backend": "Gateway", "frontend": "sites", "marketing": "sites", "pro-next": "sites"}
    of_backend = {name for name in routes if name.startswith("backend")}
    assert {name: route["originPath"] for name, route in routes.items() if "originPath" in route} == dict.fromkeys(
        of_backend, "/backend"
    )
    assert groups["backend"]["healthProbeSettings"]["probePath"] == "/backend/healthz"
    if built.mode == "deployed":
        service = only(built, "apimanagement:ApiManagementService")
        assert origins["backend"]["sharedPrivateLinkResource"]["privateLink"]["id"] == service.id
        assert origins["backend"]["hostName"] == f"{service.inputs['serviceName']}.azure-api.net"


def test_callers_must_meet_what_stack_file_requires(built: Record) -> None:
    asked = SECTION["apis"]["backend"]
    policies = {r.name: r.inputs["value"] for r in built.of_type("apimanagement:ApiPolicy")}
    for limit in asked["limits"]:
        assert f'calls="{limit["calls"]}" renewal-period="{limit["seconds"]}"' in policies["gateway-backend"]
    assert asked["token"]["openIdConfiguration"] in policies["gateway-backend"]
    names = {r.inputs["sid"] for r in built.of_type("apimanagement:Subscription")}
    assert names == set(SECTION["products"]["partners"]["subscriptions"])
    named = {"gateway-backend", "gateway-backend-healthz", "gateway-backend-auth", "gateway-backend-webhooks-stripe"}
    assert set(policies) == named


def test_resources_name_their_entry(built: Record) -> None:
    keys = {(r.origin or {}).get("key") for r in built if "apimanagement" in r.type}
    prefix = "medspasync:apiManagement"
    assert keys == {prefix, f"{prefix}.apis.backend", f"{prefix}.products.partners"}


def test_deployment_step_approves_gateways_link_and_not_apps() -> None:
    built = gateway_record()
    inputs = Inputs.model_validate(built.outputs["deployment"])
    assert inputs.gateway_id == only(built, "apimanagement:ApiManagementService").id
    private = {name: app.private_link for name, app in inputs.apps.items()}
    assert private == {"backend": False, "frontend": True, "marketing": True, "pro-next": True}
    assert Inputs.model_validate(copy.deepcopy(shared_record("prod").outputs["deployment"])).gateway_id is None


def test_alerts_watch_it(built: Record) -> None:
    alerts = {r.inputs["tags"]["alert"] for r in built.of_type("monitor:MetricAlert", "monitor:ScheduledQueryRule")}
    assert {"gateway-cpu", "gateway-memory", "gateway-errors", "gateway-throttled", "gateway-refused"} <= alerts


def test_every_order_that_azure_requires_is_declared() -> None:
    built = gateway_record()
    assert {f.status for f in order_findings(built)} == {"pass"}
    policy, named = only(built, "apimanagement:Policy"), only(built, "apimanagement:NamedValue")
    policy.dependencies = [urn for urn in policy.dependencies if urn != named.urn]
    assert "fail" in {f.status for f in order_findings(built)}
