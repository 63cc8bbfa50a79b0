"""``assurance evidence``: what an auditor can keep, and run again."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from assurance.basis import git
from assurance.check.presentation import presented
from assurance.cli.options import Stacks
from assurance.cli.recording import records_in_both_modes
from assurance.errors import UsageError
from assurance.evidence.bundle import Bundle, checked_folder, steady, write
from assurance.evidence.manifest import MANIFEST, checked_key, read_manifest
from assurance.evidence.merges import MergeComparer
from assurance.evidence.period import Period, period
from assurance.evidence.review import reference_stack, review
from assurance.evidence.stack import gather
from assurance.full_audit import full_audit
from assurance.stacks import chosen_stacks, project_root
from assurance.terminal import console
from policies.exceptions import Register

Out = Annotated[Path, typer.Option("--out", metavar="DIR", help="The bundle's folder: a new or an empty one.")]
Time = Annotated[
    str | None,
    typer.Option(
        "--time", metavar="ISO8601", help="The time the bundle bears, whose day is judged; else the commit's."
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="BUNDLE|REF",
        help="Tell the period too: merges with their comparisons and reviewers, and how the registers moved.",
    ),
]
Reviews = Annotated[
    Path | None,
    typer.Option(
        "--reviews",
        metavar="FILE",
        help="Who approved: a saved answer of `gh pr list --state merged --limit 1000 --json "
        "number,mergeCommit,reviews`; else trailers of the commits tell.",
    ),
]
Sign = Annotated[
    Path | None,
    typer.Option("--sign", metavar="KEY", help="Sign the manifest with this key of SSH (ssh-keygen -Y sign)."),
]


def evidence(
    out: Out,
    stacks: Stacks = None,
    time: Time = None,
    since: Since = None,
    reviews: Reviews = None,
    sign: Sign = None,
) -> None:
    """Write the auditor's bundle of the stacks, whole or not at all: reports, records, findings, tables, registers,
    and the hash of every file.

    Two runs on one commit write the same bytes. Exits with 1 when a finding of a stack fails; the bundle is written.
    """
    checked_folder(out)
    if sign is not None:
        checked_key(sign)
    root = project_root()
    names = chosen_stacks(stacks or [], root)
    moment = _moment(time, root)
    today = moment.astimezone(UTC).date()
    register = Register.load()
    covered = _period(root, since, reviews, today)
    previews, deployed = records_in_both_modes(names)
    found = []
    for record in map(steady, deployed):
        report = presented(full_audit(record, register, today, root), root)
        found.append(gather(record, report, register, today))
    reference = reference_stack(root)
    bundle = Bundle(
        stacks=found,
        previews={each.stack: steady(each) for each in previews},
        reviews={each.stack: review(each, root, reference) for each in found},
        time=moment,
        root=root,
        period=covered,
    )
    write(bundle, out, sign)
    terminal = console()
    for each in found:
        counts = ", ".join(f"{count} {status}" for status, count in each.report.totals.items() if count)
        terminal.print(f"{each.stack}: {counts}", highlight=False)
    terminal.print(
        escape(f"{out}: open index.html; `assurance verify {out}` says whether it is intact"), highlight=False
    )
    if not all(each.report.holds for each in found):
        raise typer.Exit(1)


def _moment(text: str | None, root: Path) -> datetime:
    """The time that ``--time`` names, or the commit's. Raises UsageError for what is none."""
    if text is None:
        text = git(root, "show", "-s", "--format=%cI", "HEAD")
        if text is None:
            raise UsageError("there is no commit whose time the bundle could bear: name one with --time")
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment.astimezone(UTC)  # at either end of the calendar there is no such day
    except (ValueError, OverflowError):
        raise UsageError(f"--time {text}: allowed is a time of ISO 8601, for example 2026-11-29T17:30:00Z") from None
    return moment


def _period(root: Path, since: str | None, reviews: Path | None, today: date) -> Period | None:
    if since is None:
        if reviews is not None:
            raise UsageError("--reviews tells who approved the merges of a period: name it with --since")
        return None
    commit = since
    if (Path(since) / MANIFEST).is_file():
        found = read_manifest(Path(since)).basis.get("commit")
        if not isinstance(found, str):
            raise UsageError(f"--since {since}: the bundle is of no commit")
        commit = found
    return period(root, commit, today, MergeComparer(root, today), reviews)
