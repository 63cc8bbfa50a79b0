"""Version-blind type keys."""

from __future__ import annotations

import pytest

from facts.tokens import azure_version, generic_arm_type, token_version, type_key


@pytest.mark.parametrize(
    ("token", "key", "version"),
    [
        ("azure-native:keyvault:Vault", "azure-native:keyvault:Vault", None),
        ("azure-native_keyvault_v20260201:keyvault:Vault", "azure-native:keyvault:Vault", "2026-02-01"),
        ("azure-native:keyvault/v20230701:Vault", "azure-native:keyvault:Vault", "2023-07-01"),
        ("azure-native:app/v20240802preview:Job", "azure-native:app:Job", "2024-08-02-preview"),
        ("random:index/randomUuid:RandomUuid", "random:index/randomUuid:RandomUuid", None),
        ("medspasync:components:KeyVault", "medspasync:components:KeyVault", None),
        ("pulumi:pulumi:Stack", "pulumi:pulumi:Stack", None),
        ("pulumi:providers:azure-native", "pulumi:providers:azure-native", None),
    ],
)
def test_token_of_any_version_gives_one_key(token: str, key: str, version: str | None) -> None:
    assert (type_key(token), token_version(token)) == (key, version)


def test_version_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="v20260201"):
        azure_version("2026-02-01")


@pytest.mark.parametrize(
    ("inputs", "arm"),
    [
        ({"resourceProviderNamespace": "Microsoft.Search", "resourceType": "searchServices"}, "searchServices"),
        (
            {
                "resourceProviderNamespace": "Microsoft.Search",
                "parentResourcePath": "searchServices/one/",
                "resourceType": "sharedPrivateLinkResources",
            },
            "searchServices/sharedPrivateLinkResources",
        ),
        ({"resourceType": "searchServices"}, None),
    ],
)
def test_generic_resource_counts_as_its_arm_type(inputs: dict[str, str], arm: str | None) -> None:
    assert generic_arm_type(inputs) == (arm and f"Microsoft.Search/{arm}")
