"""The settings of the database job: what is refused, and why."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from database.files import role_catalogue
from facts.regions import regions
from stacks.catalogues.database_roles import app_role, app_roles
from stacks.settings.between.database import job_problems
from stacks.settings.jobs import DatabaseJobSettings
from stacks.settings.registry import RegistrySettings
from tests.stacks.settings.sections import read, refused
from tests.stacks.settings.test_database import platform

DIGEST = f"sha256:{'0' * 64}"
IMAGE = {"image": {"repository": "database", "digest": DIGEST}}
REGISTRY = read(RegistrySettings, {"name": "mssregistry", "resourceGroup": "rg"})
PERSON = "00000000-0000-4000-8000-0000000000aa"


def problems(data: dict[str, Any], registry: RegistrySettings | None = REGISTRY, **apps: list[str]) -> dict[str, str]:
    """What the rules between sections refuse: key and what is allowed."""
    given = {name.replace("_", "-"): SimpleNamespace(secrets=secrets) for name, secrets in apps.items()}
    found = job_problems(read(DatabaseJobSettings, data), registry, cast(Any, given))
    return {problem.key: problem.allowed for problem in found}


def test_database_job_is_absent_by_default() -> None:
    """Nothing is needed and then there is no job."""
    settings = read(DatabaseJobSettings, {})
    assert settings.image is None
    assert problems({}, registry=None, legacy=["DATABASE-URL"]) == {}


def test_the_defaults_are_the_safe_ones() -> None:
    settings = read(DatabaseJobSettings, IMAGE)
    assert settings.zone_redundant
    assert settings.maintenance.cron == "*/15 * * * *"
    assert (settings.verification.cron, settings.verification.timeout_minutes) == ("30 6 * * *", 30)
    assert problems(IMAGE, backend=["DATABASE-URL"], pro_next=["DATABASE-URL"], marketing=[]) == {}


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"image": {"repository": "database", "digest": "latest"}}, "image.digest"),
        ({"image": {"repository": "Data Base", "digest": DIGEST}}, "image.repository"),
        ({"cpu": 0.3}, "cpu"),
        ({"cpu": 8.0}, "cpu"),
        ({"maintenance": {"cron": "every day"}}, "maintenance.cron"),
        ({"verification": {"cron": "30 6 * *"}}, "verification.cron"),
        ({"maintenance": {"timeoutMinutes": 10}}, "maintenance.cron"),
        ({"timeoutMinutes": 0}, "timeoutMinutes"),
        ({"people": {"medspasync_owner": {"objectId": PERSON}}}, "people.medspasync_owner.[key]"),
        ({"people": {"medspasync_auditor": {"objectId": "somebody"}}}, "people.medspasync_auditor.objectId"),
        ({"schedule": "daily"}, "schedule"),
    ],
)
def test_what_azure_or_the_database_would_refuse(data: dict[str, Any], key: str) -> None:
    assert refused(DatabaseJobSettings, data) == {key}


def test_one_object_signs_in_as_one_role() -> None:
    people = {role: {"objectId": PERSON} for role in ("medspasync_auditor", "medspasync_breakglass")}
    assert refused(DatabaseJobSettings, {"people": people}) == {"people.medspasync_breakglass.objectId"}


def test_an_image_needs_a_registry() -> None:
    assert set(problems(IMAGE, registry=None)) == {"databaseJob.image"}


def test_database_reader_needs_a_role() -> None:
    """An app that reads the database needs a role there."""
    found = problems(IMAGE, legacy=["NODE-ENV", "DATABASE-URL"])
    assert found == {"apps.legacy.secrets[1]": "a role medspasync_legacy in database/roles.yaml, which the job makes"}


def test_roles_are_those_of_the_database_room() -> None:
    assert app_roles() == {role["name"] for role in role_catalogue() if role["kind"] == "app"}
    assert app_role("pro-next") in app_roles()
    assert platform().location in regions()
