"""The secret catalogue: every row says all that is needed, and what it cannot mean is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from documents.problems import DocumentError
from stacks.catalogues import secrets
from stacks.catalogues.secrets import CatalogueEntry, catalogue
from stacks.secrets import SIGNING_KEY_BYTES
from stacks.settings.reading.stack_file import read_stack_file
from tests.harness import ROOT, STACKS
from tests.stacks.settings.sections import read
from tests.stacks.whole_stack import use_catalogue

ROW: dict[str, Any] = {
    "description": "a key",
    "owner": "backend",
    "origin": "generated",
    "rotation": {"kind": "overlap", "days": 90},
    "environment": ["A_KEY"],
    "sensitivity": "high",
}


def test_the_catalogue_is_the_file_that_messages_name() -> None:
    assert (ROOT / secrets.CATALOGUE).samefile(secrets._FILE)


def test_every_secret_ends_some_day() -> None:
    assert all(entry.rotation.days for entry in catalogue().values())


def test_sensitive_secrets_are_renewed_yearly() -> None:
    """What is highly sensitive is renewed at least yearly unless it follows something else."""
    for name, entry in catalogue().items():
        if entry.sensitivity == "high" and entry.rotation.kind != "external":
            assert entry.rotation.days is not None
            assert entry.rotation.days <= 365, name


def test_no_two_secrets_are_read_under_one_variable() -> None:
    variables = [variable for entry in catalogue().values() for variable in entry.environment]
    assert len(variables) == len(set(variables))


def test_a_generated_value_has_at_least_256_bits() -> None:
    # Letters and digits: 5.95 bits each.
    for name, entry in catalogue().items():
        if entry.origin == "generated" and entry.form == "text":
            assert (entry.length or 64) * 5.95 >= 256, name
    assert SIGNING_KEY_BYTES * 8 >= 256


def test_previous_values_have_names_of_their_own() -> None:
    for name, entry in catalogue().items():
        if entry.rotation.kind == "overlap":
            assert f"{name}-PREVIOUS" not in catalogue()


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "supplied"},
        {"origin": "derived", "rotation": {"kind": "keyring"}},
        {"origin": "found"},
        {"rotation": {"kind": "sometimes"}},
        {"rotation": {"kind": "replace", "days": 0}},
        {"rotation": {"kind": "replace", "days": 731}},
        {"environment": []},
        {"environment": ["a-key"]},
        {"sensitivity": "secret"},
        {"readers": "any"},
        {"readers": "everybody", "sensitivity": "low"},
        {"length": 16},
        {"length": 200},
        {"colour": "red"},
        {"form": "signing-key"},
        {"form": "signing-key", "perConsumer": True, "rotation": {"kind": "replace", "days": 90}},
    ],
)
def test_a_row_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    assert read(CatalogueEntry, ROW).origin == "generated"
    with pytest.raises(ValidationError):
        read(CatalogueEntry, {**ROW, **change})


@pytest.mark.parametrize(
    ("change", "readers"),
    [
        ({}, {"backend"}),
        ({"readers": ["frontend"]}, {"backend", "frontend"}),
        ({"readers": "any", "sensitivity": "medium"}, {"backend", "frontend", "fifth"}),
        ({"readers": "any", "perConsumer": True}, {"backend", "frontend", "fifth"}),
    ],
)
def test_secret_is_for_owner_and_named_readers(change: dict[str, Any], readers: set[str]) -> None:
    """A secret is for its owner and the readers it names."""
    entry = read(CatalogueEntry, {**ROW, **change})
    assert {app for app in ("backend", "frontend", "fifth") if entry.may_be_read_by(app)} == readers


def test_no_right_to_read_is_kept_in_reserve() -> None:
    """Who is named as a reader reads it in some stack: a right that nobody uses is one too many."""
    used = {
        (name, app)
        for stack in STACKS
        for app, settings in read_stack_file(ROOT / f"Pulumi.{stack}.yaml").config["medspasync:apps"].items()
        for name in settings["secrets"]
    }
    named = {(name, app) for name, entry in catalogue().items() if entry.readers != "any" for app in entry.readers}
    assert named <= used


@pytest.mark.parametrize("name", ["jwt-secret", "JWT_SECRET", "-JWT", "JWT--SECRET", "J" * 128])
def test_name_key_vault_refuses_is_refused(name: str, tmp_path: Path) -> None:
    """A name that key vault would refuse is refused."""
    with use_catalogue(tmp_path, {name: ROW}), pytest.raises(DocumentError, match=r"secrets\.yaml:1"):
        catalogue()
