"""The ``assurance`` command as a process of its own."""

import gc

from assurance.cli import app


def main() -> None:
    """Run the command. The process ends with its answer, so nothing of it is worth looking for garbage in."""
    gc.disable()
    app()


if __name__ == "__main__":
    main()
