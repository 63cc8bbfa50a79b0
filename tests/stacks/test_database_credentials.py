"""The way of a credential, on a whole stack: the app's vault, the job's vault, who reads which, what both are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from assurance.access.matrix import matrix
from assurance.reach.reachability_graph import ReachabilityGraph
from assurance.record import Mode, Record, Resource
from database.credentials import _context_key, _password, read_manifest
from stacks.database_credentials import copy_name
from stacks.settings.jobs import COPIED
from tests.harness import MODES
from tests.projects import Config
from tests.stacks.whole_stack import Values, vault_values, whole_stack, with_database_job

DATES = ["2026-08-01", "2026-11-01", "2027-01-20"]
AUTHENTICATIONS = ("entra", "password")
MODELS = ("access-policies", "rbac")
PAIRS = [
    ("preview", "access-policies", "entra"),
    ("preview", "rbac", "password"),
    ("deployed", "access-policies", "password"),
    ("deployed", "rbac", "entra"),
]
"""Every mode with every model and every way to sign in, two by two: a recording each."""


def stack(model: str, authentication: str, *, rotated: bool = True) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        with_database_job(config)
        config["medspasync:vaults"]["authorization"] = model
        if authentication == "password":
            config["medspasync:apps"]["backend"]["secrets"].append("DATABASE-PASSWORD")
            config["medspasync:database"] |= {
                "authentication": "entra-and-password",
                "administratorLogin": "emergency",
                "appAuthentication": "password",
            }
        if rotated:
            names = ["DATABASE-CONTEXT-KEY"] + ["DATABASE-PASSWORD"] * (authentication == "password")
            config["medspasync:vaults"]["rotations"] = {name: list(DATES) for name in names}

    return change


def held(record: Record, vault: str) -> dict[str, Resource]:
    (named,) = [found for found in record.of_type("keyvault:Vault") if found.name == f"vault-{vault}"]
    return {s.inputs["secretName"]: s for s in record.of_type("keyvault:Secret") if s.parent == named.parent}


def job(record: Record) -> Resource:
    (found,) = [each for each in record.of_type("app:Job") if each.name == "database-jobs-credentials"]
    return found


def told(record: Record) -> dict[str, str]:
    (container,) = job(record).inputs["template"]["containers"]
    return {variable["name"]: variable["value"] for variable in container["env"]}


@pytest.mark.parametrize(("mode", "model", "authentication"), PAIRS)
def test_jobs_vault_holds_what_the_job_reads_only(mode: Mode, model: str, authentication: str) -> None:
    record = whole_stack(stack(model, authentication), mode)
    copies = held(record, "database")
    wanted = read_manifest(told(record)["MEDSPASYNC_CREDENTIALS"])
    asked = [key.secret for key in wanted.context_keys]
    asked += [password.secret for versions in wanted.passwords.values() for password in versions]
    assert set(copies) == set(asked)
    kinds = COPIED if authentication == "password" else COPIED[:1]
    assert set(copies) == {f"BACKEND-{name}{suffix}" for name in kinds for suffix in ("", "-PREVIOUS")}
    for name, copy in copies.items():
        own = held(record, "backend")[name.removeprefix("BACKEND-")]
        assert copy.inputs["properties"]["attributes"] == own.inputs["properties"]["attributes"]
        assert copy.inputs["tags"] == own.inputs["tags"]


@pytest.mark.parametrize(("mode", "model", "authentication"), PAIRS)
def test_jobs_identity_reads_its_vault_and_no_other(mode: Mode, model: str, authentication: str) -> None:
    found = matrix(whole_stack(stack(model, authentication), mode))
    assert found.report.with_status("fail") == []
    # Before a deployment the identity of a role assignment is known by what it was computed from.
    rights = {(g.target.name, g.rights) for g in found.grants if g.principal.name == "database-credentials"}
    if mode == "deployed" or model == "access-policies":
        assert ("vault-database", ("secrets get", "secrets list")) in rights
    assert {target for target, _ in rights} == {"vault-database", "mssregistry"}
    readers = {item.vault.name: {reader.name for reader in item.readers} for item in found.secrets}
    if mode == "deployed" or model == "access-policies":
        assert readers["vault-database"] == {"database-credentials"}
        assert readers["vault-backend"] == {"backend"}
        assert all(item.wanted_by for item in found.secrets)
    assert found.users["database-credentials"] == ["database-jobs-credentials"]


@pytest.mark.parametrize("model", MODELS)
def test_another_job_that_reads_a_secret_is_found(model: str) -> None:
    record = whole_stack(stack(model, "entra"))
    (container,) = job(record).inputs["template"]["containers"]
    for variable in container["env"]:
        if variable["name"] == "MEDSPASYNC_CREDENTIALS":
            variable["value"] = "{}"
    (finding,) = matrix(record).report.with_status("fail")
    assert finding.rule == "ACCESS-SECRETS"
    assert "database-credentials can read BACKEND-DATABASE-CONTEXT-KEY in vault-database" in finding.message


@pytest.mark.parametrize("mode", MODES)
def test_the_job_reaches_its_vault_and_the_database(mode: Mode) -> None:
    world = ReachabilityGraph(whole_stack(stack("access-policies", "entra"), mode))
    targets = {target.name: target for target in world.targets}
    for name in ("vault-database", "postgres"):
        assert world.flow("subnet-jobs", targets[name]).verdict.open, name
    assert not world.flow("internet", targets["vault-database"]).verdict.open


def values(change: Callable[[Config], Any]) -> Values:
    """What a stack writes into vaults, by holder and secret; the record never shows it."""
    seen, text = vault_values(change)
    for (_, name), value in seen.items():
        if "DATABASE-CONTEXT-KEY" in name:
            assert json.loads(value)["secret"] not in text
        elif "DATABASE-PASSWORD" in name:
            assert value not in text
    return seen


@pytest.mark.parametrize("authentication", AUTHENTICATIONS)
def test_app_and_database_have_the_same_values(authentication: str) -> None:
    seen = values(stack("access-policies", authentication))
    copies = {name: value for (holder, name), value in seen.items() if holder == "database"}
    assert len(copies) == (4 if authentication == "password" else 2)
    for name, value in copies.items():
        assert value == seen["backend", name.removeprefix("BACKEND-")]


def test_context_key_fits_database_and_names_its_rotation() -> None:
    seen = values(stack("access-policies", "entra"))
    keys = [
        _context_key(name, seen["backend", name]) for name in ("DATABASE-CONTEXT-KEY", "DATABASE-CONTEXT-KEY-PREVIOUS")
    ]
    assert [key_id for key_id, _ in keys] == [f"backend-{DATES[-1]}", f"backend-{DATES[-2]}"]
    assert {len(secret) for _, secret in keys} == {32}
    assert keys[0][1] != keys[1][1]


def test_rotation_makes_new_value_and_keeps_one_before() -> None:
    before = values(stack("access-policies", "password", rotated=False))
    assert not [name for _, name in before if name.endswith("-PREVIOUS")]

    def once_more(config: Config) -> None:
        stack("access-policies", "password", rotated=False)(config)
        dates = [config["medspasync:vaults"]["rotatedOn"], "2027-01-20"]
        config["medspasync:vaults"]["rotations"] = dict.fromkeys(COPIED, dates)

    after = values(once_more)
    for name in COPIED:
        for holder, stored in (("backend", name), ("database", copy_name("backend", name))):
            assert after[holder, f"{stored}-PREVIOUS"] == before[holder, stored]
            assert after[holder, stored] != before[holder, stored]


def test_url_holds_current_password_and_none_by_entra() -> None:
    seen = values(stack("access-policies", "password"))
    url = urlsplit(seen["backend", "DATABASE-URL"])
    assert url.username == "medspasync_backend"
    assert unquote(url.password or "") == seen["backend", "DATABASE-PASSWORD"]
    assert _password("DATABASE-PASSWORD", seen["backend", "DATABASE-PASSWORD"])
    assert seen["backend", "DATABASE-PASSWORD-PREVIOUS"] not in seen["backend", "DATABASE-URL"]
    entra = values(stack("access-policies", "entra"))
    assert urlsplit(entra["backend", "DATABASE-URL"]).password is None
    assert not [name for _, name in entra if "PASSWORD" in name]


@pytest.mark.parametrize("mode", MODES)
def test_the_app_reads_both_under_the_contracts_variables(mode: Mode) -> None:
    record = whole_stack(stack("access-policies", "password"), mode)
    (settings,) = [r for r in record.of_type("web:WebAppApplicationSettings") if "app-backend" in r.name]
    for name in COPIED:
        for suffix in ("", "_PREVIOUS"):
            reference = settings.inputs["properties"][name.replace("-", "_") + suffix]
            assert mode == "preview" or re.fullmatch(
                r"@Microsoft\.KeyVault\(SecretUri=https://[^/]+/secrets/[A-Z-]+\)", reference
            )


@pytest.mark.parametrize("mode", MODES)
def test_no_database_job_means_no_vault_nor_identity(mode: Mode) -> None:
    record = whole_stack(lambda _config: None, mode)
    assert not [r.name for r in record if "database-credentials" in r.name or r.name == "vault-database"]
