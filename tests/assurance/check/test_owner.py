"""A second stack file that owns the subscription fails the check; one of another subscription does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assurance.check.findings import Finding
from assurance.check.owner import owner_findings
from assurance.record import Record
from tests.harness import ROOT

OWNER = "medspasync:subscription:\n    owner: "
HERE, THERE = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("dev", "staging", "prod"):
        shutil.copy(ROOT / f"Pulumi.{name}.yaml", tmp_path)
    return tmp_path


def own_twice(project: Path, **subscriptions: str) -> None:
    """Staging owns it too; the stacks named say which subscription they are for."""
    path = project / "Pulumi.staging.yaml"
    text = path.read_text(encoding="utf-8")
    assert f"{OWNER}false" in text
    path.write_text(text.replace(f"{OWNER}false", f"{OWNER}true"), encoding="utf-8")
    for stack, subscription in subscriptions.items():
        path = project / f"Pulumi.{stack}.yaml"
        path.write_text(f"{path.read_text(encoding='utf-8')}  azure-native:subscriptionId: {subscription}\n")


def judged(project: Path, stack: str = "prod") -> Finding:
    (finding,) = owner_findings(Record(stack, "deployed"), project)
    return finding


def test_shipped_files_have_one_owner(project: Path) -> None:
    finding = judged(project)
    assert finding.status == "pass"
    assert finding.origin is not None
    line = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8").splitlines()[finding.origin["line"] - 1]
    assert line.strip() == "owner: true"


def test_stack_that_owns_nothing_is_not_judged(project: Path) -> None:
    assert list(owner_findings(Record("dev", "deployed"), project)) == []


@pytest.mark.parametrize(
    "subscriptions", [{}, {"prod": HERE}, {"staging": HERE}, {"prod": HERE, "staging": HERE}], ids=str
)
def test_second_owner_fails_by_name(project: Path, subscriptions: dict[str, str]) -> None:
    own_twice(project, **subscriptions)
    for stack, other in (("prod", "staging"), ("staging", "prod")):
        finding = judged(project, stack)
        assert finding.status == "fail"
        assert finding.message.startswith(f"Pulumi.{other}.yaml owns it too")


def test_another_subscription_has_its_own_owner(project: Path) -> None:
    own_twice(project, prod=HERE, staging=THERE)
    assert judged(project).status == "pass"


def test_unreadable_stack_file_leaves_owner_unchecked(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text("config: [", encoding="utf-8")
    finding = judged(project)
    assert finding.status == "unchecked"
    assert "Pulumi.dev.yaml" in finding.message
