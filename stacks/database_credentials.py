"""What brings applications' credentials into the database: names of copies, and from when to when they hold."""

import json
from collections.abc import Mapping
from datetime import date, timedelta

from stacks.catalogues.database_roles import app_role
from stacks.catalogues.secrets import SecretName
from stacks.settings.apps import AppSettings
from stacks.settings.jobs import CONTEXT_KEY, CREDENTIAL, DatabaseJobSettings
from stacks.settings.vaults import VaultSettings


def copy_name(app: str, secret: str) -> str:
    """The name of an app's secret in the database job's vault."""
    return f"{app.upper()}-{secret}"


def published_dates(vaults: VaultSettings, name: SecretName) -> list[tuple[str, date]]:
    """What is published of a secret with overlap: name and rotation date, the current one first."""
    dates = vaults.rotation_dates(name)[-2:][::-1]
    return list(zip((name, f"{name}-PREVIOUS"), dates, strict=False))


def manifest(job: DatabaseJobSettings, vaults: VaultSettings, apps: Mapping[str, AppSettings]) -> str:
    """What the job installs, as database/credentials.py reads it: names and dates. A new rotation date is another
    text, and so a job that the deployment runs again."""
    keys, passwords = [], []
    for app, app_settings in apps.items():
        if CONTEXT_KEY in app_settings.secrets:
            keys += [
                {
                    "role": app_role(app),
                    "secret": copy_name(app, name),
                    "until": (day + timedelta(days=job.context_key_days)).isoformat(),
                }
                for name, day in published_dates(vaults, CONTEXT_KEY)
            ]
        if CREDENTIAL in app_settings.secrets:
            passwords += [
                {"role": app_role(app), "secret": copy_name(app, name), "rotated": day.isoformat()}
                for name, day in published_dates(vaults, CREDENTIAL)
            ]
    return json.dumps({"contextKeys": keys, "passwords": passwords})
