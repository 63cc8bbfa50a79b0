"""What only a deployed stack shows: each thing out of order is named by `verify`, which sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from deployment.pages import Answer
from deployment.steps import STEPS
from tests.deployment.conftest import NOW, Deployment
from tests.deployment.fake import Fault

LOOKING = [step.name for step in STEPS if step.when == "verify"]
ONLY = [part for name in LOOKING for part in ("--step", name)]


def _unregister(d: Deployment) -> None:
    d.fake.namespaces["Microsoft.KeyVault"]["registrationState"] = "NotRegistered"


def _switch_off(d: Deployment) -> None:
    d.fake.rules["scheduledQueryRules"]["waf-blocks"] = False


def _no_rules(d: Deployment) -> None:
    d.fake.rules = {}


def _pending(d: Deployment) -> None:
    d.fake.endpoints["pe-vault"] = "Pending"


def _empty_archive(d: Deployment) -> None:
    d.fake.blobs = [0.0]


def _not_validated(d: Deployment) -> None:
    d.fake.domains["backend.example.com"] = "PendingRevalidation"


def _unknown_host(d: Deployment) -> None:
    del d.fake.domains["marketing.example.com"]


def _ends_soon(d: Deployment) -> None:
    d.expiries["backend.example.com"] = NOW + timedelta(days=29)


def _silent(d: Deployment) -> None:
    d.answering = False


def _broken(d: Deployment) -> None:
    d.pages = {"https://backend.example.com/healthz": [Answer(503, {})]}


def _certificate_of_another(d: Deployment) -> None:
    def refuse(host: str) -> None:
        raise OSError("certificate verify failed: Hostname mismatch")

    d.expiry = refuse  # type: ignore[assignment, method-assign]


@pytest.mark.parametrize(
    ("step", "break_it", "told"),
    [
        ("providers", _unregister, "az provider register --wait -n microsoft.keyvault"),
        ("alert-rules", _switch_off, "switched off"),
        ("alert-rules", _no_rules, "there are none: nothing was examined"),
        ("private-endpoints", _pending, "its connection is Pending"),
        ("archive-fed", _empty_archive, "no record has arrived"),
        ("certificates", _not_validated, "its domain is PendingRevalidation"),
        ("certificates", _unknown_host, "no custom domain of our Front Door has this name"),
        ("certificates", _ends_soon, "ends on 2026-12-30, in 29 days"),
        ("certificates", _silent, "nobody answers"),
        ("certificates", _broken, "/healthz answers 503"),
        ("certificates", _certificate_of_another, "Hostname mismatch"),
    ],
)
def test_thing_out_of_order_is_named(
    deployment: Deployment, step: str, break_it: Callable[[Deployment], None], told: str
) -> None:
    assert deployment.verify(*ONLY) == 0
    break_it(deployment)
    assert deployment.verify(*ONLY) == 1
    assert told in deployment.detail(step)
    assert {name for name in LOOKING if deployment.status(name) - {"holds"}} == {step}
    assert deployment.changes == []


@pytest.mark.parametrize("step", LOOKING)
def test_refused_read_fails_its_step_only(deployment: Deployment, step: str) -> None:
    path = {
        "providers": "/resources$",
        "alert-rules": "/metricAlerts$",
        "private-endpoints": "/privateEndpoints$",
        "archive-fed": "/metrics$",
        "certificates": "/customDomains$",
    }[step]
    deployment.fake.faults.append(Fault("GET", path, 403, "AuthorizationFailed"))
    assert deployment.verify(*ONLY) == 1
    assert "403 AuthorizationFailed" in deployment.detail(step)
    assert {name for name in LOOKING if "failed" in deployment.status(name)} == {step}


def test_archive_without_azures_count_is_not_judged(deployment: Deployment) -> None:
    deployment.fake.blobs = [None]
    assert deployment.verify("--step", "archive-fed") == 0
    assert deployment.status("archive-fed") == {"skipped"}


def test_run_leaves_out_what_only_looks(deployment: Deployment) -> None:
    assert deployment() == 0
    assert not set(LOOKING) & set(deployment.results)
    assert deployment.verify() == 0
    assert set(LOOKING) <= set(deployment.results)
