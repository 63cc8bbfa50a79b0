"""What the bootstrap makes, by its settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assurance.full_audit import full_audit
from assurance.record import Record
from bootstrap.settings import SettingsError, parse
from documents.yaml_text import load_yaml
from facts.resource_providers import resource_providers
from policies.exceptions import Register
from tests.harness import BOOTSTRAP, bootstrap_config, bootstrap_record, named, only, shared_record

Config = dict[str, Any]
TODAY = date(2026, 11, 29)
FILE = BOOTSTRAP / "Pulumi.shared.yaml"


def changed(change: Callable[[Config], Any]) -> Config:
    config = bootstrap_config()
    change(config)
    return config


def private(config: Config) -> None:
    config["reach"] = {
        "to": "private",
        "network": {"addressSpace": "10.40.48.0/24", "endpoints": "10.40.48.0/27", "runners": "10.40.48.32/27"},
    }
    config["registry"]["sku"] = "Premium"


def staff_identity(config: Config) -> None:
    config["signIn"]["staff-dev"]["identity"] = "00000000-0000-4000-8000-0000000000c1"


def failed(record: Record) -> dict[str, set[str]]:
    """What fails, by rule: names of resources."""
    found: dict[str, set[str]] = {}
    for finding in full_audit(record, Register.load(), TODAY, BOOTSTRAP).findings:
        if finding.status == "fail":
            found.setdefault(finding.rule, set()).add(finding.name)
    return found


def test_state_keeps_versions_without_shared_key() -> None:
    record = bootstrap_record()
    account, blobs = only(record, "storage:StorageAccount"), only(record, "storage:BlobServiceProperties")
    assert account.inputs["allowSharedKeyAccess"] is False
    assert blobs.inputs["isVersioningEnabled"] is True
    assert all(blobs.inputs[kind]["enabled"] for kind in ("deleteRetentionPolicy", "containerDeleteRetentionPolicy"))
    assert {one.inputs["containerName"] for one in record.of_type("storage:BlobContainer")} == {
        "state-shared",
        "state-dev",
        "state-staging",
        "state-prod",
    }


def test_project_keeps_state_in_what_bootstrap_makes() -> None:
    project = load_yaml((BOOTSTRAP.parent / "Pulumi.yaml").read_text(encoding="utf-8"))
    account = only(bootstrap_record(), "storage:StorageAccount").inputs["accountName"]
    assert project["backend"]["url"] == f"azblob://state-dev?storage_account={account}"


def test_key_of_state_never_rotates_unseen() -> None:
    for key in bootstrap_record().of_type("keyvault:Key"):
        policy = key.inputs["properties"]["rotationPolicy"]["lifetimeActions"]
        assert [action["action"]["type"] for action in policy] == ["notify"]
        assert set(key.inputs["properties"]["keyOps"]) == {"encrypt", "decrypt"}


def test_private_reach_needs_no_exception() -> None:
    """With a network of its own nothing answers on the Internet, and the exceptions for that are named as unneeded."""
    found = failed(bootstrap_record(config=changed(private)))
    assert found == {"EXCEPTION-VALID": {"EXC-SHARED-PUBLIC-REGISTRY", "EXC-SHARED-PUBLIC-STATE"}}


def test_public_reach_is_said() -> None:
    record = bootstrap_record()
    report = full_audit(record, Register(trusted=Register.load().trusted), TODAY, BOOTSTRAP)
    public = {f.name for f in report.findings if f.status == "fail" and f.rule in ("TYPE-CLOSED", "REACH-INTERNET")}
    assert public == {"state", "state-keys", "registry"}


def test_registry_takes_identities_only() -> None:
    registry = named(bootstrap_record(), "registry", "containerregistry:Registry")
    properties = registry.inputs["properties"]
    assert properties["adminUserEnabled"] is False
    assert properties["anonymousPullEnabled"] is False
    assert properties["roleAssignmentMode"] == "AbacRepositoryPermissions"


def test_registration_returns_to_its_hosts_only() -> None:
    record = bootstrap_record()
    for name, row in bootstrap_config()["signIn"].items():
        (application,) = [
            r for r in record.of_type("azuread:index/application:Application") if r.name == f"sign-in-{name}"
        ]
        expected = [f"https://{host}/.auth/login/aad/callback" for host in row["hosts"]]
        assert application.inputs["web"]["redirectUris"] == expected


def test_registration_trusts_app_identity_by_register() -> None:
    """The credential of a registration is judged as those of identities are."""
    found = failed(bootstrap_record(config=changed(staff_identity)))
    assert found == {"TRUST-CREDENTIAL": {"sign-in-staff-dev"}}


def test_providers_to_register_cover_stacks() -> None:
    listed = set(bootstrap_record().outputs["resourceProviders"])
    used = {r.id.split("/providers/")[-1].split("/")[0] for r in shared_record("prod") if "/providers/" in r.id}
    default = {name for name, row in resource_providers().items() if row.registered_by_default is True}
    assert {name for name in used if name.startswith("Microsoft.")} <= listed | default


def test_tenant_logs_go_to_workspace() -> None:
    setting = only(bootstrap_record(), "aadiam:DiagnosticSetting")
    assert {"AuditLogs", "ServicePrincipalSignInLogs"} <= {log["category"] for log in setting.inputs["logs"]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c: c["platform"].update(location="centralu"), "= 'centralu': a region; did you mean centralus?"),
        (lambda c: c["environments"].update(preview=c["environments"]["dev"]), "another name"),
        (lambda c: c["applications"]["backend"].update(pushesFrom="test"), "one of dev, prod, staging"),
        (lambda c: c["registry"].update(pushesFrom="test"), "one of dev, prod, staging"),
        (lambda c: c["registry"].update(images=["backend"]), "none that an app's own repository pushes"),
        (lambda c: c["reach"].update(to="private"), "addressSpace, endpoints and runners"),
        (lambda c: private(c) or c["registry"].update(sku="Basic"), "Premium"),
        (lambda c: private(c) or c["reach"]["network"].update(runners="10.9.0.0/27"), "inside addressSpace"),
        (lambda c: private(c) or c["reach"]["network"].update(runners="10.40.48.0/28"), "apart from endpoints"),
        (lambda c: private(c) or c["reach"]["network"].update(runners="all"), "CIDR ranges"),
        (lambda c: c["github"].update(ownerID=1), "unknown key; did you mean ownerId?"),
    ],
)  # fmt: skip
def test_mistake_is_told_with_line(change: Callable[[Config], Any], told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(changed(change), FILE)
    (problem,) = [problem for problem in refused.value.problems if told in str(problem)]
    assert str(problem).startswith("bootstrap/Pulumi.shared.yaml:")


def test_wrong_file_ends_recording(tmp_path: Path) -> None:
    config = changed(lambda c: c["logs"].update(retentionDays=7))
    with pytest.raises(SettingsError, match="retentionDays = 7"):
        bootstrap_record(config=config)


def test_alerts_name_runbooks_that_exist() -> None:
    alerts = bootstrap_record().of_type("monitor:MetricAlert")
    assert len(alerts) == 4
    assert [a.name for a in alerts if not (BOOTSTRAP.parent / a.inputs["tags"]["runbook"]).is_file()] == []
