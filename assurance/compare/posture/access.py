"""Who may do what to what, newly or no longer; and who may sign in as an identity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from assurance.access.grants import Grant
from assurance.access.matrix import matrix
from assurance.compare.pairing import without_stack
from assurance.compare.posture.item import Posture, Sides, item
from assurance.record import Record, Resource
from assurance.references import get

CREDENTIAL = "managedidentity:FederatedIdentityCredential"
ROLE = "authorization:RoleAssignment"
Key = tuple[str, str]


def access_items(sides: Sides) -> Iterator[Posture]:
    """Rights that are new or gone, by identity and resource, but for those of a new identity on a new resource."""
    base, head = _rights(sides.base), _rights(sides.head)
    for key in sorted({*base, *head}):
        before, after = base.get(key, {}), head.get(key, {})
        new, gone = [each for each in after if each not in before], [each for each in before if each not in after]
        values = (sorted(before) or None, sorted(after) or None)
        who, target = key
        if new and not _all_new([after[right] for right in new], sides.added):
            grant = after[new[0]]
            what = f"{who} has the right to {', '.join(new)} on {target}, newly ({grant.via})"
            yield item("access", "weaker", what, values, grant.by, f"{who} on {target}")
        if gone and not _all_new([before[right] for right in gone], sides.removed):
            grant = before[gone[0]]
            what = f"{who} has the right to {', '.join(gone)} on {target} no longer"
            yield item("access", "stronger", what, values, grant.by, f"{who} on {target}")
    yield from _credentials(sides)


def _rights(record: Record) -> dict[Key, dict[str, Grant]]:
    """By identity and target: each right and one grant that gives it; a role nobody knows counts as a right."""
    found: dict[Key, dict[str, Grant]] = defaultdict(dict)
    for grant in matrix(record).grants:
        key = (without_stack(grant.principal.name, record.stack), without_stack(grant.target.name, record.stack))
        for right in grant.rights or (f"use {grant.via}",):
            found[key].setdefault(right, grant)
    return dict(found)


def _all_new(grants: list[Grant], urns: set[str]) -> bool:
    return all(grant.principal.urn in urns and grant.target.urn in urns for grant in grants)


def _credentials(sides: Sides) -> Iterator[Posture]:
    base, head = _signs_in(sides.base), _signs_in(sides.head)
    for key in head.keys() - base.keys():
        what = f"{key[1]} of {key[0]} may newly sign in as an identity, without a secret of ours"
        yield item("access", "weaker", what, (None, key[1]), head[key], "subject", "subject")
    for key in base.keys() - head.keys():
        what = f"{key[1]} of {key[0]} may no longer sign in as an identity"
        yield item("access", "stronger", what, (key[1], None), base[key], "subject", "subject")


def _signs_in(record: Record) -> dict[tuple[str, str, str, str], Resource]:
    return {
        (
            str(get(each, "issuer")),
            str(get(each, "subject")),
            str(get(each, "audiences")),
            str(get(each, "resourceName")),
        ): each
        for each in record.of_type(CREDENTIAL)
    }
