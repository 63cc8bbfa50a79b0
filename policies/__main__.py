"""The CrossGuard pack: `pulumi preview --policy-pack policies`; `make pack` writes one for other projects."""

import datetime
import sys
from pathlib import Path

# The policy host puts this directory on the path, not the one that holds it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policies.server import serve

serve(Path(__file__).resolve().parent, datetime.datetime.now(datetime.UTC).date())
