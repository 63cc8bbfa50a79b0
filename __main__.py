"""The Pulumi program: load the settings of the stack, build the platform, export its outputs."""

import pulumi

from stacks.platform import build_platform
from stacks.settings.load import load_settings

settings, supplied_secrets = load_settings()

for name, value in build_platform(settings, supplied_secrets).items():
    pulumi.export(name, value)
