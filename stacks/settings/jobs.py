"""The database job: what applies the SQL to the deployed database, and keeps it in order."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from documents.problems import Problem
from documents.sections import Section
from documents.texts import Guid
from documents.words import Text
from facts.schedules import check_cron
from stacks.catalogues.secrets import SecretName
from stacks.settings.apps import AppSettings
from stacks.settings.registry import ImageByDigest

DATABASE_URL = "DATABASE-URL"

PersonsRole = Literal["medspasync_auditor", "medspasync_breakglass"]

Cron = Annotated[
    str,
    Text(
        r"^([0-9*/,-]+ ){4}[0-9*/,-]+$",
        "minute, hour, day of the month, month and weekday in UTC with one space between, like */15 * * * *",
    ),
    AfterValidator(check_cron),
]
"""Minute, hour, day of the month, month, weekday; UTC."""


class ScheduleSettings(Section):
    """When a scheduled job runs and how long it may."""

    cron: Cron
    """Minute, hour, day of the month, month, weekday; UTC. For example */15 * * * *."""
    timeout_minutes: Annotated[int, Field(ge=1, le=240)] = 10
    """Minutes after which a run is stopped and counts as failed."""


class PersonSettings(Section):
    """Who signs in to the database as a role."""

    object_id: Guid
    """Object id in Entra ID."""
    type: Literal["user", "group"] = "group"
    """What it is."""


class DatabaseJobSettings(Section):
    """Container jobs inside the network that apply and maintain the database's SQL.

    The environment's load balancer and address cost about $25 a month; runs cost cents.
    """

    image: ImageByDigest | None = None
    """What runs. Left out, the stack has no database job, and its SQL is applied by hand."""
    cpu: Annotated[float, Field(ge=0.25, le=4, multiple_of=0.25)] = 0.5
    """Cores of a run, in quarters; 2 GiB of memory a core."""
    zone_redundant: bool = True
    """Run in whichever zone is up. No cost; fixed at creation; needs a region with zones."""
    timeout_minutes: Annotated[int, Field(ge=1, le=240)] = 30
    """Minutes after which a bootstrap or a migration is stopped and counts as failed."""
    maintenance: ScheduleSettings = ScheduleSettings.model_validate({"cron": "*/15 * * * *"})
    """Next partitions, sealing of the audit chain, privilege drift, months past retention. What is not sealed yet
    could still be altered unnoticed: often is safer, each run costs about $0.001."""
    verification: ScheduleSettings = ScheduleSettings.model_validate({"cron": "30 6 * * *", "timeoutMinutes": 30})
    """Every check of validate_hipaa_compliance(), the whole chain, the server's parameters."""
    retirement: ScheduleSettings = ScheduleSettings.model_validate({"cron": "15 5 2-4 * *", "timeoutMinutes": 120})
    """When months of the audit trail that are past retention move to the archive: exported, read back, checked against
    their seals, then dropped. The second and third run of a month go on where a first was interrupted."""
    credentials: ScheduleSettings = ScheduleSettings.model_validate({"cron": "20 */6 * * *"})
    """When applications' context keys and passwords are compared with the vault, beside each deployment's run: that is
    when a new password takes the old one's place, a day after it was published, and when a restored database gets the
    keys of today."""
    context_key_days: Annotated[int, Field(ge=1, le=365)] = 120
    """Days for which the database takes a context key, from its rotation date; at least 30 more than
    DATABASE-CONTEXT-KEY's period in stacks/catalogues/secrets.yaml."""
    people: Mapping[PersonsRole, PersonSettings] = {}
    """Who signs in as medspasync_auditor and medspasync_breakglass. Apps and jobs need no entry."""

    def problems(self) -> Iterator[Problem]:
        """One object signs in as one role; the chain is sealed so often that a missing seal can be told."""
        if self.maintenance.cron.split(" ")[1:] != ["*"] * 4:
            allowed = "a schedule that runs in every hour: the alert audit-seal-missing looks back two"
            yield Problem("maintenance.cron", self.maintenance.cron, allowed)
        seen: dict[str, str] = {}
        for role, person in self.people.items():
            if person.object_id in seen:
                yield Problem(f"people.{role}.objectId", person.object_id, f"another than {seen[person.object_id]}'s")
            seen[person.object_id] = role


CONTEXT_KEY: SecretName = "DATABASE-CONTEXT-KEY"
CREDENTIAL: SecretName = "DATABASE-PASSWORD"
COPIED = (CONTEXT_KEY, CREDENTIAL)
"""Secrets that the database job reads too: from a vault of its own, which holds nothing else."""


def installs_credentials(job: DatabaseJobSettings, apps: Mapping[str, AppSettings]) -> bool:
    """Whether there is somebody to install credentials, and an app that needs them."""
    return job.image is not None and any(DATABASE_URL in app.secrets for app in apps.values())
