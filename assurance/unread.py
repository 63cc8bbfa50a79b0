"""Entries of lists that nobody knows yet: what they could hide is unchecked, and the others are judged.

Who may do what and what is reached from where is worked out of whole lists of entries: access policies, security rules,
access restrictions. An entry that only a deployment can know is taken out before, and named.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from assurance.record import UNKNOWN, Record

LISTS = frozenset(
    {
        *("accessPolicies", "securityRules", "ipSecurityRestrictions", "scmIpSecurityRestrictions", "ipRules"),
        *("virtualNetworkRules", "associations", "routes", "privateLinkServiceConnections", "subnets"),
    }
)
"""Inputs that are lists of objects, in whatever type."""
DECISIVE = ("priority", "direction", "access", "action")
"""Members of an entry without which nobody can say what it does."""


def known_entries(record: Record) -> Record:
    """The record without the entries that nobody knows yet; the record itself where there are none."""
    changed = {each.urn: _known(each.inputs) for each in record if any(True for _ in _unknown(each.inputs, ""))}
    if not changed:
        return record
    resources = [replace(each, inputs=changed[each.urn]) if each.urn in changed else each for each in record]
    return replace(record, resources=resources)


def unread_paths(record: Record) -> dict[str, list[str]]:
    """The lists with entries that nobody knows yet, by the URN of their resource."""
    paths = {each.urn: list(dict.fromkeys(_unknown(each.inputs, ""))) for each in record}
    return {urn: found for urn, found in paths.items() if found}


def _unknown(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, member in value.items():
            below = f"{path}.{key}" if path else str(key)
            if key in LISTS and (member == UNKNOWN or (isinstance(member, list) and not all(map(_is_known, member)))):
                yield below
            yield from _unknown(member, below)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _unknown(entry, f"{path}[{index}]")


def _known(value: Any, key: str = "") -> Any:
    if key in LISTS and value == UNKNOWN:
        return []
    if isinstance(value, dict):
        return {name: _known(member, name) for name, member in value.items()}
    if isinstance(value, list):
        return [_known(entry) for entry in value if key not in LISTS or _is_known(entry)]
    return value


def _is_known(entry: Any) -> bool:
    """Whether it is known what an entry does."""
    return entry != UNKNOWN and not (
        isinstance(entry, dict) and any(entry.get(member) == UNKNOWN for member in DECISIVE)
    )
