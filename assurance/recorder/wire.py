"""Values as they travel between a program and the engine: secrets and unknowns carry marks."""

from __future__ import annotations

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

    def walk(item: Any, path: str) -> Any:
        if isinstance(item, dict):
            if item.get(rpc._special_sig_key) == rpc._special_secret_sig:
                secrets.append(path)
                return SECRET
            if rpc._special_sig_key in item:
                return item.get("urn") or item.get("id") or UNKNOWN
            return {key: walk(entry, f"{path}.{key}" if path else key) for key, entry in sorted(item.items())}
        if isinstance(item, list):
            return [walk(entry, f"{path}[{index}]") for index, entry in enumerate(item)]
        if item == rpc.UNKNOWN:
            return UNKNOWN
        return int(item) if isinstance(item, float) and item.is_integer() else item

    return walk(value, ""), secrets


def exposed(value: Any) -> Any:
    """A wire value with the secret marks taken off: only to derive ids from."""
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return exposed(value.get("value"))
        return {key: exposed(item) for key, item in value.items()}
    return [exposed(item) for item in value] if isinstance(value, list) else value


def secret_texts(value: Any) -> set[str]:
    """Every secret text in a wire value, long enough to be told from ordinary words."""
    texts: set[str] = set()

    def walk(item: Any, secret: bool) -> None:
        if isinstance(item, dict):
            inside = secret or item.get(rpc._special_sig_key) == rpc._special_secret_sig
            for key, entry in item.items():
                if key != rpc._special_sig_key:
                    walk(entry, inside)
        elif isinstance(item, list):
            for entry in item:
                walk(entry, secret)
        elif secret and isinstance(item, str) and len(item) >= 12 and item != rpc.UNKNOWN:
            texts.add(item)

    walk(value, False)
    return texts
