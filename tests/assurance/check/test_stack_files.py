"""What stack files may not have in common, and what they may not have together: STACKS-APART and STACKS-LIMITS."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assurance.basis import file_hash
from assurance.check.apart import apart_findings
from assurance.check.findings import Finding
from assurance.check.limits import limit_findings
from assurance.record import Record
from facts.limits import limits
from tests.assurance.check.samples import resource
from tests.harness import ROOT, STACKS, shared_record

SUBSCRIPTION = "\n  azure-native:subscriptionId: 00000000-0000-4000-8000-00000000000"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in STACKS:
        shutil.copy(ROOT / f"Pulumi.{name}.yaml", tmp_path)
    (tmp_path / "stacks/catalogues").mkdir(parents=True)
    shutil.copy(ROOT / "stacks/catalogues/alerts.yaml", tmp_path / "stacks/catalogues")
    return tmp_path


def copy_prod(project: Path, *changes: tuple[str, str]) -> None:
    """Add a stack ``qa``: prod's file that owns nothing, with these changes."""
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    for old, new in (("owner: true", "owner: false"), *changes):
        assert old in text, old
        text = text.replace(old, new)
    (project / "Pulumi.qa.yaml").write_text(text, encoding="utf-8")


def of_prod(project: Path, count: int = 39) -> Record:
    alerts = [resource("monitor:ActivityLogAlert", f"alert-{number}", {}) for number in range(count)]
    basis = {"stackFile": file_hash(project / "Pulumi.prod.yaml"), "project": "medspasync"}
    return Record("prod", "deployed", alerts, basis=basis)


def alerts(project: Path, count: int = 39) -> Finding:
    (found,) = limit_findings(of_prod(project, count), project)
    return found


def apart(project: Path) -> dict[str, str]:
    return {each.name: each.status for each in apart_findings(of_prod(project), project)}


def test_shipped_stacks_stay_within_every_limit() -> None:
    for stack in STACKS:
        found = list(limit_findings(shared_record(stack), ROOT))
        assert {each.status for each in found} == {"pass"}
        assert {"activity-log-alerts", "role-assignments"} <= {each.name for each in found}


def test_catalogue_counts_at_least_what_is_made() -> None:
    """The number of a stack beside is an upper bound of what its own record has."""
    for name, limit in limits().items():
        if limit.catalogue is not None:
            (found,) = [each for each in limit_findings(shared_record("prod"), ROOT) if each.name == name]
            for stack in ("dev", "staging"):
                counted = int(found.message.split(f"Pulumi.{stack}.yaml: ")[1].split(",")[0].rstrip(")"))
                assert counted >= len(shared_record(stack).of_type(limit.type))


@pytest.mark.parametrize(("count", "status"), [(48, "pass"), (49, "fail")])
def test_one_alert_too_many_fails(project: Path, count: int, status: str) -> None:
    found = alerts(project, count)
    assert found.status == status, found.message
    assert "of 100 activity-log-alerts" in found.message


def test_fourth_stack_of_the_subscription_fails(project: Path) -> None:
    copy_prod(project)
    assert alerts(project).status == "fail"
    assert "Pulumi.qa.yaml: 26" in alerts(project).message


def test_stack_of_another_subscription_is_not_counted(project: Path) -> None:
    copy_prod(project)
    for stack, last in (("prod", "1"), ("qa", "2")):
        path = project / f"Pulumi.{stack}.yaml"
        path.write_text(path.read_text(encoding="utf-8") + SUBSCRIPTION + last + "\n", encoding="utf-8")
    assert alerts(project).status == "pass"


@pytest.mark.parametrize(("label", "shared"), [("shared", True), ("another", False), (None, True)])
def test_label_says_who_shares_a_subscription(project: Path, label: str | None, shared: bool) -> None:
    """Ranges may overlap in subscriptions of their own; a stack without a label may share that of any other."""
    copy_prod(project, ("    subscription: shared", f"    subscription: {label}" if label else "    external: []"))
    assert (apart(project).get("network.addressSpace") == "fail") is shared


def test_shipped_stacks_have_nothing_in_common() -> None:
    for stack in STACKS:
        assert [each.status for each in apart_findings(shared_record(stack), ROOT)] == ["pass"]


def test_copied_stack_file_fails_by_name(project: Path) -> None:
    copy_prod(project)
    found = apart(project)
    assert set(found.values()) == {"fail"}
    assert {"platform.code", "apps.backend.vaultName", "apps.backend.hostNames", "network.addressSpace"} <= set(found)


OWN_NAMES = [
    ("code: prod", "code: qa"),
    ("medspasyncpro.com]", "qa.example]"),
    ("vaultName: medspasync-backend", "vaultName: medspasync-qa"),
    ("10.40.32.0/20", "10.41.0.0/20"),
]


@pytest.mark.parametrize("left_out", [None, *range(len(OWN_NAMES))])
def test_each_thing_in_common_fails_alone(project: Path, left_out: int | None) -> None:
    copy_prod(project, *(change for index, change in enumerate(OWN_NAMES) if index != left_out))
    found = apart(project)
    expected = [None, "platform.code", "apps.backend.hostNames", "apps.backend.vaultName", "network.addressSpace"]
    key = expected[0 if left_out is None else left_out + 1]
    assert found == {"names, hosts and ranges": "pass"} if key is None else found[key] == "fail"
    assert left_out in (None, 1) or len(found) == 1


@pytest.mark.parametrize("judge", [limit_findings, apart_findings])
def test_record_of_another_stack_file_is_unchecked(
    project: Path, judge: Callable[[Record, Path], list[Finding]]
) -> None:
    record = of_prod(project)
    with (project / "Pulumi.prod.yaml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert [each.status for each in judge(record, project)] == ["unchecked"]


def test_unreadable_stack_file_leaves_both_unchecked(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text("config: [", encoding="utf-8")
    assert alerts(project).status == "unchecked"
    assert apart(project) == {"names, hosts and ranges": "unchecked"}
