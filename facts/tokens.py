"""Type keys free of versions: one name for a resource type, whatever version of it a program registers."""

import re
from collections.abc import Mapping
from typing import Any

GENERIC = "azure-native:resources:Resource"
"""The type that stands for any ARM type, which its inputs name."""

_PACKAGE = re.compile(r"^azure-native(?:_(?P<module>\w+?)_(?P<version>v\d{8}\w*))?$")
_MODULE = re.compile(r"^(?P<module>[^/]+)(?:/(?P<version>v\d{8}\w*))?$")
_VERSION = re.compile(r"^v(\d{4})(\d{2})(\d{2})(\w*)$")


def type_key(token: str) -> str:
    """The version-blind key of a type token.

    ``azure-native_keyvault_v20260201:keyvault:Vault`` and ``azure-native:keyvault/v20230701:Vault`` are
    ``azure-native:keyvault:Vault``; a token of another provider is its own key.
    """
    return _split(token)[0]


def token_version(token: str) -> str | None:
    """The API version that a token names, as Azure writes it (``2026-02-01``); None where it names none."""
    return _split(token)[1]


def azure_version(version: str) -> str:
    """An API version as Azure writes it: ``v20230801preview`` is ``2023-08-01-preview``. Raises ValueError."""
    match = _VERSION.match(version)
    if match is None:
        raise ValueError(f"{version}: a version like v20260201 or v20230801preview")
    year, month, day, stage = match.groups()
    return f"{year}-{month}-{day}" + (f"-{stage}" if stage else "")


def generic_arm_type(inputs: Mapping[str, Any]) -> str | None:
    """The ARM type that a generic resource stands for (``Microsoft.KeyVault/vaults``); None where its inputs miss it.

    A ``parentResourcePath`` (``servers/one``) and a ``resourceType`` may both have several segments.
    """
    namespace, type_ = inputs.get("resourceProviderNamespace"), inputs.get("resourceType")
    if not (isinstance(namespace, str) and isinstance(type_, str) and namespace and type_):
        return None
    parent = str(inputs.get("parentResourcePath") or "").strip("/").split("/")
    return "/".join([namespace, *(part for part in parent[::2] if part), type_.strip("/")])


def _split(token: str) -> tuple[str, str | None]:
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    in_package, in_module = _PACKAGE.match(package), _MODULE.match(module)
    if in_package is None or in_module is None:
        return token, None
    version = in_package["version"] or in_module["version"]
    return f"azure-native:{in_module['module']}:{name}", azure_version(version) if version else None
