"""A second stack file that owns the subscription fails the check; one of another subscription does not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assurance.check.expected import stack_settings
from assurance.check.expected_owner import owner
from assurance.check.places import Places
from tests.harness import ROOT

OWNER = "medspasync:subscription:\n    owner: "
HERE, THERE = "00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("dev", "staging", "prod"):
        shutil.copy(ROOT / f"Pulumi.{name}.yaml", tmp_path)
    return tmp_path


def second_owner(project: Path, **subscriptions: str) -> None:
    """Staging owns it too; the stacks named say which subscription they are for."""
    path = project / "Pulumi.staging.yaml"
    text = path.read_text(encoding="utf-8")
    assert f"{OWNER}false" in text
    path.write_text(text.replace(f"{OWNER}false", f"{OWNER}true"), encoding="utf-8")
    for stack, subscription in subscriptions.items():
        path = project / f"Pulumi.{stack}.yaml"
        path.write_text(f"{path.read_text(encoding='utf-8')}  azure-native:subscriptionId: {subscription}\n")


def problems(project: Path, stack: str = "prod") -> list[str]:
    settings = stack_settings(project, stack)
    assert settings is not None
    return [problem for demand in owner(stack, settings, project, Places(project)) for problem in demand.problems]


def test_the_shipped_files_have_one_owner(project: Path) -> None:
    assert problems(project) == []
    settings = stack_settings(project, "prod")
    assert settings is not None
    (demand,) = owner("prod", settings, project, Places(project))
    line = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8").splitlines()[demand.origin["line"] - 1]
    assert line.strip() == "owner: true"


def test_who_owns_nothing_is_not_asked(project: Path) -> None:
    settings = stack_settings(project, "dev")
    assert settings is not None
    assert list(owner("dev", settings, project, Places(project))) == []


@pytest.mark.parametrize(
    "subscriptions", [{}, {"prod": HERE}, {"staging": HERE}, {"prod": HERE, "staging": HERE}], ids=str
)
def test_a_second_owner_is_named(project: Path, subscriptions: dict[str, str]) -> None:
    second_owner(project, **subscriptions)
    (told,) = problems(project)
    assert told.startswith("Pulumi.staging.yaml owns it too")
    assert problems(project, "staging")[0].startswith("Pulumi.prod.yaml owns it too")


def test_another_subscription_has_an_owner_of_its_own(project: Path) -> None:
    second_owner(project, prod=HERE, staging=THERE)
    assert problems(project) == []


def test_a_file_that_cannot_be_read_is_said_to_be_unchecked(project: Path) -> None:
    (project / "Pulumi.dev.yaml").write_text("config: [", encoding="utf-8")
    settings = stack_settings(project, "prod")
    assert settings is not None
    (demand,) = owner("prod", settings, project, Places(project))
    assert demand.finding("prod").status == "unchecked"
    assert "Pulumi.dev.yaml" in demand.unknown[0]
