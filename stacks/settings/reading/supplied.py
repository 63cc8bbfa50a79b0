"""Supplied secrets: values that come from `pulumi config set --secret`, under one key of their own."""

import json
from collections.abc import Mapping

import pulumi

from documents.problems import Problem
from stacks.catalogues.secrets import SecretName, catalogue
from stacks.settings.model import Settings
from stacks.settings.reading.parse import NAMESPACE, SUPPLIED_KEY, SettingsError

CONFIG_KEY = f"{NAMESPACE}:{SUPPLIED_KEY}"
COMMAND = "pulumi config set --secret --path '%s'"
"""What gives one, with the place of its key; it asks for the value and writes it encrypted."""


def needed_secrets(settings: Settings) -> list[SecretName]:
    """Supplied secrets that this stack's apps and alerts read and that a deployment may not miss, by name."""
    return [name for name in readable_secrets(settings) if catalogue()[name].required]


def readable_secrets(settings: Settings) -> list[SecretName]:
    """Supplied secrets that something in this stack reads, in the catalogue's order; nothing reads a retired one."""
    read = {secret for app in settings.apps.values() for secret in app.secrets}
    read.add(settings.monitoring.webhook_secret or "")
    return [
        name for name, entry in catalogue().items() if entry.origin == "supplied" and not entry.retired and name in read
    ]


def supplied_secrets(config: Mapping[str, str], settings: Settings, file: str) -> dict[SecretName, pulumi.Output[str]]:
    """The supplied secrets as secret outputs.

    config: stack config by full key, the secrets decrypted, as a JSON object under ``medspasync:secrets``.
    Raises SettingsError naming every required secret that is missing and every name the catalogue does not know.
    """
    try:
        values = json.loads(config.get(CONFIG_KEY, "{}"))
    except json.JSONDecodeError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise SettingsError([Problem(CONFIG_KEY, "(not shown)", "an object of name: text", file=file)])
    problems = [
        Problem(f"{CONFIG_KEY}.{name}", None, f"required: {COMMAND % f'{CONFIG_KEY}.{name}'}", file=file)
        for name in needed_secrets(settings)
        if not values.get(name)
    ]
    known = {name for name, entry in catalogue().items() if entry.origin == "supplied"}
    problems += [
        Problem(f"{CONFIG_KEY}.{name}", "(not shown)", "a supplied secret of the catalogue", file=file)
        for name in values
        if name not in known
    ]
    if problems:
        raise SettingsError(problems)
    return {name: pulumi.Output.secret(value) for name, value in values.items()}
