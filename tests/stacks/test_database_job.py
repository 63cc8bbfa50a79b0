"""The database jobs of every stack: who signs in as what, with what, and what the deployment is told of them."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pulumi
import pytest
from psycopg.conninfo import conninfo_to_dict

from assurance.record import Mode, Record, Resource
from components.role_assignment import STORAGE_BLOB_DATA_CONTRIBUTOR
from database.credentials import read_manifest
from database.files import role_catalogue
from database.principals import password_roles, read_principals
from deployment.inputs import Inputs
from stacks import database_job as module
from stacks.archive import Archive
from stacks.catalogues.database_roles import app_roles
from stacks.database import Database
from stacks.outputs import Identities
from stacks.settings.jobs import DatabaseJobSettings
from stacks.settings.registry import RegistrySettings
from stacks.settings.vaults import VaultSettings
from tests import harness
from tests.harness import MODES, STACKS, shared_record
from tests.stacks import layers
from tests.stacks.settings.sections import read

JOB: dict[str, Any] = {"image": {"repository": "database", "digest": f"sha256:{'0' * 64}"}}
REGISTRY = read(RegistrySettings, {"name": "mssregistry", "resourceGroup": "rg"})
EVERY = [(stack, mode) for stack in STACKS for mode in MODES]
DUTIES = {
    "bootstrap": "database-bootstrap",
    "apply": "database-migration",
    "credentials": "database-credentials",
    "maintain": "database-maintenance",
    "retire": "database-maintenance",
    "verify": "database-maintenance",
}


def jobs(record: Record) -> dict[str, Resource]:
    return {found.name.removeprefix("database-jobs-"): found for found in record.of_type("app:Job")}


def container(job: Resource) -> dict[str, Any]:
    (only,) = job.inputs["template"]["containers"]
    return dict(only)


def variables(job: Resource) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container(job)["env"]}


@pytest.fixture(params=STACKS)
def deployed(request: pytest.FixtureRequest) -> Record:
    return shared_record(request.param, "deployed")


@pytest.mark.parametrize(("stack", "mode"), EVERY)
def test_every_stack_has_the_six_jobs(stack: str, mode: Mode) -> None:
    record = shared_record(stack, mode)
    assert set(jobs(record)) == set(DUTIES)
    for key, job in jobs(record).items():
        assert container(job)["command"][:4] == ["python", "-m", "database", key]
        assert re.search(r"@sha256:[0-9a-f]{64}$", container(job)["image"])
        assert job.origin is not None
        assert job.origin["key"] == "medspasync:databaseJob"


def test_each_job_signs_in_as_its_duty_only(deployed: Record) -> None:
    names = {found.id: found.name for found in deployed.of_type("managedidentity:UserAssignedIdentity")}
    for key, job in jobs(deployed).items():
        assert [names[i] for i in job.inputs["identity"]["userAssignedIdentities"]] == [f"identity-{DUTIES[key]}"]


def test_connection_is_direct_private_encrypted_and_without_credential(deployed: Record) -> None:
    (server,) = (s for s in deployed.of_type("dbforpostgresql:Server") if s.inputs.get("createMode") is None)
    roles = {role["name"] for role in role_catalogue() if role["login"]}
    for key, job in jobs(deployed).items():
        dsn = conninfo_to_dict(variables(job)["MEDSPASYNC_DSN"])
        assert str(dsn["host"]).endswith(".postgres.database.azure.com")
        assert (dsn["port"], dsn["dbname"]) == ("5432", "medspasync")
        assert (dsn["sslmode"], dsn["sslrootcert"]) == ("verify-full", module.AUTHORITIES)
        assert "password" not in dsn
        assert variables(job)["MEDSPASYNC_ENTRA"] == "true"
        if key == "bootstrap":
            # The administrator's name in PostgreSQL is the identity's.
            administrators = deployed.of_type("dbforpostgresql:AdministratorsMicrosoftEntra")
            assert dsn["user"] in {a.inputs["principalName"] for a in administrators}
        else:
            assert dsn["user"] in roles
    assert server.urn in jobs(deployed)["apply"].dependencies


def built(
    mode: Mode = "deployed", rotations: dict[str, Any] | None = None, **changes: Any
) -> tuple[Record, dict[str, Any]]:
    """The layer alone, and the ids it gives."""
    given: dict[str, Any] = {}

    def build() -> None:
        settings = SimpleNamespace(
            database_job=read(DatabaseJobSettings, {**JOB, **changes}),
            registry=REGISTRY,
            apps={"backend": SimpleNamespace(secrets=["DATABASE-URL", "DATABASE-CONTEXT-KEY"])},
            database=SimpleNamespace(app_authentication="entra"),
            vaults=read(VaultSettings, {"rotatedOn": "2026-11-01", **(rotations or {})}),
        )
        server = layers.identity("stands-for-the-server")
        database = Database(
            id=server.id,
            name=server.id,
            host=pulumi.Output.from_input("psql.postgres.database.azure.com"),
            port=6432,
            direct_port=5432,
            database="medspasync",
            replica_id=None,
            settled=cast(Any, None),
        )
        identities = Identities(
            apps={"backend": layers.identity("backend")},
            duties={duty: layers.identity(duty) for duty in set(DUTIES.values())},
        )
        archive = Archive(
            id=server.id,
            name=pulumi.Output.from_input("mssaudit"),
            retired=server.id,
        )
        uri = pulumi.Output.from_input("https://mss-test-database-x7k2.vault.azure.net/")
        vault = SimpleNamespace(outputs=SimpleNamespace(uri=uri))
        given.update(
            module.build_database_job(
                cast(Any, settings),
                layers.common(),
                layers.network(),
                identities,
                database,
                archive,
                cast(Any, vault),
            )
        )

    return harness.record(build, mode), given


@pytest.mark.parametrize("mode", MODES)
def test_without_an_image_there_is_no_job(mode: Mode) -> None:
    record, ids = built(mode, image=None)
    assert ids == {}
    assert record.of_type("app:Job") == record.of_type("app:ManagedEnvironment") == []


@pytest.mark.parametrize("mode", MODES)
def test_times_and_sizes_are_those_of_stack_file(mode: Mode) -> None:
    schedule = {"cron": "5 * * * *", "timeoutMinutes": 7}
    record, ids = built(mode, cpu=1.5, timeoutMinutes=45, maintenance=schedule, zoneRedundant=False)
    made = jobs(record)
    assert set(ids) == set(made)
    for key in ("bootstrap", "apply"):
        assert made[key].inputs["configuration"]["replicaTimeout"] == 45 * 60
        assert made[key].inputs["configuration"]["triggerType"] == "Manual"
    assert made["retire"].inputs["configuration"]["scheduleTriggerConfig"]["cronExpression"] == "15 5 2-4 * *"
    often = made["maintain"].inputs["configuration"]
    assert often["replicaTimeout"] == 7 * 60
    assert often["scheduleTriggerConfig"]["cronExpression"] == "5 * * * *"
    assert made["verify"].inputs["configuration"]["scheduleTriggerConfig"]["cronExpression"] == "30 6 * * *"
    assert {container(job)["resources"]["cpu"] for job in made.values()} == {1.5}
    (environment,) = record.of_type("app:ManagedEnvironment")
    assert environment.inputs["zoneRedundant"] is False
    assert environment.inputs["vnetConfiguration"]["infrastructureSubnetId"].endswith("/subnets/jobs")


def written(
    people: dict[str, Any], apps: dict[str, list[str]], folder: Path, authentication: str = "entra"
) -> tuple[dict[str, Any], Record]:
    """The principals file for some apps and their secrets, as the database room reads it, and the identities."""
    file = folder / "principals.yaml"

    def build() -> None:
        duties = {duty: layers.identity(duty) for duty in set(DUTIES.values())}
        settings = SimpleNamespace(
            database_job=read(DatabaseJobSettings, {"people": people}),
            apps={app: SimpleNamespace(secrets=secrets) for app, secrets in apps.items()},
            database=SimpleNamespace(app_authentication=authentication),
        )
        identities = Identities(apps={app: layers.identity(app) for app in apps}, duties=duties)
        module._principals(cast(Any, settings), identities).apply(file.write_text)

    record = harness.record(build)
    return read_principals(file), record


def test_the_principals_are_what_the_database_room_reads(tmp_path: Path) -> None:
    apps = {"backend": ["JWT-SECRET", "DATABASE-URL"], "pro-next": ["DATABASE-URL"], "marketing": ["NODE-ENV"]}
    auditors = "00000000-0000-4000-8000-0000000000aa"
    people = {"medspasync_auditor": {"objectId": auditors}}
    entries, record = written(people, apps, tmp_path)
    outputs = {found.name: found.outputs for found in record.of_type("managedidentity:UserAssignedIdentity")}
    services = {
        "medspasync_migrator": "database-migration",
        "medspasync_maintainer": "database-maintenance",
        "medspasync_credentials": "database-credentials",
        "medspasync_backend": "backend",
        "medspasync_pro_next": "pro-next",
    }
    assert entries == {
        role: {"object_id": outputs[f"identity-{who}"]["principalId"], "type": "service"}
        for role, who in services.items()
    } | {"medspasync_auditor": {"object_id": auditors, "type": "group"}}
    # The administrator gets no role of the room: it makes them.
    assert outputs["identity-database-bootstrap"]["principalId"] not in str(entries)


def test_apps_that_use_a_password_are_no_principals(tmp_path: Path) -> None:
    apps = {"backend": ["DATABASE-URL"], "pro-next": ["DATABASE-URL"], "marketing": []}
    entries, record = written({}, apps, tmp_path, "password")
    assert password_roles(entries) == ["medspasync_backend", "medspasync_pro_next"]
    outputs = {found.name: found.outputs for found in record.of_type("managedidentity:UserAssignedIdentity")}
    assert outputs["identity-backend"]["principalId"] not in str(entries)
    assert set(entries) - set(password_roles(entries)) == {
        "medspasync_migrator",
        "medspasync_maintainer",
        "medspasync_credentials",
    }


@pytest.mark.parametrize(("stack", "mode"), EVERY)
def test_credentials_job_gets_names_and_dates_no_value(stack: str, mode: Mode) -> None:
    record = shared_record(stack, mode)
    wanted = read_manifest(variables(jobs(record)["credentials"])["MEDSPASYNC_CREDENTIALS"])
    (vault,) = [found for found in record.of_type("keyvault:Vault") if found.name == "vault-database"]
    held = {s.inputs["secretName"] for s in record.of_type("keyvault:Secret") if s.parent == vault.parent}
    assert held == {key.secret for key in wanted.context_keys} == {"BACKEND-DATABASE-CONTEXT-KEY"}
    assert {key.role for key in wanted.context_keys} <= app_roles()
    assert wanted.passwords == {}
    if mode == "deployed":
        assert variables(jobs(record)["credentials"])["MEDSPASYNC_VAULT"] == (
            f"https://{vault.inputs['vaultName']}.vault.azure.net/"
        )


@pytest.mark.parametrize("mode", MODES)
def test_a_rotation_is_a_changed_job(mode: Mode) -> None:
    before, after = (
        variables(jobs(built(mode, {"rotations": {"DATABASE-CONTEXT-KEY": dates}})[0])["credentials"])
        for dates in (["2026-11-01"], ["2026-11-01", "2027-01-20"])
    )
    assert before != after
    keys = read_manifest(after["MEDSPASYNC_CREDENTIALS"]).context_keys
    # 120 days from each date; the previous one is still there.
    assert [(key.secret, key.until.isoformat()) for key in keys] == [
        ("BACKEND-DATABASE-CONTEXT-KEY", "2027-05-20"),
        ("BACKEND-DATABASE-CONTEXT-KEY-PREVIOUS", "2027-03-01"),
    ]
    only_newest = built(mode, {"rotations": {"DATABASE-CONTEXT-KEY": ["2027-01-20"]}}, contextKeyDays=200)
    (key,) = read_manifest(variables(jobs(only_newest[0])["credentials"])["MEDSPASYNC_CREDENTIALS"]).context_keys
    assert key.until.isoformat() == "2027-08-08"


@pytest.mark.parametrize(("stack", "mode"), EVERY)
def test_retired_months_go_into_immutable_container(stack: str, mode: Mode) -> None:
    """Its name and policy are declared, the job is told of it, and its identity may write to it and to no other."""
    record = shared_record(stack, mode)
    (made,) = [c for c in record.of_type("storage:BlobContainer") if c.inputs["containerName"] == "database-audit"]
    policies = [p for p in record.of_type("storage:BlobContainerImmutabilityPolicy") if made.urn in p.dependencies]
    assert len(policies) == 1
    (account,) = [a for a in record.of_type("storage:StorageAccount") if a.urn in made.dependencies]
    (given,) = [g for g in record.of_type("authorization:RoleAssignment") if g.name == "database-jobs-retire-archive"]
    assert made.urn in given.dependencies
    if mode == "deployed":
        (duty,) = [
            found
            for found in record.of_type("managedidentity:UserAssignedIdentity")
            if found.name == "identity-database-maintenance"
        ]
        its = [
            g
            for g in record.of_type("authorization:RoleAssignment")
            if g.inputs["principalId"] == duty.outputs["principalId"] and "registries" not in g.inputs["scope"]
        ]
        assert its == [given]
        assert given.inputs["scope"] == made.id
        assert given.inputs["roleDefinitionId"].endswith(STORAGE_BLOB_DATA_CONTRIBUTOR)
        assert variables(jobs(record)["retire"])["MEDSPASYNC_ARCHIVE"] == (
            f"https://{account.inputs['accountName']}.blob.core.windows.net/database-audit"
        )


def test_a_changed_principal_is_a_changed_job(deployed: Record) -> None:
    checksum = variables(jobs(deployed)["bootstrap"])["PRINCIPALS_SHA256"]
    assert re.fullmatch(r"[0-9a-f]{64}", checksum)
    assert "PRINCIPALS_SHA256" not in variables(jobs(deployed)["apply"])


def test_the_output_is_what_the_deployment_reads(deployed: Record) -> None:
    inputs = Inputs.model_validate(deployed.outputs["deployment"])
    assert inputs.stack == deployed.stack
    assert inputs.jobs == {key: job.id for key, job in jobs(deployed).items()}
    (profile,) = deployed.of_type("cdn:Profile")
    assert inputs.front_door_id == profile.id
    sites = {found.id: found for found in deployed.of_type("web:WebApp")}
    slots = {found.id for found in deployed.of_type("web:WebAppSlot")}
    assert {app.site_id for app in inputs.apps.values()} == set(sites)
    for app in inputs.apps.values():
        assert app.slot is None or f"{app.site_id}/slots/{app.slot}" in slots
        image = sites[app.site_id].inputs["siteConfig"]["linuxFxVersion"]
        assert image.startswith(f"DOCKER|{app.repository}@sha256:")
        assert app.private_link == (sites[app.site_id].inputs["publicNetworkAccess"] == "Disabled")
    servers = {found.id for found in deployed.of_type("dbforpostgresql:Server")}
    assert set(inputs.databases.values()) == servers
    policies = deployed.of_type("storage:BlobContainerImmutabilityPolicy")
    assert sorted(inputs.archive.containers) == sorted(p.inputs["containerName"] for p in policies)
    days = {p.inputs["immutabilityPeriodSinceCreationInDays"] for p in policies}
    assert days == {inputs.archive.retention_days}
