"""``python -m database``."""

from database.cli import run

if __name__ == "__main__":
    run()
