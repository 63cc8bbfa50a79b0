"""DECLARED notices what the program forgot, and nothing else: the program is broken once for each kind of entry."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assurance.basis import file_hash
from assurance.check.declared import declared_findings
from assurance.check.findings import Finding
from assurance.project import read_project
from assurance.record import Mode, Record
from assurance.recorder.stack import record_stack
from components.policy_assignment import PolicyAssignment
from documents.yaml_text import load_yaml
from stacks import (
    bus,
    dashboards,
    database,
    edge,
    edge_apps,
    network,
    observability,
    operations,
    secrets,
    security,
    slo,
    vaults,
)
from tests.harness import MODES, ROOT, STACKS, stack_record
from tests.projects import project

CATALOGUES = "stacks/catalogues"


def failures(record: Record, root: Path = ROOT) -> list[Finding]:
    return [finding for finding in declared_findings(record, root) if finding.status == "fail"]


def keys(findings: list[Finding]) -> set[tuple[str, str]]:
    """File and key of each finding; it names the line as well."""
    assert all(f"{f.origin['file']}:{f.origin['line']}: {f.origin['key']}" in f.message for f in findings if f.origin)
    return {(f.origin["file"], f.origin["key"]) for f in findings if f.origin}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", STACKS)
def test_stack_as_it_is_declares_every_entry(stack: str, mode: Mode) -> None:
    assert failures(stack_record(stack, mode)) == []


def test_entry_whose_resources_are_gone_fails() -> None:
    record = stack_record("prod")
    entries = {(each["file"], each["key"]) for each in written(record)}
    assert len(entries) > 350
    for entry in entries:
        kept = [r for r in record if all((each["file"], each["key"]) != entry for each in r.origins)]
        altered = replace(record, resources=kept)
        assert entry in keys(failures(altered)), entry


def written(record: Record) -> Iterator[dict[str, Any]]:
    """Origins that are an entry of a file, not a part of one or a default of a section that is not written."""
    known = {(f.origin["file"], f.origin["key"]) for f in failures(replace(record, resources=[])) if f.origin}
    for resource in record:
        yield from (each for each in resource.origins if (each["file"], each["key"]) in known)


def test_part_that_is_gone_from_its_resource_fails() -> None:
    record = stack_record("prod")
    examined = 0
    for resource in record:
        lists = {each["path"].rpartition("[")[0] for each in resource.origins if each["path"].endswith("]")}
        for path in lists:
            altered = copy.deepcopy(resource)
            items = altered.inputs
            for step in path.split("."):
                items = items[step]
            items.pop()
            of_resource = {(each["file"], each["key"]) for each in resource.origins}
            assert keys(failures(replace(record, resources=[altered]))) & of_resource, (resource.name, path)
            examined += 1
    assert examined > 20


def test_entry_left_out_passes_with_a_reason_only() -> None:
    record = stack_record("prod")
    alert = next(each for each in record.notMade if each["key"] == "gateway-cpu")
    without_reason = [{**each, "reason": ""} if each is alert else each for each in record.notMade]
    assert keys(failures(replace(record, notMade=without_reason))) == {(f"{CATALOGUES}/alerts.yaml", "gateway-cpu")}


def test_record_of_another_stack_file_is_unchecked() -> None:
    record = stack_record("prod")
    (finding,) = declared_findings(replace(record, basis={**record.basis, "stackFile": "0" * 64}), ROOT)
    assert finding.status == "unchecked"


def test_file_and_section_in_neither_list_fail(tmp_path: Path) -> None:
    text = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8") + "  medspasync:newSection: {on: true}\n"
    (tmp_path / "Pulumi.prod.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "database").symlink_to(ROOT / "database")
    shutil.copytree(ROOT / CATALOGUES, tmp_path / CATALOGUES)
    (tmp_path / CATALOGUES / "new.yaml").write_text("thing: {}\n", encoding="utf-8")
    record = stack_record("prod")
    record.basis["stackFile"] = file_hash(tmp_path / "Pulumi.prod.yaml")
    assert {finding.name for finding in failures(record, tmp_path)} == {
        f"{CATALOGUES}/new.yaml",
        "medspasync:newSection",
    }


Break = Callable[[pytest.MonkeyPatch], None]


def drop(owner: Any, name: str, keep: Callable[[Any], Any]) -> Break:
    """Let a function of the program give what ``keep`` leaves of its answer."""

    def break_program(patch: pytest.MonkeyPatch) -> None:
        whole = getattr(owner, name)
        patch.setattr(owner, name, lambda *args, **more: keep(whole(*args, **more)))

    return break_program


def skip(owner: Any, name: str, skipped: Callable[..., bool]) -> Break:
    """Let the program not call a function of its own for some arguments."""
    whole = getattr(owner, name)
    return lambda patch: patch.setattr(
        owner, name, lambda *args, **more: None if skipped(*args, **more) else whole(*args, **more)
    )


def pass_less(owner: Any, name: str, less: Callable[[Any], Any]) -> Break:
    """Let a component get what ``less`` leaves of its arguments."""
    whole = getattr(owner, name)
    return lambda patch: patch.setattr(owner, name, lambda key, args, *rest: whole(key, less(args), *rest))


def without(names: dict[str, Any], *gone: str) -> dict[str, Any]:
    return {name: value for name, value in names.items() if name not in gone}


STACK = "Pulumi.prod.yaml"
BREAKS: dict[str, tuple[Break, set[tuple[str, str]]]] = {
    "alert": (
        skip(operations, "_alert", lambda _layer, alert, *_rest: alert == "postgres-storage"),
        {(f"{CATALOGUES}/alerts.yaml", "postgres-storage")},
    ),
    "incident": (
        skip(security, "log_alert", lambda *_args, **_more: True),
        {(f"{CATALOGUES}/alerts.yaml", "sentinel-incident")},
    ),
    "burn rate": (
        pass_less(slo, "ServiceLevelObjective", lambda args: replace(args, alerts=args.alerts[:-1])),
        {(f"{CATALOGUES}/alerts.yaml", "slo-latency-creeping"), (f"{CATALOGUES}/slos.yaml", "burnRates.creeping")},
    ),
    "Sentinel rule": (
        drop(security, "build_rules", lambda rules: without(rules, "edge-scanner")),
        {(f"{CATALOGUES}/sentinel.yaml", "edge-scanner")},
    ),
    "secret": (
        drop(
            secrets.SecretValues,
            "publish",
            lambda published: [each for each in published if each.secret_name != "JWT-SECRET"],
        ),
        {(f"{CATALOGUES}/secrets.yaml", "JWT-SECRET")},
    ),
    "rate limit": (
        drop(edge, "waf_rules", lambda rules: [rule for rule in rules if rule.name != "RateAuthentication"]),
        {(f"{CATALOGUES}/rate_limits.yaml", "api.authentication")},
    ),
    "body size": (
        drop(edge, "waf_rules", lambda rules: [rule for rule in rules if rule.name != "BodySize"]),
        {(STACK, "medspasync:waf.maxBodyBytes")},
    ),
    "header": (
        drop(edge_apps, "response_headers", lambda headers: without(headers, "X-Frame-Options")),
        {(f"{CATALOGUES}/security_headers.yaml", "all.X-Frame-Options")},
    ),
    "flow": (
        drop(network, "security_rules", lambda rules: [rule for rule in rules if "apps-to-postgres" not in rule.name]),
        {(f"{CATALOGUES}/network_flows.yaml", "allowed.apps-to-postgres")},
    ),
    "receiver": (
        pass_less(observability, "ActionGroup", lambda args: replace(args, emails=args.emails[1:] or ["else@x.org"])),
        {(STACK, "medspasync:monitoring.receivers.security.emails[0]")},
    ),
    "audit table": (
        pass_less(
            observability,
            "Observability",
            lambda args: replace(args, total_retention_days=without(dict(args.total_retention_days), "AZKVAuditLogs")),
        ),
        {(f"{CATALOGUES}/log_tables.yaml", "AZKVAuditLogs")},
    ),
    "exemption": (
        skip(PolicyAssignment, "exempt", lambda _self, exemption: exemption.exemption_name == "csf-service-endpoints"),
        {(f"{CATALOGUES}/policy_exemptions.yaml", "csf-service-endpoints")},
    ),
    "parameter": (
        drop(database, "parameter_values", lambda values: without(dict(values), "pgaudit.log")),
        {("database/parameters.yaml", "pgaudit.log")},
    ),
    "vault event": (
        drop(
            vaults,
            "_expiry",
            lambda events: replace(events, alerts=[a for a in events.alerts if a.name != "key-expired"]),
        ),
        {(f"{CATALOGUES}/vault_events.yaml", "key-expired")},
    ),
    "tile": (
        drop(dashboards, "tiles", lambda shown: shown[1:]),
        {(f"{CATALOGUES}/workbooks/alerting.yaml", "tiles[0]")},
    ),
    "queue": (drop(bus, "_queues", lambda _queues: []), {(STACK, "medspasync:eventBus.queues.mail")}),
    "availability test": (
        skip(operations, "_availability", lambda _layer: True),
        {(STACK, "medspasync:monitoring.availabilityTests.api"), (f"{CATALOGUES}/alerts.yaml", "availability")},
    ),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """What DECLARED says of prod, with Sentinel, when one entry of each kind is forgotten: one recording for all."""
    config = load_yaml((ROOT / STACK).read_text(encoding="utf-8"))["config"]
    config["medspasync:security"]["sentinel"] = {"enabled": True}
    folder = project(tmp_path_factory.mktemp("broken"), prod=config)
    with pytest.MonkeyPatch.context() as patch:
        for break_program, _ in BREAKS.values():
            break_program(patch)
        record = record_stack(read_project(folder), "prod", "deployed")
    return keys(failures(record, folder))


@pytest.mark.parametrize("kind", BREAKS)
def test_entry_that_the_program_forgets_fails(kind: str, broken: set[tuple[str, str]]) -> None:
    assert BREAKS[kind][1] <= broken


def test_entry_that_is_not_forgotten_passes(broken: set[tuple[str, str]]) -> None:
    assert not {("database/parameters.yaml", "log_lock_waits"), (STACK, "medspasync:cache")} & broken
