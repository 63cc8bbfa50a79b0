"""Playbooks are run against a fake Azure: they act on what a person approved, once, and on nothing else."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from assurance.record import UNKNOWN
from components.diagnostics import LogDestination
from components.identity import IdentityOutputs
from components.playbook import (
    ARM,
    GRAPH,
    MOST_ADDRESSES,
    Actions,
    Playbook,
    PlaybookArgs,
    block_addresses,
    disable_accounts,
)
from components.waf import INCIDENT_RULE
from tests.harness import MODES, only, record
from tests.logic_app import Run

WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/log"
INCIDENT = f"{WORKSPACE}/providers/Microsoft.SecurityInsights/incidents/one"
POLICIES = ["/waf/api", "/waf/web"]
NOBODY = "192.0.2.0/24"
OWN = "198.51.100.1"


def program(act: Actions, entity: str = "Ip", key: str = "item()?['properties']?['address']") -> Callable[[], None]:
    def build() -> None:
        known = pulumi.Output.from_input
        Playbook(
            "block",
            PlaybookArgs(
                resource_group_name="rg",
                location="eastus2",
                workflow_name="logic-block",
                identity=IdentityOutputs(id=known("/identity"), principal_id=known("p"), client_id=known("c")),
                workspace_id=WORKSPACE,
                interval_minutes=5,
                wanted="block-approved",
                done="addresses-blocked",
                entity=entity,
                key=key,
                never=[OWN],
                act=act,
                parameters={"policies": POLICIES},
                logs=LogDestination(workspace_id=WORKSPACE),
            ),
        )

    return build


BLOCK = program(block_addresses(INCIDENT_RULE))
DISABLE = program(disable_accounts(), "Account", "item()?['properties']?['aadUserId']")


class Azure:
    """Incidents and firewall policies, as their APIs answer."""

    def __init__(self, *labels: str, entities: list[dict[str, Any]] | None = None, rule: str = INCIDENT_RULE) -> None:
        self.incident = {
            "id": INCIDENT,
            "etag": "e1",
            "properties": {
                "title": "Edge scanner",
                "status": "New",
                "labels": [{"labelName": label, "labelType": "User"} for label in labels],
            },
        }
        self.entities = entities or [{"kind": "Ip", "properties": {"address": "203.0.113.7"}}]
        self.policies = {policy: waf(rule) for policy in POLICIES}
        self.calls: list[tuple[str, str]] = []
        self.comments: list[str] = []

    def __call__(self, method: str, uri: str, body: Any) -> Any:
        path = uri.removeprefix(ARM).split("?")[0]
        self.calls.append((method, path))
        if path.endswith("/incidents"):
            return {"value": [copy.deepcopy(self.incident)]}
        if path == f"{INCIDENT}/entities":
            return {"entities": self.entities}
        if path.startswith(f"{INCIDENT}/comments/"):
            self.comments.append(body["properties"]["message"])
            return body
        if path == INCIDENT:
            assert body["etag"] == "e1"
            self.incident = {**self.incident, **body}
            return body
        if path in self.policies:
            if method == "PUT":
                self.policies[path] = body
            return self.policies[path]
        assert path.startswith(GRAPH), path
        return None

    @property
    def writes(self) -> list[str]:
        return [path for method, path in self.calls if method in ("PUT", "PATCH") or "revoke" in path]

    def labels(self) -> list[str]:
        properties: dict[str, Any] = self.incident["properties"]  # type: ignore[assignment]
        return [label["labelName"] for label in properties["labels"]]


def waf(rule: str) -> dict[str, Any]:
    condition = {"matchVariable": "SocketAddr", "operator": "IPMatch", "matchValue": [NOBODY]}
    return {
        "location": "Global",
        "sku": {"name": "Premium_AzureFrontDoor"},
        "properties": {
            "policySettings": {"mode": "Prevention"},
            "customRules": {
                "rules": [
                    {"name": rule, "priority": 1, "matchConditions": [condition]},
                    {"name": "RateGeneral", "priority": 2, "matchConditions": [{"matchValue": ["0"]}]},
                ]
            },
            "managedRules": {"managedRuleSets": [{"ruleSetType": "Microsoft_DefaultRuleSet"}]},
        },
    }


def run(build: Callable[[], None], azure: Azure) -> None:
    """One look of the deployed playbook."""
    workflow = only(record(build), "logic:Workflow")
    parameters = {key: value["value"] for key, value in workflow.inputs["parameters"].items()}
    Run(azure, parameters).workflow(workflow.inputs["definition"])


def test_approved_address_is_blocked_in_every_policy() -> None:
    """An approved address is blocked everywhere and nothing else changes."""
    azure = Azure("block-approved")
    run(BLOCK, azure)
    expected = waf(INCIDENT_RULE)
    expected["properties"]["customRules"]["rules"][0]["matchConditions"][0]["matchValue"] = [NOBODY, "203.0.113.7"]
    assert azure.policies == dict.fromkeys(POLICIES, expected)
    assert azure.comments == ["addresses-blocked: 203.0.113.7"]
    assert azure.labels() == ["block-approved", "addresses-blocked"]


def test_a_second_look_does_nothing() -> None:
    azure = Azure("block-approved")
    run(BLOCK, azure)
    before = len(azure.writes)
    run(BLOCK, azure)
    assert len(azure.writes) == before


@pytest.mark.parametrize("label", ["", "block-approved-not", "disable-approved"])
def test_without_approval_nothing_is_written(label: str) -> None:
    azure = Azure(*filter(None, [label]))
    run(BLOCK, azure)
    assert azure.writes == []


def test_block_skips_own_and_repeated_addresses() -> None:
    """Our own address is never blocked and an address only once."""
    addresses = [OWN, "203.0.113.7", "203.0.113.7", "203.0.113.8"]
    azure = Azure("block-approved", entities=[{"kind": "Ip", "properties": {"address": each}} for each in addresses])
    run(BLOCK, azure)
    listed = azure.policies["/waf/api"]["properties"]["customRules"]["rules"][0]["matchConditions"][0]["matchValue"]
    assert listed == [NOBODY, "203.0.113.7", "203.0.113.8"]


def test_foreign_first_rule_fails_the_run() -> None:
    """Another first rule is left alone and the run fails."""
    azure = Azure("block-approved", rule="GeoFilter")
    with pytest.raises(ValueError, match="first rule is not"):
        run(BLOCK, azure)
    assert azure.writes == []


def test_a_full_list_stops_the_playbook() -> None:
    many = [{"kind": "Ip", "properties": {"address": f"10.0.{n // 250}.{n % 250}"}} for n in range(MOST_ADDRESSES)]
    azure = Azure("block-approved", entities=many)
    with pytest.raises(ValueError, match="first rule is not"):
        run(BLOCK, azure)
    assert azure.writes == []
    run(BLOCK, Azure("block-approved", entities=many[1:]))


def test_accounts_are_disabled_except_emergency_ones() -> None:
    """Accounts are disabled over graph and the emergency ones are not."""
    people = [{"kind": "Account", "properties": {"aadUserId": user}} for user in ("mallory", OWN)]
    azure = Azure("block-approved", entities=[*people, {"kind": "Account", "properties": {}}])
    run(DISABLE, azure)
    assert [path for path in azure.writes if path.startswith(GRAPH)] == [
        f"{GRAPH}/v1.0/users/mallory",
        f"{GRAPH}/v1.0/users/mallory/revokeSignInSessions",
    ]


@pytest.mark.parametrize("mode", MODES)
def test_nothing_can_call_it_and_it_logs(mode: Any) -> None:
    made = record(BLOCK, mode)
    workflow = only(made, "logic:Workflow")
    (trigger,) = workflow.inputs["definition"]["triggers"].values()
    assert trigger["type"] == "Recurrence"
    assert trigger["runtimeConfiguration"]["concurrency"]["runs"] == 1
    assert UNKNOWN not in str(workflow.inputs["definition"])
    assert workflow.inputs["identity"]["type"] == "UserAssigned"
    assert only(made, "monitor:DiagnosticSetting").inputs["logs"][0]["enabled"] is True


def test_requests_are_signed_for_their_audience() -> None:
    """Every request is signed by the identity for the right audience."""
    for build in (BLOCK, DISABLE):
        text = str(only(record(build), "logic:Workflow").inputs["definition"])
        assert text.count("'type': 'Http'") == text.count("@parameters('identity')")
        assert set(re.findall(r"'audience': '([^']+)'", text)) <= {f"{ARM}/", GRAPH}
