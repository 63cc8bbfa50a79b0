"""The bootstrap's Pulumi program: load the settings of the stack, make what comes before the platform."""

import pulumi

from bootstrap.program import build
from bootstrap.settings import load_settings

build(load_settings(), pulumi.get_stack())
