"""The sign-in that outlives a token, and what a job without one is told."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from assurance.errors import UsageError
from ci.sign_in import signed_in
from tests.ci.conftest import Answers


def test_token_is_written_anew_while_work_goes_on(job: Answers) -> None:
    """As often as it must be: a deployment of three hours outlives every single token."""
    third = threading.Event()
    given = job.answer

    def told(count: int) -> dict[str, str]:
        if count >= 4:
            third.set()
        return given(count)

    job.answer = told
    with signed_in(every=0.001):
        file = Path(os.environ["AZURE_FEDERATED_TOKEN_FILE"])
        assert file.stat().st_mode & 0o077 == 0
        assert third.wait(60)
        assert file.read_text().startswith("token-")
        assert int(file.read_text().split("-")[1]) >= 2
        assert os.environ["ARM_USE_OIDC"] == "true"
    assert not file.exists()
    assert "AZURE_FEDERATED_TOKEN_FILE" not in os.environ
    assert "audience=api%3A%2F%2FAzureADTokenExchange" in job.asked[0]


def test_job_without_token_is_told(job: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    job.status = 403
    with pytest.raises(UsageError, match="id-token: write"), signed_in():
        pass
    monkeypatch.delenv("AZURE_CLIENT_ID")
    with pytest.raises(UsageError, match="AZURE_CLIENT_ID"), signed_in():
        pass


def test_lost_refresh_keeps_last_token(job: Answers, capsys: pytest.CaptureFixture[str]) -> None:
    refused = threading.Event()

    def once(count: int) -> Any:
        if count > 2:
            refused.set()
        return {"value": "first"} if count == 1 else {}

    job.answer = once
    with signed_in(every=0.001):
        assert refused.wait(60)
        assert Path(os.environ["AZURE_FEDERATED_TOKEN_FILE"]).read_text() == "first"
    assert "warning" in capsys.readouterr().out
