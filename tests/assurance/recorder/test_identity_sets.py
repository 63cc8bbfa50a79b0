"""Identities go into a resource as a list of ids and come back as a mapping, as the SDK's outputs declare it."""

from __future__ import annotations

import pytest
from pulumi_azure_native import web

from assurance.record import Mode
from components.identity import Identity, IdentityArgs
from tests.harness import MODES, only, record


def build() -> None:
    identity = Identity("id", IdentityArgs(resource_group_name="rg", location="eastus2", identity_name="id-app"))
    web.WebApp(
        "site",
        resource_group_name="rg",
        name="app",
        identity=web.ManagedServiceIdentityArgs(
            type=web.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[identity.outputs.id]
        ),
    )


@pytest.mark.parametrize("mode", MODES)
def test_list_of_identities_is_answered_as_mapping(mode: Mode) -> None:
    site = only(record(build, mode), "web:WebApp")
    assert isinstance(site.inputs["identity"]["userAssignedIdentities"], list)
    answered = site.outputs["identity"]["userAssignedIdentities"]
    if mode == "deployed":
        assert answered == {site.inputs["identity"]["userAssignedIdentities"][0]: {}}
    else:
        assert answered == "[unknown]"
