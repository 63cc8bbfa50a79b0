"""What brings applications' credentials into the database: which secrets, from when to when (docs/database.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from documents.problems import Problem
from stacks.catalogues.secrets import SecretName, catalogue
from stacks.settings.apps import AppSettings
from stacks.settings.database import DatabaseSettings
from stacks.settings.jobs import DATABASE_URL, DatabaseJobSettings

CONTEXT_KEY: SecretName = "DATABASE-CONTEXT-KEY"
CREDENTIAL: SecretName = "DATABASE-PASSWORD"
COPIED = (CONTEXT_KEY, CREDENTIAL)
"""Secrets that the database job reads too: from a vault of its own, which holds nothing else."""
LATE_DAYS = 30
"""How long the database still takes a key after its rotation was due: a late rotation must not stop an app. Alerts
begin 30 days before it is due, the database's own check 14 days before the end."""
LONGEST_DAYS = 365
"""The database takes no key for more than 400 days from its installation (database/sql/apply/200_context.sql)."""


def installs_credentials(job: DatabaseJobSettings, apps: Mapping[str, AppSettings]) -> bool:
    """Whether there is somebody to install credentials, and an app that needs them."""
    return job.image is not None and any(DATABASE_URL in app.secrets for app in apps.values())


def cross_problems(
    database: DatabaseSettings, job: DatabaseJobSettings, apps: Mapping[str, AppSettings]
) -> Iterator[Problem]:
    """Mistakes between the database, its job and the apps. Keys are full paths without the namespace."""
    by_password = database.app_authentication == "password"
    for app, app_settings in apps.items():
        listed, key = app_settings.secrets, f"apps.{app}.secrets"
        reads = DATABASE_URL in listed
        if reads and job.image is not None and CONTEXT_KEY not in listed:
            yield Problem(key, f"no {CONTEXT_KEY}", f"{CONTEXT_KEY} too: without a signed context it sees no row")
        if reads and by_password and CREDENTIAL not in listed:
            yield Problem(key, f"no {CREDENTIAL}", f"{CREDENTIAL} too: database.appAuthentication is password")
        for name in (CONTEXT_KEY, CREDENTIAL):
            if name in listed and not reads:
                yield Problem(f"{key}[{list(listed).index(name)}]", name, f"{DATABASE_URL} too, or not this one")
        if CREDENTIAL in listed and not by_password:
            yield Problem(
                f"{key}[{list(listed).index(CREDENTIAL)}]", CREDENTIAL, "none: database.appAuthentication is entra"
            )
    if by_password and job.image is None:
        yield Problem("database.appAuthentication", "password", "entra, or a databaseJob.image that sets passwords")
    if not installs_credentials(job, apps):
        return
    due = catalogue()[CONTEXT_KEY].rotation.days or 0
    if not due + LATE_DAYS <= job.context_key_days <= LONGEST_DAYS:
        yield Problem(
            "databaseJob.contextKeyDays",
            job.context_key_days,
            f"{due + LATE_DAYS} to {LONGEST_DAYS}: {CONTEXT_KEY} is rotated every {due} days, and {LATE_DAYS} are for "
            "a rotation that comes late",
        )
