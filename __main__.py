"""The Pulumi program: load the settings of the stack, build the platform, export its outputs."""

import pulumi

from documents.problems import DocumentError
from stacks.platform import build_platform
from stacks.settings.reading.load import load_settings
from stacks.settings.reading.parse import SettingsError

try:
    settings, supplied_secrets = load_settings()
    outputs = build_platform(settings, supplied_secrets)
except DocumentError as error:
    # The engine shows a RunError without a traceback.
    raise SettingsError(error.problems) from None

for name, value in outputs.items():
    pulumi.export(name, value)
