"""Who may do what of the bootstrap's identities."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assurance.access.matrix import Matrix, matrix
from assurance.full_audit import full_audit
from assurance.record import Record, Resource
from bootstrap.duties import BELOW, DEPLOYS, GIVES, NEVER, RELEASES
from deployment.actions import ACTIONS
from deployment.preflight.rights import needed_actions
from deployment.record import load_record
from facts.roles import roles
from policies.exceptions import Register
from tests.harness import BOOTSTRAP, STACKS, bootstrap_config, bootstrap_record, shared_record

TODAY = date(2026, 11, 29)
ROLE = "authorization:RoleAssignment"
CREDENTIAL = "managedidentity:FederatedIdentityCredential"


@cache
def access() -> Matrix:
    return matrix(bootstrap_record())


def rights(principal: str) -> dict[str, set[str]]:
    """What a principal may do, by the name of what."""
    found: dict[str, set[str]] = {}
    for grant in access().grants:
        if grant.principal.name == principal:
            found.setdefault(grant.target.name, set()).update(grant.rights)
    return found


def failures(change: Callable[[Record], Any]) -> set[str]:
    """Ids of the rules that fail after ``change``."""
    record = bootstrap_record()
    change(record)
    report = full_audit(record, Register.load(), TODAY, BOOTSTRAP)
    return {finding.rule for finding in report.findings if finding.status == "fail"}


def one(record: Record, type_: str, name: str) -> Resource:
    (found,) = [resource for resource in record.of_type(type_) if resource.name == name]
    return found


@pytest.mark.parametrize("mode", ["preview", "deployed"])
def test_bootstrap_audit_finds_nothing(mode: Any) -> None:
    report = full_audit(bootstrap_record(mode), Register.load(), TODAY, BOOTSTRAP)
    assert [f"{f.rule} {f.name}: {f.message}" for f in report.findings if f.status == "fail"] == []


def test_environments_have_one_identity_and_subject() -> None:
    config = bootstrap_config()
    subjects = [str(one_.inputs["subject"]) for one_ in bootstrap_record().of_type(CREDENTIAL)]
    github = config["github"]
    platform = f"repo:{github['owner']}@{github['ownerId']}/platform@{github['repositoryId']}:environment:"
    assert {s.removeprefix(platform) for s in subjects if s.startswith(platform)} == {
        "preview",
        *config["environments"],
    }
    assert len(subjects) == len(set(subjects))
    assert not [subject for subject in subjects if "pull_request" in subject or "*" in subject]


def test_subject_names_only_by_setting() -> None:
    config = bootstrap_config()
    config["github"]["subject"] = "names"
    record = bootstrap_record(config=config)
    assert one(record, CREDENTIAL, "credential-preview").inputs["subject"] == (
        "repo:medspasync/platform:environment:preview"
    )


def test_preview_identity_writes_nothing() -> None:
    allowed = {
        "definitions read",
        "blobs read",
        *(f"Microsoft.Web/sites/{part}config/list/action" for part in ("", "slots/")),
    }
    allowed |= {f"Microsoft.KeyVault/vaults/keys/{part}" for part in ("read", "decrypt/action")}
    assert set().union(*rights("preview").values()) == allowed


@pytest.mark.parametrize("stack", STACKS)
def test_deployer_reaches_own_stack_only(stack: str) -> None:
    subscription = bootstrap_config()["environments"][stack]["subscription"]
    assert set(rights(f"deploy-{stack}")) == {
        "registry",
        f"state-{stack}",
        f"state-key-{stack}",
        f"the subscription {subscription}",
    }


@pytest.mark.parametrize("stack", STACKS)
def test_deployer_may_do_what_stack_needs(stack: str, tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_text(shared_record(stack).to_json())
    record = load_record(stack, str(file))
    patterns = [*DEPLOYS, *(f"{type_}/*" for type_ in BELOW)]
    patterns += [f"Microsoft.Authorization/roleAssignments/{verb}" for verb in ("read", "write", "delete")]
    missing = [
        action
        for action in needed_actions(record)
        if not any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
        or action.lower() in {never.lower() for never in NEVER}
    ]
    assert missing == []


@pytest.mark.parametrize("stack", STACKS)
def test_deployer_may_give_what_stack_gives(stack: str) -> None:
    given = {str(r.inputs["roleDefinitionId"]).rsplit("/", 1)[-1] for r in shared_record(stack).of_type(ROLE)}
    names = {roles()[id_].name for id_ in given}
    assert names <= {*GIVES, "Container Registry Repository Reader"}


def test_releaser_may_do_what_a_release_takes() -> None:
    steps = {action for step in ("slot-image", "slot-warm", "slot-swap") for action in ACTIONS[step]}
    assert steps == set(RELEASES) - {"Microsoft.Web/sites/read"}


@pytest.mark.parametrize("app", sorted(bootstrap_config()["applications"]))
def test_releaser_reaches_own_app_only(app: str) -> None:
    for environment in bootstrap_config()["environments"]:
        found = rights(f"release-{app}-{environment}")
        pushed = found.pop("registry", set())
        assert pushed == ({f"images pull of {app}", f"images push of {app}"} if environment == "dev" else set())
        (site,) = found
        assert f"-{app}-" in site


def test_sites_are_those_the_stacks_make() -> None:
    given = {
        site.split("/", 3)[3] for app in bootstrap_config()["applications"].values() for site in app["sites"].values()
    }
    made = {r.id.split("/", 3)[3] for stack in STACKS for r in shared_record(stack).of_type("web:WebApp")}
    assert given == made


def test_every_grant_says_why() -> None:
    assert [grant.via for grant in access().grants if not grant.why] == []


PULL_REQUEST = "repo:medspasync@100000001/platform@200000001:pull_request"
OTHER_REPOSITORY = "repo:medspasync@1/platform@2:environment:prod"
OTHER_SITE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/other"


@pytest.mark.parametrize(
    ("rule", "type_", "name", "values"),
    [
        ("ID-FEDERATED-SUBJECT", CREDENTIAL, "credential-deploy-prod", {"subject": PULL_REQUEST}),
        ("TRUST-CREDENTIAL", CREDENTIAL, "credential-deploy-prod", {"subject": OTHER_REPOSITORY}),
        ("TRUST-CREDENTIAL", CREDENTIAL, "credential-preview", {"issuer": "https://issuer.example.com"}),
        ("ID-LEAST-PRIVILEGE", ROLE, "deploy-prod-gives", {"condition": None}),
        ("TRUST-RESOURCE", ROLE, "release-backend-dev-swaps", {"scope": OTHER_SITE}),
        ("ACCESS-DUTY", ROLE, "release-backend-dev-pushes", {"condition": None}),
    ],
)
def test_widened_identity_fails(rule: str, type_: str, name: str, values: dict[str, Any]) -> None:
    assert rule in failures(lambda record: one(record, type_, name).inputs.update(copy.deepcopy(values)))


def test_role_that_grows_fails() -> None:
    def grow(record: Record) -> None:
        role = one(record, "authorization:RoleDefinition", "role-deploy-dev")
        role.inputs["permissions"][0]["actions"].append("Microsoft.Compute/virtualMachines/*")

    assert "ACCESS-DUTY" in failures(grow)
