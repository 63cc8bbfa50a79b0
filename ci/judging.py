"""Which files judge a change: those that .github/CODEOWNERS of the default branch names."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from assurance.compare.markdown import escaped
from documents.counting import first_of

ROOT = Path(__file__).parents[1]
FILE = ".github/CODEOWNERS"
NAMED = 5
"""Files named in the first line; how many more there are is said."""


def judging_paths() -> list[str]:
    """The patterns of CODEOWNERS, from the repository's root."""
    lines = (ROOT / FILE).read_text(encoding="utf-8").splitlines()
    return [line.split()[0].lstrip("/") for line in lines if line.strip() and not line.startswith("#")]


def judges(file: str, patterns: Iterable[str]) -> bool:
    """Whether ``file`` is of the patterns: a folder with all that is in it, or a file."""
    return any(file.startswith(each) if each.endswith("/") else fnmatchcase(file, each) for each in patterns)


def lead_of(files: Sequence[str]) -> str | None:
    """The first line of a comment on a change of ``files``, in Markdown; None where it touches nothing that judges."""
    patterns = judging_paths()
    touched = [file for file in files if judges(file, patterns)]
    if not touched:
        return None
    names = first_of([escaped(file) for file in touched], NAMED)
    return (
        f"**This change touches what judges it**: {names}. Read these first. What is below was worked out by the"
        " rules, facts and registers of the default branch, from records that the change's own code made."
    )
