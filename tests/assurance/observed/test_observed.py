"""`assurance observed` finds what was changed, is missing and was never declared, and says what it could not see.

Forms of the sources. A stack export: pulumi/pulumi sdk/go/common/apitype/core.go, UntypedDeployment in version 3 with
DeploymentV3 and ResourceV3 inside. A Resource Graph answer: learn.microsoft.com/azure/governance/resource-graph/
first-query-azurecli (count, data, skip_token, total_records) and the REST API's QueryResponse (totalRecords,
resultTruncated), read 2026-11-29.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assurance.check.findings import Finding
from assurance.cli import app
from assurance.observed.graph import graph_findings, read_graph
from assurance.observed.state import read_state, state_findings
from assurance.observed.values import ENGINE_SECRET
from assurance.record import Record, Resource
from facts.types import resource_types, type_row
from tests.harness import ROOT, shared_record

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
INVENTED = "00000000-0000-4000-8000-000000000001"
GUIDS = "99999999-"
Change = Callable[[list[dict[str, Any]]], Any]


def declared() -> Record:
    return shared_record("dev")


def in_azure(value: Any) -> Any:
    """A value as a deployed one is: another subscription, secrets as the engine keeps them."""
    if isinstance(value, dict):
        return {key: in_azure(item) for key, item in value.items()}
    if isinstance(value, list):
        return [in_azure(item) for item in value]
    if value == "[secret]":
        return {ENGINE_SECRET: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:0f"}
    return value.replace(INVENTED, SUBSCRIPTION) if isinstance(value, str) else value


def export(change: Change = lambda _resources: None) -> dict[str, Any]:
    """A stack export of what is declared, after ``change``."""
    resources = [
        {
            "urn": each.urn,
            "custom": each.custom,
            "id": in_azure(each.id),
            "type": each.registered,
            "inputs": {**in_azure(copy.deepcopy(each.inputs)), "__defaults": []},
            "outputs": {},
        }
        for each in declared()
    ]
    change(resources)
    return {"version": 3, "deployment": {"manifest": {}, "resources": resources}}


def answer(change: Change = lambda _rows: None) -> dict[str, Any]:
    """A Resource Graph answer with what is declared and it can hold, after ``change``."""
    rows = []
    for each in declared():
        row = type_row(each.type)
        if row is not None and isinstance(row.graph, str):
            properties = {k: in_azure(each.inputs.get(k)) for k in ("scope", "roleDefinitionId", "principalId")}
            rows.append({"id": in_azure(each.id), "type": str(row.arm).lower(), "properties": properties})
    change(rows)
    return {"count": len(rows), "data": rows, "skip_token": None, "total_records": len(rows)}


def written(folder: Path, content: Any) -> Path:
    file = folder / "live.json"
    file.write_text(json.dumps(content))
    return file


def state_failures(folder: Path, change: Change = lambda _resources: None) -> dict[str, list[Finding]]:
    return failures(list(state_findings(declared(), read_state(written(folder, export(change))))))


def graph_failures(folder: Path, change: Change = lambda _rows: None) -> dict[str, list[Finding]]:
    return failures(list(graph_findings(declared(), read_graph(written(folder, answer(change))))))


def failures(findings: list[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.status == "fail":
            found.setdefault(finding.rule, []).append(finding)
    return found


def vault() -> Resource:
    return declared().of_type("keyvault:Vault")[0]


def entry(resources: list[dict[str, Any]], urn: str) -> dict[str, Any]:
    return next(each for each in resources if each["urn"] == urn)


def test_unchanged_platform_has_no_findings(tmp_path: Path) -> None:
    assert state_failures(tmp_path) == {}
    assert graph_failures(tmp_path) == {}


def test_changed_input_is_named(tmp_path: Path) -> None:
    def open_vault(resources: list[dict[str, Any]]) -> None:
        entry(resources, vault().urn)["inputs"]["properties"]["publicNetworkAccess"] = "Enabled"

    found = state_failures(tmp_path, open_vault)
    (changed,) = found.pop("OBSERVED-CHANGED")
    assert changed.urn == vault().urn
    assert "properties.publicNetworkAccess is Enabled, declared Disabled" in changed.message
    assert found == {}


def test_new_and_lost_inputs_are_named(tmp_path: Path) -> None:
    def change(resources: list[dict[str, Any]]) -> None:
        inputs = entry(resources, vault().urn)["inputs"]
        inputs["properties"]["accessPolicies"].append({"objectId": "x", "permissions": {"secrets": ["all"]}})
        del inputs["tags"]

    (changed,) = state_failures(tmp_path, change)["OBSERVED-CHANGED"]
    assert "accessPolicies" in changed.message
    assert "tags is not there" in changed.message


def test_every_leaf_that_changes_is_found(tmp_path: Path) -> None:
    """A plain input of each type of resource, altered, is a finding or told as not examined."""
    missed = []
    seen: set[str] = set()
    findings = list(state_findings(declared(), read_state(written(tmp_path, export(lambda rs: _alter(rs, seen))))))
    failed = {finding.urn for finding in findings if finding.status == "fail"}
    unchecked = {finding.urn for finding in findings if finding.status == "unchecked"}
    missed = [urn for urn in seen if urn not in failed | unchecked]
    assert len(seen) > 50
    assert missed == []
    assert len(seen & failed) > 0.9 * len(seen)


def _alter(resources: list[dict[str, Any]], seen: set[str]) -> None:
    types: set[str] = set()
    for each in resources:
        plain = [key for key, value in each["inputs"].items() if isinstance(value, (str, int, bool)) and value != ""]
        if each["custom"] and plain and each["type"] not in types and not each["type"].startswith("pulumi:"):
            types.add(each["type"])
            each["inputs"][plain[0]] = "altered by hand"
            seen.add(each["urn"])


def test_missing_resource_is_named(tmp_path: Path) -> None:
    lose = lambda resources: resources.remove(entry(resources, vault().urn))  # noqa: E731
    (missing,) = state_failures(tmp_path, lose)["OBSERVED-MISSING"]
    assert missing.urn == vault().urn


def test_state_resource_nobody_declares_is_named(tmp_path: Path) -> None:
    urn = "urn:pulumi:dev::medspasync::azure-native:keyvault:Vault::by-hand"
    more = {"urn": urn, "custom": True, "id": "/subscriptions/x", "type": "azure-native:keyvault:Vault", "inputs": {}}
    (undeclared,) = state_failures(tmp_path, lambda resources: resources.append(more))["OBSERVED-UNDECLARED"]
    assert undeclared.urn == urn


def test_secrets_are_not_examined(tmp_path: Path) -> None:
    findings = list(state_findings(declared(), read_state(written(tmp_path, export()))))
    told = [finding.message for finding in findings if finding.rule == "OBSERVED-EXAMINED"]
    assert any("secret" in message for message in told)


def test_type_token_with_version_is_the_same(tmp_path: Path) -> None:
    def versioned(resources: list[dict[str, Any]]) -> None:
        each = entry(resources, vault().urn)
        each["urn"] = each["urn"].replace("azure-native:keyvault:Vault", "azure-native:keyvault/v20230701:Vault")

    assert state_failures(tmp_path, versioned) == {}


def test_graph_missing_resource_is_named(tmp_path: Path) -> None:
    lose = lambda rows: rows.remove(next(r for r in rows if r["id"] == in_azure(vault().id)))  # noqa: E731
    (missing,) = graph_failures(tmp_path, lose)["OBSERVED-MISSING"]
    assert missing.urn == vault().urn


def test_graph_undeclared_resource_is_named(tmp_path: Path) -> None:
    id_ = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-mss-dev-data/providers/Microsoft.Storage/storageAccounts/mine"
    )
    more = {"id": id_, "type": "microsoft.storage/storageaccounts", "properties": {}}
    (undeclared,) = graph_failures(tmp_path, lambda rows: rows.append(more))["OBSERVED-UNDECLARED"]
    assert "storageaccounts/mine exists" in undeclared.message


def test_graph_ignores_what_is_elsewhere(tmp_path: Path) -> None:
    id_ = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/another/providers/Microsoft.Storage/storageAccounts/theirs"
    more = {"id": id_, "type": "microsoft.storage/storageaccounts", "properties": {}}
    assert graph_failures(tmp_path, lambda rows: rows.append(more)) == {}


def test_graph_role_assignment_nobody_declares_is_named(tmp_path: Path) -> None:
    def give(rows: list[dict[str, Any]]) -> None:
        scope = in_azure(vault().id)
        owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
        role = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{owner}"
        properties = {"scope": scope, "roleDefinitionId": role, "principalId": "somebody-else"}
        id_ = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{GUIDS}2222-4333-8444-555555555555"
        rows.append({"id": id_, "type": "microsoft.authorization/roleassignments", "properties": properties})

    (undeclared,) = graph_failures(tmp_path, give)["OBSERVED-UNDECLARED"]
    assert "somebody-else has role 8e3af657" in undeclared.message


def test_graph_second_holder_of_declared_role_is_named(tmp_path: Path) -> None:
    """A record does not know principals' ids; one assignment more than declared is noticed all the same."""

    def give(rows: list[dict[str, Any]]) -> None:
        role = next(
            row for row in rows
            if row["type"].endswith("roleassignments") and "rg-mss-dev" in row["properties"]["scope"]
        )  # fmt: skip
        rows.append({**copy.deepcopy(role), "id": role["id"][:-12] + "555555555555"})

    assert "OBSERVED-UNDECLARED" in graph_failures(tmp_path, give)


def test_graph_says_what_it_cannot_hold(tmp_path: Path) -> None:
    findings = list(graph_findings(declared(), read_graph(written(tmp_path, answer()))))
    told = {finding.type for finding in findings if finding.status == "unchecked"}
    assert "azure-native:keyvault:Secret" in told
    assert "azure-native:keyvault:Vault" not in told


@pytest.mark.parametrize(
    ("option", "content", "told"),
    [
        ("--state", {"version": 1}, "not an export of a stack"),
        ("--state", "text", "not an export of a stack"),
        ("--graph", {"data": [{"id": 1}]}, "not an answer of Resource Graph"),
        ("--graph", {"data": [], "skip_token": "more"}, "cut off"),
        ("--graph", {"data": [], "resultTruncated": "true"}, "cut off"),
        ("--graph", {"data": [], "total_records": 5}, "cut off"),
    ],
)
def test_wrong_source_is_wrong_use(option: str, content: Any, told: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["observed", "dev", option, str(written(tmp_path, content))])
    assert result.exit_code == 2
    assert told in " ".join(result.output.split())


def test_state_of_another_stack_is_wrong_use(tmp_path: Path) -> None:
    content = export(
        lambda resources: [each.update(urn=each["urn"].replace(":dev::", ":prod::")) for each in resources]
    )
    record = tmp_path / "record.json"
    record.write_text(declared().to_json())
    arguments = ["observed", "--record", str(record), "--state", str(written(tmp_path, content))]
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_command_exits_by_findings(tmp_path: Path) -> None:
    record, report = tmp_path / "record.json", tmp_path / "report.json"
    record.write_text(declared().to_json())
    arguments = ["observed", "--record", str(record), "--json", str(report), "--state"]
    assert CliRunner().invoke(app, [*arguments, str(written(tmp_path, export()))]).exit_code == 0
    assert CliRunner().invoke(app, [*arguments, str(written(tmp_path, export(lambda rs: rs.clear())))]).exit_code == 1
    assert json.loads(report.read_text())["totals"]["fail"] > 100
    assert CliRunner().invoke(app, ["observed", "dev"]).exit_code == 2


def test_page_shows_the_query_that_runs() -> None:
    query = (ROOT / "docs" / "drift.kql").read_text().strip()
    assert query in (ROOT / "docs" / "drift.md").read_text()
    tables = {row.graph for row in resource_types().values() if isinstance(row.graph, str)}
    assert all(table in query for table in tables)
