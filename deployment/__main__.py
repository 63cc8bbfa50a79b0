"""``python -m deployment``."""

import sys

from deployment.cli import main

sys.exit(main(sys.argv[1:]))
