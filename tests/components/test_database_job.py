"""Container jobs: inside the network, as their own identities, with nothing secret to lose."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.record import Mode, Record, Resource
from components.app_service import PULL
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
                    "image": JobImage(
                        reference=IMAGE, repository="database", login_server="registry.example", registry_id=REGISTRY
                    ),
                    "cpu": 0.75,
                    "jobs": [
                        job("first", one, files={"who.yaml": "somebody"}, mount_path="/run/there"),
                        job("second", other),
                        job("often", other, cron="*/10 * * * *"),
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
def test_job_has_no_ingress_and_keyless_logs(mode: Mode) -> None:
    """Nothing comes in and logs go out without a key."""
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


def test_job_runs_and_pulls_as_own_identity() -> None:
    """A job works and pulls as its own identity only."""
    result = built()
    ids = {found.name: found.id for found in result.of_type("managedidentity:UserAssignedIdentity")}
    for key, who in {"first": "one", "second": "other", "often": "other"}.items():
        inputs = jobs(result)[key].inputs
        assert inputs["identity"] == {"type": "UserAssigned", "userAssignedIdentities": [ids[who]]}
        assert inputs["configuration"]["registries"] == [{"server": "registry.example", "identity": ids[who]}]
        client = [v["value"] for v in inputs["template"]["containers"][0]["env"] if v["name"] == "AZURE_CLIENT_ID"]
        outputs = {found.name: found.outputs for found in result.of_type("managedidentity:UserAssignedIdentity")}
        assert client == [outputs[who]["clientId"]]


def test_identities_may_pull_before_jobs_exist() -> None:
    """Each identity may pull once before any job is there."""
    result = built()
    grants = result.of_type("authorization:RoleAssignment")
    principals = {
        found.name: found.outputs["principalId"] for found in result.of_type("managedidentity:UserAssignedIdentity")
    }
    assert sorted(grant.inputs["principalId"] for grant in grants) == sorted(principals.values())
    assert {grant.inputs["scope"] for grant in grants} == {REGISTRY}
    assert all(grant.inputs["roleDefinitionId"].endswith(PULL) for grant in grants)
    for found in jobs(result).values():
        assert {grant.urn for grant in grants} <= set(found.dependencies)


def test_job_runs_one_at_a_time() -> None:
    """A job runs when started or on its schedule one at a time."""
    found = jobs(built())
    assert found["first"].inputs["configuration"]["triggerType"] == "Manual"
    assert "scheduleTriggerConfig" not in found["first"].inputs["configuration"]
    assert found["first"].inputs["configuration"]["replicaRetryLimit"] == 0
    often = found["often"].inputs["configuration"]
    assert (often["triggerType"], often["replicaRetryLimit"], often["replicaTimeout"]) == ("Schedule", 0, 600)
    assert often["scheduleTriggerConfig"]["cronExpression"] == "*/10 * * * *"
    assert "manualTriggerConfig" not in often
    for one in found.values():
        trigger = one.inputs["configuration"].get("manualTriggerConfig") or often["scheduleTriggerConfig"]
        assert (trigger["parallelism"], trigger["replicaCompletionCount"]) == (1, 1)


@pytest.mark.parametrize("mode", MODES)
def test_job_runs_image_by_digest_with_command(mode: Mode) -> None:
    """What runs is the image by digest with its command."""
    for key, found in jobs(built(mode)).items():
        (container,) = found.inputs["template"]["containers"]
        assert container["image"] == IMAGE
        assert container["command"] == ["python", "-m", "work", key]
        assert container["resources"] == {"cpu": 0.75, "memory": "1.5Gi"}
        assert {"name": "WHERE", "value": "there"} in container["env"]
        assert all("secretRef" not in variable for variable in container["env"])


@pytest.mark.parametrize("mode", MODES)
def test_files_are_mounted_and_kept_as_secrets(mode: Mode) -> None:
    """Files are mounted where they are looked for and kept as secrets."""
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
