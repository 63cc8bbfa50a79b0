"""Types that nobody decided, and what opens those that somebody did."""

from __future__ import annotations

from typing import Any

import pytest

from facts.types import COLUMNS, Door, ResourceType, resource_types
from policies.resource import Resource
from policies.rules import types
from policies.view import Stack


def made(type_: str, custom: bool = True, **inputs: Any) -> Resource:
    return Resource(type=type_, name="one", urn="urn:pulumi:prod::medspasync::x::one", inputs=inputs, custom=custom)


def messages(resource: Resource, ours: bool = True) -> tuple[str, ...]:
    verdict = types.decided.judge(resource, Stack([resource], ours=ours))
    return verdict.violations or (verdict.unknown,) if verdict else ()


def test_component_needs_no_row() -> None:
    assert messages(made("medspasync:components:KeyVault", custom=False)) == ()


def test_type_of_another_project_is_unchecked() -> None:
    verdict = types.decided.judge(bot := made("azure-native:botservice:Bot"), Stack([bot], ours=False))
    assert verdict is not None
    assert not verdict.violations
    assert "azure-native:botservice:Bot has no row" in verdict.unknown


@pytest.mark.parametrize("column", COLUMNS)
def test_column_without_a_decision_fails(monkeypatch: pytest.MonkeyPatch, column: str) -> None:
    rows = {key: row.model_dump(by_alias=True) for key, row in resource_types().items() if key.endswith(":Vault")}
    del rows["azure-native:keyvault:Vault"][column]
    altered = {key: ResourceType.model_validate(row) for key, row in rows.items()}
    monkeypatch.setattr(types, "type_row", altered.get)
    assert messages(made("azure-native:keyvault:Vault")) == (
        f"the row of azure-native:keyvault:Vault in facts/types.yaml leaves undecided: {column}",
    )


@pytest.mark.parametrize(
    ("type_", "inputs", "message"),
    [
        ("containerinstance:ContainerGroup", {"ipAddress": {"type": "Public"}}, "ipAddress.type is Public"),
        ("containerinstance:ContainerGroup", {"ipAddress": {"type": "Private"}}, None),
        ("containerinstance:ContainerGroup", {}, None),
        ("cognitiveservices:Account", {}, "not set, which Azure takes as Enabled"),
        ("cognitiveservices:Account", {"properties": {"publicNetworkAccess": "Disabled"}}, None),
        ("search:Service", {"publicNetworkAccess": "disabled"}, None),
        ("storage:BlobContainer", {}, None),
        ("storage:BlobContainer", {"publicAccess": "Blob"}, "publicAccess is Blob"),
    ],
)
def test_input_that_opens_a_type_fails(type_: str, inputs: dict[str, Any], message: str | None) -> None:
    verdict = types.closed.judge(one := made(f"azure-native:{type_}", **inputs), Stack([one]))
    assert verdict is not None
    assert bool(verdict.violations) == (message is not None)
    assert message is None or message in verdict.violations[0]


@pytest.mark.parametrize(
    ("profiles", "opened"),
    [
        ([{"visibility": "Private"}], False),
        ([{"visibility": "Private"}, {"visibility": "Public"}], True),
        ([{"visibility": "Private"}, {"name": "silent"}], True),
        ([], True),
    ],
    ids=["closed", "one of two open", "one of two silent", "none"],
)
@pytest.mark.parametrize("path", ["profiles[].visibility", "profiles.*.visibility"])
def test_each_member_must_be_closed(
    monkeypatch: pytest.MonkeyPatch, path: str, profiles: list[dict[str, str]], opened: bool
) -> None:
    """One that leaves the input out has what Azure takes, whatever the others have."""
    monkeypatch.setitem(types.PUBLIC, "azure-native:x:Y", [Door(path=path, closed=["Private"], default="Public")])
    given = profiles if "[]" in path else {str(index): profile for index, profile in enumerate(profiles)}
    verdict = types.closed.judge(one := made("azure-native:x:Y", profiles=given), Stack([one]))
    assert verdict is not None
    assert bool(verdict.violations) == opened
