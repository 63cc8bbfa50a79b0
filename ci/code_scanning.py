"""Uploads the findings of a pull request to code scanning, where the repository has it."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from datetime import date

from assurance.check.findings import Report
from assurance.check.formats import to_sarif
from assurance.record import Record
from ci.again import judge_again
from ci.artifact import ArtifactError, download_artifact, read_artifact
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
        uploaded = read_artifact(download_artifact(github, run))
    except ArtifactError as error:
        return f"no upload: {error}"
    reports = []
    for stack, record in uploaded.head.items():
        try:
            reports.append(judge(record, today))
            to_sarif(reports)
        except Exception as error:  # a record made to break what reads it
            return f"no upload: the record of {stack} cannot be judged: {type(error).__name__}"
    if not reports:
        return "no upload: there is no record that can be read"
    sarif = base64.b64encode(gzip.compress(to_sarif(reports).encode(), mtime=0)).decode()
    body = {"commit_sha": run.head_sha, "ref": f"refs/pull/{pull.number}/head", "sarif": sarif}
    try:
        github.send("POST", "code-scanning/sarifs", body)
    except GitHubError as error:
        if error.status not in OFF:
            raise
        return "no upload: code scanning is off"
    return f"uploaded the findings of #{pull.number}"
