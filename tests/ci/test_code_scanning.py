"""Code scanning gets the findings of this side, whatever was uploaded."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import date
from typing import Any

import pytest

from assurance.check.findings import Report
from assurance.record import Record
from ci.code_scanning import upload_findings
from tests.ci.fake_github import FakeGitHub
from tests.ci.uploaded import HEAD, TODAY, good, record, run


def test_code_scanning_gets_findings_here(github: FakeGitHub) -> None:
    done = upload_findings(github.client, run(), TODAY)
    assert done == "uploaded the findings of #5"
    (upload,) = github.uploads
    assert (upload["commit_sha"], upload["ref"]) == (HEAD, "refs/pull/5/head")
    assert json.loads(gzip.decompress(base64.b64decode(upload["sarif"])))["version"] == "2.1.0"


def test_code_scanning_that_is_off_is_said(github: FakeGitHub) -> None:
    github.code_scanning = False

    def judge(each: Record, today: date) -> Report:
        return Report("dev", "deployed")

    assert upload_findings(github.client, run(), TODAY, judge) == "no upload: code scanning is off"


def refuse(record: Record, today: date) -> Any:
    raise KeyError("made to break")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (good(), "the record of dev cannot be judged"),
        ({"base/dev.json": record()}, "there is no record that can be read"),
        ({"x": ""}, "allowed are base"),
    ],
)
def test_code_scanning_survives_hostile_records(files: dict[str, str], said: str, github: FakeGitHub) -> None:
    github.upload(files)
    assert said in upload_findings(github.client, run(), TODAY, refuse)
    github.pulls = []
    assert "no open pull request" in upload_findings(github.client, run(), TODAY, refuse)
    assert github.uploads == []
