"""The table of resource types: complete in itself."""

from __future__ import annotations

from facts.defaults import defaults
from facts.types import alert_kinds, counted_type, metric_namespaces, private_link_zone, resource_types, types_with


def test_no_column_of_any_row_is_undecided() -> None:
    assert {key: row.undecided() for key, row in resource_types().items() if row.undecided()} == {}


def test_default_of_an_input_has_one_owner() -> None:
    """Column public owns those of the inputs that open a type, facts/defaults.yaml every other."""
    doors = {(key, door.path) for key, doors in types_with("public", list).items() for door in doors}
    assert doors
    assert not doors & {(key, path) for key, row in defaults().items() for path in row.defaults}


def test_type_lives_in_a_type_that_is_there() -> None:
    homes = {row.lives_in for row in resource_types().values() if isinstance(row.lives_in, str)}
    assert homes <= resource_types().keys()


def test_generic_resource_gets_row_of_its_arm_type() -> None:
    inputs = {"resourceProviderNamespace": "microsoft.keyvault", "resourceType": "vaults"}
    assert counted_type("azure-native:resources:Resource", inputs) == "azure-native:keyvault:Vault"
    assert counted_type("azure-native:keyvault/v20230701:Vault", {}) == "azure-native:keyvault:Vault"


def test_kinds_and_zones_come_from_the_rows() -> None:
    assert alert_kinds()["groups"] == "azure-native:resources:ResourceGroup"
    assert metric_namespaces()["site"] == "Microsoft.Web/sites"
    assert "jobs" not in metric_namespaces()
    assert private_link_zone("azure-native:web:WebApp") == "privatelink.azurewebsites.net"
