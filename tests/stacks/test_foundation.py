"""The foundation: groups by purpose, an identity for each app and duty, and protection of what data hangs on."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from assurance.record import Mode, Record
from tests.harness import MODES, entry_of
from tests.projects import Config
from tests.stacks.whole_stack import as_is, two_apps, whole_stack


def no_geo(config: Config) -> None:
    config["medspasync:database"]["geoRedundantBackup"] = False


def flow_logs(config: Config) -> None:
    config["medspasync:network"]["flowLogs"] = {"retentionDays": 90, "analyticsMinutes": 10}


def unprotected(config: Config) -> None:
    config["medspasync:protection"] = {"protect": False, "lock": False}


CHANGES: dict[str, Any] = {
    "least": as_is,
    "two apps": two_apps,
    "no geo": no_geo,
    "flow logs": flow_logs,
    "unprotected": unprotected,
}


@cache
def built(kind: str = "least", mode: Mode = "deployed") -> Record:
    return whole_stack(CHANGES[kind], mode)


def identities(record: Record) -> dict[str, bool]:
    """Whether each identity is protected."""
    found = record.of_type("managedidentity:UserAssignedIdentity")
    return {r.inputs["resourceName"].removeprefix("id-mss-min-"): r.options["protect"] for r in found}


@pytest.mark.parametrize("mode", MODES)
def test_groups_by_purpose_in_their_regions(mode: Mode) -> None:
    groups = {
        r.inputs["resourceGroupName"]: r.inputs["location"] for r in built(mode=mode).of_type("resources:ResourceGroup")
    }
    assert groups == {
        "rg-mss-min-platform": "centralus",
        "rg-mss-min-data": "centralus",
        "rg-mss-min-monitoring": "centralus",
        "rg-mss-min-paired": "eastus2",
    }


def test_without_geo_redundancy_nothing_is_in_paired_region() -> None:
    record = built("no geo")
    assert len(record.of_type("resources:ResourceGroup")) == 3
    assert not [r.name for r in record if r.inputs.get("location") == "eastus2"]
    assert "geo-encryption" not in identities(record)


@pytest.mark.parametrize("mode", MODES)
def test_an_identity_for_each_app_and_each_duty(mode: Mode) -> None:
    duties = {"encryption", "geo-encryption", "database-bootstrap", "database-migration"}
    assert identities(built(mode=mode)).keys() == {"backend", *duties}
    assert identities(built("two apps", mode)).keys() == {"backend", "frontend", *duties}
    assert identities(built("flow logs", mode)).keys() == {"backend", "flow-logs", *duties}


def test_identities_that_unwrap_keys_are_protected_like_data() -> None:
    assert {name for name, protected in identities(built()).items() if protected} == {"encryption", "geo-encryption"}
    assert not any(identities(built("unprotected")).values())


def test_app_is_named_by_its_stack_file_entry() -> None:
    record = built("two apps")
    for identity in record.of_type("managedidentity:UserAssignedIdentity"):
        app = identity.inputs["resourceName"].removeprefix("id-mss-min-")
        if app in ("backend", "frontend"):
            assert entry_of(identity) == ("Pulumi.test.yaml", f"medspasync:apps.{app}")


@pytest.mark.parametrize("mode", MODES)
def test_everything_uses_one_workspace_and_the_stacks_tags(mode: Mode) -> None:
    record = built("two apps", mode)
    workspaces = {str(r.inputs["workspaceId"]) for r in record.of_type("monitor:DiagnosticSetting")}
    assert len(workspaces) == 1
    tagged = record.of_type("resources:ResourceGroup", "managedidentity:UserAssignedIdentity", "eventgrid:SystemTopic")
    for resource in tagged:
        assert resource.inputs["tags"]["environment"] == "min"
        assert resource.inputs["tags"]["data-classification"] == "test-data"


def test_suffix_of_destroyable_stack_is_not_protected() -> None:
    for kind, asked in (("least", True), ("unprotected", False)):
        (suffix,) = built(kind).of_type("random:index/randomString:RandomString")
        assert suffix.options["protect"] is asked
