"""The period of a bundle: what was merged since, who reviewed it, what it did, and how the registers moved."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from assurance.basis import REGISTERS, file_at, git, register_entries, shallow_hint
from assurance.errors import ProgramError, UsageError
from assurance.json_text import json_text
from assurance.pages.builder import build_text
from documents.json_reading import parse_json

NOT_RECORDED = "not recorded"
TRAILERS = ("Reviewed-by", "Approved-by", "Acked-by")
PROGRAM = ("__main__.py", "Pulumi", "stacks/", "components/", "facts/", "documents/", "requirements", "pyproject.toml")
"""Where a change can change what is declared; a register's change is told by itself."""
LAST_DAYS = ("expires", "until")

Compare = Callable[[str, str], Sequence[Mapping[str, Any]]]
"""What a merge did: from its parent's commit to its own, a row for each stack."""


@dataclass(frozen=True, kw_only=True)
class Merge:
    """One merge to the protected branch, or a commit that went to it straight. reviewers: who approved it, and how that
    is known; comparison: a row for each stack, or why there is none."""

    commit: str
    date: str
    subject: str
    reviewers: tuple[str, ...]
    known_by: str
    files: int
    comparison: list[dict[str, Any]]
    why: str

    @property
    def reviewed(self) -> str:
        """Who approved it, in words."""
        return f"{', '.join(self.reviewers)} ({self.known_by})" if self.reviewers else NOT_RECORDED

    @property
    def did(self) -> str:
        """What it did to each stack, in words."""
        stacks = []
        for row in self.comparison:
            parts = [f"{row[key]} {key}" for key in ("changes", "weaker", "stronger", "worse") if row.get(key)]
            stacks.append(f"{row['stack']}: {', '.join(parts) or 'nothing changed'}")
        return "; ".join(stacks) or self.why


@dataclass(frozen=True, kw_only=True)
class Moved:
    """One entry of a register that was opened, renewed, changed, closed, or that expired."""

    register: str
    id: str
    what: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class Period:
    """From one commit to another. since: as the user named it."""

    since: str
    base: str
    head: str
    begins: str
    ends: str
    merges: list[Merge]
    registers: list[Moved]

    def to_json(self) -> str:
        """The period as data."""
        return json_text(asdict(self))

    def to_markdown(self) -> str:
        """The period for people."""
        return build_text("assurance.evidence", "period.md.j2", period=self)


def period(root: Path, since: str, today: date, compare: Compare, reviews: Path | None = None) -> Period:
    """What happened from ``since`` (a commit's name) to HEAD.

    compare: works out what a merge did. reviews: a saved answer of `gh pr list --state merged --json
    number,mergeCommit,reviews`. Raises UsageError for a commit that is not there or not before HEAD.
    """
    base = git(root, "rev-parse", "--verify", "--quiet", f"{since}^{{commit}}")
    head = git(root, "rev-parse", "HEAD")
    if base is None or head is None:
        raise UsageError(
            f"--since {since}: no such commit in the repository of {root}, and no bundle{shallow_hint(root)}"
        )
    if git(root, "merge-base", "--is-ancestor", base, head) is None:
        raise UsageError(f"--since {since}: {base[:12]} is not before HEAD: a period goes forward{shallow_hint(root)}")
    approved = _approved(reviews)
    shown = git(root, "log", "--first-parent", "--reverse", "--format=%H%x09%cI%x09%s", f"{base}..{head}") or ""
    rows = [line.split("\t", 2) for line in shown.splitlines()]
    merges = [_merge(root, commit, day, subject, approved, compare) for commit, day, subject in rows]
    dates = [git(root, "show", "-s", "--format=%cI", commit) or "" for commit in (base, head)]
    moved = list(_moved(root, base, dates[0][:10], today))
    return Period(since=since, base=base, head=head, begins=dates[0], ends=dates[1], merges=merges, registers=moved)


def _merge(
    root: Path, commit: str, day: str, subject: str, approved: Mapping[str, list[str]], compare: Compare
) -> Merge:
    difference = git(root, "diff", "--name-only", f"{commit}^1", commit)
    changed = (difference or "").splitlines()
    by_trailer = list(_trailers(root, commit))
    reviewers, known_by = (approved[commit], "pull request") if commit in approved else (by_trailer, "trailer")
    touches = any(path.startswith(PROGRAM) for path in changed)
    rows: list[dict[str, Any]] = []
    why = "nothing of what is declared was touched"
    if difference is None:
        why = f"not compared: the commit before it is not here{shallow_hint(root)}"
    if touches:
        parent = git(root, "rev-parse", f"{commit}^1") or ""
        try:
            rows, why = [dict(row) for row in compare(parent, commit)], ""
        except (UsageError, ProgramError) as error:  # a revision of long ago may not run here
            why = f"not compared: {str(error).splitlines()[0]}"
    return Merge(
        commit=commit, date=day, subject=subject, reviewers=tuple(reviewers), known_by=known_by if reviewers else "",
        files=len(changed), comparison=rows, why=why,
    )  # fmt: skip


def _trailers(root: Path, commit: str) -> Iterator[str]:
    for key in TRAILERS:
        found = git(root, "show", "-s", f"--format=%(trailers:key={key},valueonly)", commit) or ""
        yield from (name for name in found.splitlines() if name)


def _approved(file: Path | None) -> dict[str, list[str]]:
    """Who approved, by the commit that was merged. Raises UsageError for a file of another form."""
    if file is None:
        return {}
    try:
        rows = parse_json(file.read_text(encoding="utf-8"))
        return {
            row["mergeCommit"]["oid"]: sorted(
                {each["author"]["login"] for each in row["reviews"] if each["state"] == "APPROVED"}
            )
            for row in rows
            if row.get("mergeCommit")
        }
    except OSError as error:
        raise UsageError(f"--reviews {file}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError):
        form = "gh pr list --state merged --limit 1000 --json number,mergeCommit,reviews"
        raise UsageError(f"--reviews {file}: a saved answer of `{form}`") from None


def _moved(root: Path, base: str, begins: str, today: date) -> Iterator[Moved]:
    for file in REGISTERS.values():
        before = register_entries(file_at(root, base, f"policies/{file}"))
        path = root / "policies" / file
        after = register_entries(path.read_text(encoding="utf-8") if path.is_file() else None)
        for id_ in dict.fromkeys([*before, *after]):
            yield from _entry(file, id_, before.get(id_), after.get(id_), begins, today)


def _entry(
    file: str, id_: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, begins: str, today: date
) -> Iterator[Moved]:
    def row(what: str, detail: str) -> Moved:
        return Moved(register=file, id=id_, what=what, detail=detail)

    if after is None:
        yield row("closed", f"held until {_last(before)}")
    elif before is None:
        yield row("opened", f"until {_last(after)}")
    elif _last(before) != _last(after):
        yield row("renewed" if _last(after) > _last(before) else "shortened", f"{_last(before)} → {_last(after)}")
    elif before != after:
        changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        yield row("changed", ", ".join(changed))
    last = _last(after if after is not None else before)
    if begins <= last < today.isoformat():
        yield row("expired", f"its last day was {last}")


def _last(entry: Mapping[str, Any] | None) -> str:
    return next((str(entry[key]) for key in LAST_DAYS if entry and key in entry), "")
