"""Who may do what to what, newly or no longer; and who may sign in as an identity."""

from collections import defaultdict
from collections.abc import Iterator

from assurance.access.grants import Grant
from assurance.access.matrix import Matrix, matrix
from assurance.compare.pairing import without_stack
from assurance.compare.posture.item import Posture, Sides, item
from assurance.record import UNKNOWN, Record, Resource, get

CREDENTIAL = "managedidentity:FederatedIdentityCredential"
ROLE = "authorization:RoleAssignment"
Key = tuple[str, str]


def access_items(sides: Sides) -> Iterator[Posture]:
    """Rights that are new or gone, by identity and resource, but for those of a new identity on a new resource."""
    before_, after_ = matrix(sides.base), matrix(sides.head)
    base, head = _rights(before_), _rights(after_)
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
    yield from _secrets(before_, after_)
    yield from _credentials(sides)


def _secrets(base: Matrix, head: Matrix) -> Iterator[Posture]:
    """A secret that was there before, and that one who was there before reads newly, whatever vault it is put into."""
    before, after = _readers(base), _readers(head)
    for sides, direction, word in (
        ((before, after), "weaker", "newly reads"),
        ((after, before), "stronger", "no longer reads"),
    ):
        old, new = sides
        people = {who for readers in old.values() for who in readers}
        for name in sorted(old.keys() & new.keys()):
            for who in sorted((new[name].keys() - old[name].keys()) & people):
                values = (None, name) if direction == "weaker" else (name, None)
                what = f"{who} {word} the secret {name}, which others have too"
                yield item("access", direction, what, values, new[name][who], f"{who} reads {name}")  # type: ignore[arg-type]


def _readers(side: Matrix) -> dict[str, dict[str, Resource]]:
    """By the secret's name: who reads it, and the resource that holds it for them."""
    found: dict[str, dict[str, Resource]] = defaultdict(dict)
    for each in side.secrets:
        for reader in each.readers:
            found[each.name].setdefault(without_stack(reader.name, side.stack), each.secret)
    return dict(found)


def _rights(side: Matrix) -> dict[Key, dict[str, Grant]]:
    """By identity and target: each right and one grant that gives it; a role nobody knows counts as a right."""
    found: dict[Key, dict[str, Grant]] = defaultdict(dict)
    for grant in side.grants:
        key = (without_stack(_name(grant), side.stack), without_stack(grant.target.name, side.stack))
        for right in grant.rights or (f"use {grant.via}",):
            found[key].setdefault(right, grant)
    return dict(found)


def _name(grant: Grant) -> str:
    """Who: a stranger to the record by their object id too, which is what Azure knows them by."""
    name = grant.principal.name
    ids = [str(value) for key in ("objectId", "principalId", "sid") if (value := get(grant.by, key))]
    known_id = not grant.principal.urn and ids and UNKNOWN not in ids[0] and ids[0] not in name
    return f"{name} ({ids[0]})" if known_id else name


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
