"""What must hold between the database, the job that applies its SQL, and the apps that read it."""

from collections.abc import Iterator, Mapping

from documents.problems import Problem
from stacks.catalogues.database_roles import ROLES, app_role, app_roles
from stacks.catalogues.secrets import catalogue
from stacks.settings.apps import AppSettings
from stacks.settings.database import DatabaseSettings
from stacks.settings.jobs import CONTEXT_KEY, CREDENTIAL, DATABASE_URL, DatabaseJobSettings, installs_credentials
from stacks.settings.registry import RegistrySettings

LATE_DAYS = 30
"""How long the database still takes a key after its rotation was due: a late rotation must not stop an app. Alerts
begin 30 days before it is due, the database's own check 14 days before the end."""
LONGEST_DAYS = 365
"""The database takes no key for more than 400 days from its installation (database/sql/apply/200_context.sql)."""


def job_problems(
    job: DatabaseJobSettings,
    registry: RegistrySettings | None,
    apps: Mapping[str, AppSettings],
) -> Iterator[Problem]:
    """Mistakes between the job and the rest. Keys are full paths without the namespace."""
    if job.image is None:
        return
    if registry is None:
        yield Problem("databaseJob.image", job.image.repository, "a `registry` section to pull it from")
    for name, app in apps.items():
        if DATABASE_URL in app.secrets and app_role(name) not in app_roles():
            index = list(app.secrets).index(DATABASE_URL)
            yield Problem(
                f"apps.{name}.secrets[{index}]",
                DATABASE_URL,
                f"a role {app_role(name)} in {ROLES}, which the job makes",
            )


def credential_problems(
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
