"""What the Internet sees of every app: the health path, the headers, and a policy that protects."""

from __future__ import annotations

import pytest

from deployment.pages import Answer
from tests.deployment.conftest import Deployment

STEP = ("--step", "smoke")
HEADERS = {
    "strict-transport-security": "max-age=1",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
OWN = "script-src 'self' 'nonce-{}' 'strict-dynamic'; frame-ancestors 'none'"
STATIC = "https://marketing.example.com/static/"
FIRST, SECOND = "AAAAAAAAAAAAAAAAAAAAAA==", "BBBBBBBBBBBBBBBBBBBBBB=="


def page(policy: str, **more: str) -> Answer:
    return Answer(200, {**HEADERS, "content-security-policy": policy, **more})


@pytest.fixture
def answering(deployment: Deployment) -> Deployment:
    """Both apps answer as they should; marketing sends its own policy."""
    for app in ("backend", "marketing"):
        deployment.pages[f"https://{app}.example.com/healthz"] = [Answer(200, HEADERS)]
    deployment.pages["https://marketing.example.com/"] = [page(OWN.format(FIRST)), page(OWN.format(SECOND))]
    deployment.pages[f"{STATIC}medspasync-smoke-missing.js"] = [Answer(404, HEADERS)]
    return deployment


def test_page_for_a_missing_file_is_told(answering: Deployment) -> None:
    answering.pages[f"{STATIC}medspasync-smoke-missing.js"] = [Answer(200, HEADERS)]
    assert answering(*STEP) == 1
    assert "answers 200 for a file that is not there" in answering.results["smoke"]["marketing"][1]


@pytest.mark.parametrize(("headers", "holds"), [({"cache-control": "max-age=31536000, immutable"}, True), ({}, False)])
def test_static_file_says_how_long_it_lasts(answering: Deployment, headers: dict[str, str], holds: bool) -> None:
    text = '<script src="/static/app.1f2e.js"></script>'
    pages = [Answer(200, page(OWN.format(n)).headers, text) for n in (FIRST, SECOND)]
    answering.pages["https://marketing.example.com/"] = pages
    answering.pages[f"{STATIC}app.1f2e.js"] = [Answer(200, headers)]
    assert answering(*STEP) == (0 if holds else 1)
    assert ("/static/app.1f2e.js has no Cache-Control" in answering.results["smoke"]["marketing"][1]) is not holds


def test_apps_that_answer_as_they_should_hold(answering: Deployment) -> None:
    assert answering(*STEP) == 0
    assert answering.status("smoke") == {"already"}
    assert answering.fake.requests == []


def test_smoke_runs_only_when_named_never_in_plan(deployment: Deployment) -> None:
    deployment()
    assert "smoke" not in deployment.results
    assert deployment(*STEP, "--plan") == 0
    assert deployment.status("smoke") == {"skipped"}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(503, HEADERS), "/healthz answers 503"),
        (Answer(302, HEADERS), "/healthz answers 302"),
        (Answer(200, {**HEADERS, "server": "x"}), "header Server is there"),
        (
            Answer(200, {k: v for k, v in HEADERS.items() if "transport" not in k}),
            "Strict-Transport-Security is missing",
        ),
        (page("default-src 'self'"), "no content security policy with frame-ancestors"),
        (Answer(200, {k: v for k, v in HEADERS.items() if "policy" not in k}), "no content security policy"),
    ],
)
def test_smoke_fails_on_unexpected_answer(answering: Deployment, answer: Answer, told: str) -> None:
    answering.pages["https://backend.example.com/healthz"] = [answer]
    assert answering(*STEP) == 1
    status, detail = answering.results["smoke"]["backend"]
    assert status == "failed"
    assert told in detail
    assert answering.results["smoke"]["marketing"][0] == "already"


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        ([OWN.format(FIRST), OWN.format(FIRST)], "same nonce"),
        (["script-src 'self'; frame-ancestors 'none'"] * 2, "no nonce"),
        ([OWN.format("short"), OWN.format("short")], "no nonce"),
        ([OWN.format(n).replace("frame-ancestors 'none'", "") for n in (FIRST, SECOND)], "no frame-ancestors"),
        ([OWN.format(n).replace("'self'", "'unsafe-inline'") for n in (FIRST, SECOND)], "lets any script run"),
        ([OWN.format(n).replace("script-src", "style-src") for n in (FIRST, SECOND)], "lets any script run"),
        (["", ""], "no frame-ancestors"),
    ],
)
def test_a_policy_of_its_own_must_protect(answering: Deployment, policies: list[str], told: str) -> None:
    answering.pages["https://marketing.example.com/"] = [page(policy) for policy in policies]
    assert answering(*STEP) == 1
    assert told in answering.results["smoke"]["marketing"][1]


def test_nobody_answers(deployment: Deployment) -> None:
    deployment.answering = False
    assert deployment(*STEP) == 1
    assert "nobody answers" in deployment.detail("smoke")
