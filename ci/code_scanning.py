"""Uploads the findings of a pull request to code scanning, where the repository has it."""

import base64
import gzip
from collections.abc import Callable
from datetime import date

from assurance.check.findings import Report
from assurance.check.formats import to_sarif
from assurance.record import Record
from ci.again import judge_again
from ci.artifact import ArtifactError, download_artifact, read_artifact
from ci.bounded import BoundedError, run_bounded
from ci.github import GitHub, GitHubError
from ci.pulls import Run, find_pull

OFF = (403, 404)
"""How GitHub answers where code scanning is off."""


def upload_findings(
    github: GitHub, run: Run, today: date, judge: Callable[[Record, date], Report] = judge_again
) -> str:
    """Judge the uploaded records of the head and upload what was found; says in a line what was done.

    Raises GitHubError for a refusal that is not about code scanning being off.
    """
    pull, why = find_pull(github, run)
    if pull is None:
        return f"no upload: {why}"
    try:
        archive = download_artifact(github, run)
        found = run_bounded(lambda: _found(archive, today, judge))
    except (ArtifactError, BoundedError) as error:
        return f"no upload: {error}"
    sarif = base64.b64encode(gzip.compress(found.encode(), mtime=0)).decode()
    body = {"commit_sha": run.head_sha, "ref": f"refs/pull/{pull.number}/head", "sarif": sarif}
    try:
        github.send("POST", "code-scanning/sarifs", body)
    except GitHubError as error:
        if error.status not in OFF:
            raise
        return "no upload: code scanning is off"
    return f"uploaded the findings of #{pull.number}"


def _found(archive: bytes, today: date, judge: Callable[[Record, date], Report]) -> str:
    """The findings of every record of the head, as SARIF. Raises ArtifactError."""
    reports = []
    for stack, record in read_artifact(archive).head.items():
        try:
            reports.append(judge(record, today))
            to_sarif(reports)
        except Exception as error:  # a record made to break what reads it
            raise ArtifactError(f"the record of {stack} cannot be judged: {type(error).__name__}") from error
    if not reports:
        raise ArtifactError("there is no record that can be read")
    return to_sarif(reports)
