"""What brings credentials into the database: what is refused, and what the job is told."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from database.credentials import FETCHED, read_manifest
from stacks.catalogues.secrets import catalogue
from stacks.database_credentials import copy_name, manifest
from stacks.settings.between.addresses import private_endpoints
from stacks.settings.between.database import LATE_DAYS, LONGEST_DAYS
from stacks.settings.jobs import installs_credentials
from stacks.settings.reading.parse import SettingsError
from tests.projects import Config, changed
from tests.stacks.whole_stack import FRONTEND, settings_of, with_database_job

PERIOD = catalogue()["DATABASE-CONTEXT-KEY"].rotation.days or 0


def problems(change: Any) -> dict[str, str]:
    """What is refused after ``change``: key and what is allowed."""
    try:
        settings_of(changed(change))
    except SettingsError as refused:
        return {problem.key.removeprefix("medspasync:"): problem.allowed for problem in refused.problems}
    return {}


def by_password(config: Config) -> None:
    with_database_job(config)
    config["medspasync:apps"]["backend"]["secrets"].append("DATABASE-PASSWORD")
    config["medspasync:database"] |= {
        "authentication": "entra-and-password",
        "administratorLogin": "emergency",
        "appAuthentication": "password",
    }


def test_both_ways_to_sign_in_are_accepted() -> None:
    assert problems(with_database_job) == problems(by_password) == {}
    assert settings_of(changed(with_database_job)).database.app_authentication == "entra"


def without(*secrets: str) -> Any:
    def change(config: Config) -> None:
        by_password(config)
        listed = config["medspasync:apps"]["backend"]["secrets"]
        config["medspasync:apps"]["backend"]["secrets"] = [name for name in listed if name not in secrets]

    return change


def setting(section: str, **values: Any) -> Any:
    def change(config: Config) -> None:
        by_password(config)
        config[f"medspasync:{section}"] |= values

    return change


def no_image(config: Config) -> None:
    by_password(config)
    del config["medspasync:databaseJob"]


def password_for_entra(config: Config) -> None:
    by_password(config)
    config["medspasync:database"]["appAuthentication"] = "entra"


def an_app_called_database(config: Config) -> None:
    config["medspasync:apps"]["database"] = {**FRONTEND, "secrets": []}


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        (without("DATABASE-CONTEXT-KEY"), "apps.backend.secrets", "without a signed context"),
        (without("DATABASE-PASSWORD"), "apps.backend.secrets", "appAuthentication is password"),
        (without("DATABASE-URL"), "apps.backend.secrets[4]", "DATABASE-URL too"),
        (password_for_entra, "apps.backend.secrets[6]", "appAuthentication is entra"),
        (no_image, "database.appAuthentication", "a databaseJob.image that sets passwords"),
        (setting("database", version="15"), "database.appAuthentication", "version 16 or newer"),
        (
            setting("database", authentication="entra", administratorLogin=None),
            "database.appAuthentication",
            "authentication: entra-and-password",
        ),
        (setting("databaseJob", contextKeyDays=PERIOD), "databaseJob.contextKeyDays", "a rotation that comes late"),
        (
            setting("databaseJob", contextKeyDays=PERIOD + LATE_DAYS - 1),
            "databaseJob.contextKeyDays",
            f"{PERIOD + LATE_DAYS} to {LONGEST_DAYS}",
        ),
        (an_app_called_database, "apps.database", "the vault of the database job"),
    ],
)
def test_what_cannot_be_is_refused_at_its_key(change: Any, key: str, said: str) -> None:
    assert said in problems(change).get(key, "nothing")


@pytest.mark.parametrize("days", [PERIOD + LATE_DAYS, LONGEST_DAYS])
def test_a_key_that_outlives_its_rotation_is_accepted(days: int) -> None:
    assert problems(setting("databaseJob", contextKeyDays=days)) == {}


def test_key_overlap_outlasts_an_apps_fetch() -> None:
    # The previous key was due when the current one came, and the database takes it for this long after that.
    """An overlap of two keys is longer than an app takes to fetch one."""
    assert FETCHED.total_seconds() / 3600 < LATE_DAYS * 24


def test_no_job_or_reader_installs_nothing() -> None:
    """A stack without a job or a reader installs nothing."""
    settings = settings_of(changed(with_database_job))
    assert installs_credentials(settings.database_job, settings.apps)
    assert not installs_credentials(settings.database_job, {})
    least = settings_of(changed(lambda _config: None))
    assert not installs_credentials(least.database_job, least.apps)
    # The vault has a private endpoint, for which the subnet needs room.
    assert private_endpoints(settings) == private_endpoints(least) + 1


def test_manifest_names_exactly_what_is_published() -> None:
    """The manifest names what is published and nothing else."""

    def rotated(config: Config) -> None:
        by_password(config)
        config["medspasync:apps"]["pro-next"] = {
            **FRONTEND,
            "hostNames": ["pro.example.org"],
            "secrets": ["DATABASE-URL", "DATABASE-CONTEXT-KEY", "DATABASE-PASSWORD"],
        }
        config["medspasync:vaults"]["rotations"] = {"DATABASE-PASSWORD": ["2026-10-01", "2026-11-01", "2027-01-20"]}

    settings = settings_of(changed(rotated))
    text = manifest(settings.database_job, settings.vaults, settings.apps)
    wanted = read_manifest(text)
    assert {(key.role, key.secret) for key in wanted.context_keys} == {
        ("medspasync_backend", "BACKEND-DATABASE-CONTEXT-KEY"),
        ("medspasync_pro_next", "PRO-NEXT-DATABASE-CONTEXT-KEY"),
    }
    assert list(wanted.passwords) == ["medspasync_backend", "medspasync_pro_next"]
    assert [(p.secret, p.rotated) for p in wanted.passwords["medspasync_pro_next"]] == [
        ("PRO-NEXT-DATABASE-PASSWORD", date(2027, 1, 20)),
        ("PRO-NEXT-DATABASE-PASSWORD-PREVIOUS", date(2026, 11, 1)),
    ]
    assert copy_name("pro-next", "A") == "PRO-NEXT-A"
    # The same settings are the same text: the job runs again for a rotation only.
    assert text == manifest(settings.database_job, settings.vaults, settings.apps)
    assert json.loads(text).keys() == {"contextKeys", "passwords"}
