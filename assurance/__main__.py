"""``python -m assurance``: the command without its script."""

from assurance.cli import app

app()
