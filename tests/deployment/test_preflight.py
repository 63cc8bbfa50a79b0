"""The command before `up`: what a ready subscription answers, how it is asked, and what is said of refusals."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from deployment.actions import ACTIONS
from deployment.preflight.capacity import quotas
from deployment.steps import STEPS
from tests.deployment.fake import Fault
from tests.deployment.ready import SUBSCRIPTION, Preflight, real
from tests.harness import ROOT

FLOW_LOG = "azure-native:network:FlowLog"


def test_own_resources_of_an_earlier_up_hold(preflight: Preflight) -> None:
    """Their names are taken, by us; their quota is used, by us."""
    record = preflight.record
    preflight.fake.made |= {real(one, record) for one in record.resources}
    preflight.fake.taken = {one.last_name: "AlreadyExists" for one in record.resources}
    preflight.fake.usages["Microsoft.Network"] = {row.name: (100, 100) for row in quotas().values()}
    preflight.fake.capabilities = {}
    assert preflight() == 0


def test_generated_name_is_not_looked_for(preflight: Preflight) -> None:
    vault = next(one for one in preflight.data["resources"] if one["id"].endswith("/medspasync-backend"))
    vault["propertyDependencies"] = {
        "vaultName": ["urn:pulumi:prod::p::medspasync:components:Names$random:index/randomString:RandomString::suffix"]
    }
    preflight.fake.taken["medspasync-backend"] = "AlreadyExists"
    assert preflight() == 0
    assert ("skipped", "backend", "its name is generated at the first `up`") in [
        (status, target.removeprefix("vault-"), detail) for status, target, detail in preflight.results["names"]
    ]


def test_quota_that_azure_does_not_list_is_told(preflight: Preflight) -> None:
    del preflight.fake.usages["Microsoft.App"]
    assert preflight() == 0
    assert any("ManagedEnvironmentCount" in detail for _, _, detail in preflight.results["quotas"])


def test_rights_that_azure_does_not_list_are_told(preflight: Preflight) -> None:
    preflight.fake.faults.append(Fault("GET", "/permissions$", 404, "InvalidResourceType"))
    assert preflight() == 0
    assert preflight.results["rights"][0][0] == "skipped"


def test_refused_read_fails_and_others_go_on(preflight: Preflight) -> None:
    preflight.fake.faults.append(Fault("GET", "/capabilities$", 403, "AuthorizationFailed"))
    assert preflight() == 1
    assert preflight.results["database"][0][0] == "failed"
    assert preflight.results["existing"]


def test_throttled_read_is_tried_again(preflight: Preflight) -> None:
    preflight.fake.faults.append(Fault("GET", "/providers$", 429, "TooManyRequests", {"Retry-After": "3"}, times=2))
    assert preflight() == 0


def test_unprotected_target_of_deleted_with_is_named(preflight: Preflight) -> None:
    resources = preflight.data["resources"]
    target = next(one for one in resources if one["type"] == "azure-native:network:VirtualNetwork")
    child = next(one for one in resources if one["type"] == "azure-native:network:Subnet")
    child.setdefault("options", {})["deletedWith"] = target["urn"]
    assert preflight() == 0
    assert any("pulumi#19924" in detail for _, _, detail in preflight.results["engine"])


def test_one_of_several_subscriptions_must_be_chosen(preflight: Preflight, capsys: pytest.CaptureFixture[str]) -> None:
    preflight.fake.subscriptions.append("22222222-2222-4333-8444-555555555555")
    assert preflight() == 2
    assert "--subscription is needed: 2 can be seen" in capsys.readouterr().err
    assert preflight("--subscription", SUBSCRIPTION.rsplit("/", 1)[-1]) == 0


@pytest.mark.parametrize(
    ("alter", "told"),
    [
        (lambda data: data.update(stack="dev"), "this is a record of stack dev, not of prod"),
        (lambda data: data.update(mode="preview"), "mode = preview: deployed"),
        (lambda data: data.pop("resources"), "no record of a stack (KeyError"),
    ],
)
def test_record_that_cannot_be_used_is_told(
    preflight: Preflight, capsys: pytest.CaptureFixture[str], alter: Callable[[dict[str, Any]], object], told: str
) -> None:
    alter(preflight.data)
    assert preflight() == 2
    assert told in capsys.readouterr().err


def _environment(**policy: Any) -> tuple[int, str]:
    rule = {"type": "required_reviewers", "reviewers": [{"type": "Team"}], "prevent_self_review": True}
    return 200, json.dumps(
        {"protection_rules": [rule], "deployment_branch_policy": {"protected_branches": True}, **policy}
    )


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (_environment(), 0, "a deployment waits for one of 1 reviewers"),
        (_environment(protection_rules=[]), 1, "start the deploy workflow by hand"),
        (_environment(deployment_branch_policy=None), 1, "every branch may deploy"),
        ((404, "{}"), 1, "there is none"),
        ((401, "{}"), 1, "GITHUB_TOKEN"),
    ],
)
def test_github_says_whether_a_deployment_waits(
    preflight: Preflight, answer: tuple[int, str], code: int, told: str
) -> None:
    preflight.github["/repos/o/r/environments/prod"] = answer
    assert preflight("--github") == code
    assert any(told in detail for _, _, detail in preflight.results["github"])


def test_list_asks_nobody(preflight: Preflight, capsys: pytest.CaptureFixture[str]) -> None:
    assert preflight("--list") == 0
    assert "NetworkWatcherRG" in capsys.readouterr().out
    assert preflight.fake.requests == []
    fewer = copy.deepcopy(preflight.data)
    fewer["resources"] = [one for one in fewer["resources"] if one["type"] != FLOW_LOG]
    preflight.data = fewer
    assert preflight("--list") == 0
    assert "NetworkWatcherRG" not in capsys.readouterr().out


def actions_table() -> str:
    """A Markdown table: a row for each step or command; consecutive rows with the same actions are one."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for name, actions in ACTIONS.items():
        rows.setdefault(actions, []).append(f"`{name}`")
    lines = [f"| {', '.join(names)} | {', '.join(f'`{one}`' for one in actions)} |" for actions, names in rows.items()]
    return "\n".join(["| step or command | actions |", "|---|---|", *lines])


def test_actions_of_steps_are_in_the_docs() -> None:
    assert actions_table() in (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
    assert {step.name for step in STEPS} - set(ACTIONS) == {"slot-swap-back", "smoke"}
