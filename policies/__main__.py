"""The CrossGuard pack: `pulumi preview --policy-pack policies`.

Constructing a `PolicyPack` starts a server and never returns, so it happens here and nowhere else.
"""

import datetime
import sys
from pathlib import Path

# The policy host puts this directory on the path, not the project that holds it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pulumi_policy import PolicyPack

from policies.exceptions import Register
from policies.pack import build_policies
from policies.rules import RULES

PolicyPack(
    name="medspasync-hipaa",
    policies=build_policies(RULES, Register.load(), datetime.datetime.now(datetime.UTC).date()),
)
