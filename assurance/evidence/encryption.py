"""How a resource's data is encrypted where it rests and on the way to it, as its declaration says."""

import re
from collections.abc import Iterator
from typing import Any

from assurance.record import UNKNOWN, Record, Resource, get

KEY, CONFIGURATION = "keyvault:Key", "dbforpostgresql:Configuration"
_KEY_URI = re.compile(r"^https://([^./]+)\.[^/]+/keys/([^/]+)", re.IGNORECASE)
AZURES = "Azure's own keys"
NOT_DECLARED = "not declared"


def keys_of(record: Record, resource: Resource) -> list[tuple[Resource, str]]:
    """The keys of the record that encrypt a resource, each with the input that names it."""
    by_name = {
        (str(get(key, "vaultName")).lower(), str(get(key, "keyName")).lower()): key for key in record.of_type(KEY)
    }
    found: dict[str, tuple[Resource, str]] = {}
    for path, vault, name in _named_keys(resource.inputs, ""):
        key = by_name.get((vault.lower(), name.lower()))
        if key is not None:
            found.setdefault(key.urn, (key, path))
    return list(found.values())


def _named_keys(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Input, vault and key, for every input that is a key's URI, or a vault's with a key's name beside it."""
    if isinstance(value, dict):
        vault = re.match(r"^https://([^./]+)\.", str(value.get("keyVaultUri") or ""), re.IGNORECASE)
        if vault and value.get("keyName"):
            yield f"{path}.keyName".lstrip("."), vault[1], str(value["keyName"])
        for name, inner in value.items():
            yield from _named_keys(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _named_keys(inner, path)
    elif isinstance(value, str) and (found := _KEY_URI.match(value)):
        yield path, found[1], found[2]


def at_rest(record: Record, resource: Resource, around: Resource | None, otherwise: str) -> str:
    """In words: our keys where it, or what it lies in, names them, else what assets.yaml says; empty where it keeps
    nothing."""
    if otherwise == "none":
        return ""
    if otherwise == "vault":
        kind = str(get(resource, "properties.kty") or "")
        if not kind:
            return f"the vault ({AZURES})"
        where = "in a hardware module of the vault" if kind.upper().endswith("HSM") else "in software of the vault"
        size = get(resource, "properties.keySize") or get(resource, "properties.curveName", "")
        return f"{where}, {kind} {size}".rstrip()
    keys = keys_of(record, resource) or (keys_of(record, around) if around else [])
    return ", ".join(f"our key {key.name} ({path})" for key, path in keys) or AZURES


def in_transit(record: Record, resource: Resource, how: str) -> str:
    """In words, how a connection to a resource is encrypted. how: `transit` of assets.yaml."""
    if how == "https":
        return "HTTPS, TLS 1.2 or newer (Azure takes nothing else)"
    if how == "site":
        floor = get(resource, "siteConfig.minTlsVersion", NOT_DECLARED)
        return f"HTTPS only, TLS {floor} or newer" if get(resource, "httpsOnly") is True else "HTTP is let in"
    if how == "storage":
        floor = str(get(resource, "minimumTlsVersion", NOT_DECLARED)).replace("TLS1_", "1.")
        return f"HTTPS only, TLS {floor} or newer" if get(resource, "enableHttpsTrafficOnly") else "HTTP is let in"
    if how == "database":
        return _database(record, resource)
    value = get(resource, how)
    if how == "clientProtocol":
        return {"Encrypted": "TLS only"}.get(str(value), f"clientProtocol {value or NOT_DECLARED}")
    text = str(value).upper().removeprefix("TLS").replace("12", "1.2").replace("13", "1.3").replace("_", ".")
    return f"TLS {text} or newer" if value and value != UNKNOWN else f"TLS floor {NOT_DECLARED}"


def _database(record: Record, server: Resource) -> str:
    """By the server's parameters; where the stack sets none, Azure's default requires TLS 1.2
    (learn.microsoft.com/azure/postgresql/security/security-tls; read 2026-11-29)."""
    values = {
        str(get(each, "configurationName")): str(get(each, "value"))
        for each in record.holders(server, "serverName", CONFIGURATION, by="serverName")
    }
    if values.get("require_secure_transport", "on").lower() not in ("on", "true"):
        return "connections without TLS are let in"
    floor = values.get("ssl_min_protocol_version", "TLSv1.2").removeprefix("TLSv")
    return f"TLS only, {floor} or newer"


def is_encrypted(words: str) -> bool:
    """Whether a hop's words say that it is encrypted."""
    return words.startswith(("HTTPS", "TLS")) and NOT_DECLARED not in words
