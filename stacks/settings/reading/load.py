"""Loads the settings of the stack that is running."""

from collections.abc import Mapping

import pulumi
from pulumi.runtime import config as runtime_config

from stacks.catalogues.secrets import SecretName
from stacks.entries import stack_file
from stacks.settings.model import Settings
from stacks.settings.reading.parse import SettingsError, parse
from stacks.settings.reading.stack_file import project_problems
from stacks.settings.reading.supplied import supplied_secrets


def load_settings() -> tuple[Settings, Mapping[SecretName, pulumi.Output[str]]]:
    """The stack's settings and its supplied secrets, both checked before the first resource is made.

    Raises SettingsError naming file, key, value and what is allowed, for every mistake.
    """
    if problems := list(project_problems(pulumi.get_project())):
        raise SettingsError(problems)
    file = stack_file()
    # The whole config, not key by key: a misspelt key must be found, and pulumi.Config cannot list keys.
    config = {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()}
    settings = parse(config, file)
    return settings, supplied_secrets(config, settings, file)
