"""Container jobs: inside the network, as their own identities, with nothing secret to lose."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.record import Mode, Record, Resource
from components.app_service import ACR_PULL
from components.database_job import DatabaseJobs, DatabaseJobsArgs, Job, JobImage
from components.diagnostics import LogDestination
from components.identity import Identity, IdentityArgs, IdentityOutputs
from tests.harness import MODES, only, record

GROUP = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/jobs"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/registry"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log"
IMAGE = f"registry.example/database@sha256:{'0' * 64}"


def identity(name: str) -> IdentityOutputs:
    args = IdentityArgs(resource_group_name="rg", location="eastus2", identity_name=name)
    return Identity(name, args).outputs


def job(key: str, who: IdentityOutputs, **changes: Any) -> Job:
    return Job(
        **{
            "key": key,
            "job_name": f"job-{key}",
            "identity": who,
            "command": ["python", "-m", "work", key],
            "environment": {"WHERE": "there"},
            "timeout_seconds": 600,
            **changes,
        }
    )


def built(mode: Mode = "deployed", **changes: Any) -> Record:
    def build() -> None:
        one, other = identity("one"), identity("other")
        DatabaseJobs(
            "jobs",
            DatabaseJobsArgs(
                **{
                    "resource_group_name": "rg",
                    "location": "eastus2",
                    "environment_name": "cae-jobs",
                    "infrastructure_group": "rg-jobs",
                    "subnet_id": SUBNET,
                    "zone_redundant": True,
                    "image": JobImage(reference=IMAGE, login_server="registry.example", registry_id=REGISTRY),
                    "cpu": 0.75,
                    "jobs": [
                        job("first", one, files={"who.yaml": "somebody"}, mount_path="/run/there"),
                        job("second", other),
                        job("often", other, cron="*/10 * * * *", retries=2),
                    ],
                    "logs": LogDestination(workspace_id=WORKSPACE),
                    **changes,
                }
            ),
        )

    return record(build, mode)


def jobs(result: Record) -> dict[str, Resource]:
    return {found.name.removeprefix("jobs-"): found for found in result.of_type("app:Job")}


@pytest.mark.parametrize("mode", MODES)
def test_nothing_comes_in_and_logs_go_out_without_a_key(mode: Mode) -> None:
    environment = only(built(mode), "app:ManagedEnvironment").inputs
    assert environment["vnetConfiguration"] == {"infrastructureSubnetId": SUBNET, "internal": True}
    assert environment["publicNetworkAccess"] == "Disabled"
    assert environment["appLogsConfiguration"] == {"destination": "azure-monitor"}
    assert environment["peerAuthentication"]["mtls"]["enabled"] is True
    assert environment["peerTrafficConfiguration"]["encryption"]["enabled"] is True
    setting = only(built(mode), "monitor:DiagnosticSetting").inputs
    assert setting["workspaceId"] == WORKSPACE
    assert [log["categoryGroup"] for log in setting["logs"]] == ["allLogs"]


@pytest.mark.parametrize("zone_redundant", [True, False])
def test_zones_are_as_asked(zone_redundant: bool) -> None:
    environment = only(built(zone_redundant=zone_redundant), "app:ManagedEnvironment")
    assert environment.inputs["zoneRedundant"] is zone_redundant


def test_a_job_works_and_pulls_as_its_own_identity_only() -> None:
    result = built()
    ids = {found.name: found.id for found in result.of_type("managedidentity:UserAssignedIdentity")}
    for key, who in {"first": "one", "second": "other", "often": "other"}.items():
        inputs = jobs(result)[key].inputs
        assert inputs["identity"] == {"type": "UserAssigned", "userAssignedIdentities": [ids[who]]}
        assert inputs["configuration"]["registries"] == [{"server": "registry.example", "identity": ids[who]}]
        client = [v["value"] for v in inputs["template"]["containers"][0]["env"] if v["name"] == "AZURE_CLIENT_ID"]
        outputs = {found.name: found.outputs for found in result.of_type("managedidentity:UserAssignedIdentity")}
        assert client == [outputs[who]["clientId"]]


def test_each_identity_may_pull_once_before_any_job_is_there() -> None:
    result = built()
    grants = result.of_type("authorization:RoleAssignment")
    principals = {
        found.name: found.outputs["principalId"] for found in result.of_type("managedidentity:UserAssignedIdentity")
    }
    assert sorted(grant.inputs["principalId"] for grant in grants) == sorted(principals.values())
    assert {grant.inputs["scope"] for grant in grants} == {REGISTRY}
    assert all(grant.inputs["roleDefinitionId"].endswith(ACR_PULL) for grant in grants)
    for found in jobs(result).values():
        assert {grant.urn for grant in grants} <= set(found.dependencies)


def test_a_job_runs_when_started_or_on_its_schedule_one_at_a_time() -> None:
    found = jobs(built())
    assert found["first"].inputs["configuration"]["triggerType"] == "Manual"
    assert "scheduleTriggerConfig" not in found["first"].inputs["configuration"]
    assert found["first"].inputs["configuration"]["replicaRetryLimit"] == 0
    often = found["often"].inputs["configuration"]
    assert (often["triggerType"], often["replicaRetryLimit"], often["replicaTimeout"]) == ("Schedule", 2, 600)
    assert often["scheduleTriggerConfig"]["cronExpression"] == "*/10 * * * *"
    assert "manualTriggerConfig" not in often
    for one in found.values():
        trigger = one.inputs["configuration"].get("manualTriggerConfig") or often["scheduleTriggerConfig"]
        assert (trigger["parallelism"], trigger["replicaCompletionCount"]) == (1, 1)


@pytest.mark.parametrize("mode", MODES)
def test_what_runs_is_the_image_by_digest_with_its_command(mode: Mode) -> None:
    for key, found in jobs(built(mode)).items():
        (container,) = found.inputs["template"]["containers"]
        assert container["image"] == IMAGE
        assert container["command"] == ["python", "-m", "work", key]
        assert container["resources"] == {"cpu": 0.75, "memory": "1.5Gi"}
        assert {"name": "WHERE", "value": "there"} in container["env"]
        assert all("secretRef" not in variable for variable in container["env"])


@pytest.mark.parametrize("mode", MODES)
def test_files_are_mounted_where_they_are_looked_for_and_kept_as_secrets(mode: Mode) -> None:
    found = jobs(built(mode))
    first = found["first"]
    assert first.inputs["configuration"]["secrets"] == [{"name": "who-yaml", "value": "[secret]"}]
    (volume,) = first.inputs["template"]["volumes"]
    assert volume == {
        "name": "files",
        "storageType": "Secret",
        "secrets": [{"secretRef": "who-yaml", "path": "who.yaml"}],
    }
    mounts = first.inputs["template"]["containers"][0]["volumeMounts"]
    assert mounts == [{"volumeName": "files", "mountPath": "/run/there"}]
    assert not found["second"].inputs["template"]["volumes"]
    assert not found["second"].inputs["configuration"]["secrets"]


def test_the_outputs_name_every_job() -> None:
    result = built()
    component = only(result, "medspasync:components:DatabaseJobs")
    assert component.outputs["jobs"] == {key: found.id for key, found in jobs(result).items()}
    assert component.outputs["environment_id"] == only(result, "app:ManagedEnvironment").id
