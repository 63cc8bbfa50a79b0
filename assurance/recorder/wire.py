"""Values as they travel between a program and the engine: secrets and unknowns carry marks."""

from collections.abc import Iterator
from typing import Any

from pulumi.runtime import rpc

from assurance.record import SECRET, UNKNOWN


def secret(value: Any) -> Any:
    """``value`` with the mark of a secret; one that has it stays as it is."""
    if isinstance(value, dict) and value.get(rpc._special_sig_key) == rpc._special_secret_sig:
        return value
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}


def unwrap(value: Any) -> tuple[Any, list[str]]:
    """(value with secrets and unknowns masked, paths of the secrets): what a record may hold of a wire value."""
    secrets: list[str] = []
    return _masked(value, "", secrets), secrets


def _masked(item: Any, path: str, secrets: list[str]) -> Any:
    if isinstance(item, dict):
        if item.get(rpc._special_sig_key) == rpc._special_secret_sig:
            secrets.append(path)
            return SECRET
        if rpc._special_sig_key in item:
            return item.get("urn") or item.get("id") or UNKNOWN
        return {key: _masked(entry, f"{path}.{key}" if path else key, secrets) for key, entry in sorted(item.items())}
    if isinstance(item, list):
        return [_masked(entry, f"{path}[{index}]", secrets) for index, entry in enumerate(item)]
    if item == rpc.UNKNOWN:
        return UNKNOWN
    return int(item) if isinstance(item, float) and item.is_integer() else item


def exposed(value: Any) -> Any:
    """A wire value with the secret marks taken off: only to derive ids from."""
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return exposed(value.get("value"))
        return {key: exposed(item) for key, item in value.items()}
    return [exposed(item) for item in value] if isinstance(value, list) else value


def secret_texts(value: Any) -> set[str]:
    """Every secret text in a wire value, long enough to be told from ordinary words."""
    return set(_secret_texts(value, False))


def _secret_texts(item: Any, secret: bool) -> Iterator[str]:
    if isinstance(item, dict):
        inside = secret or item.get(rpc._special_sig_key) == rpc._special_secret_sig
        for key, entry in item.items():
            if key != rpc._special_sig_key:
                yield from _secret_texts(entry, inside)
    elif isinstance(item, list):
        for entry in item:
            yield from _secret_texts(entry, secret)
    elif secret and isinstance(item, str) and len(item) >= 12 and item != rpc.UNKNOWN:
        yield item
