"""Who may do what to what, newly or no longer; and who may sign in as an identity."""

from collections import defaultdict
from collections.abc import Iterator

from assurance.access.grants import Grant
from assurance.access.matrix import Matrix, matrix
from assurance.compare.pairing import without_stack
from assurance.compare.posture.item import Posture, Sides, item, one_sided
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
            yield item("access", True, what, values, grant.by, f"{who} on {target}")
        if gone and not _all_new([before[right] for right in gone], sides.removed):
            what = f"{who} has the right to {', '.join(gone)} on {target} no longer"
            yield item("access", False, what, values, before[gone[0]].by, f"{who} on {target}")
    yield from _secrets(before_, after_)
    yield from _credentials(sides)


def _secrets(base: Matrix, head: Matrix) -> Iterator[Posture]:
    """A secret that was there before, and that one who was there before reads newly, whatever vault it is put into."""
    before, after = _readers(base), _readers(head)
    for old, new, weaker in ((before, after, True), (after, before, False)):
        people = {who for readers in old.values() for who in readers}
        for name in sorted(old.keys() & new.keys()):
            for who in sorted((new[name].keys() - old[name].keys()) & people):
                values = (None, name) if weaker else (name, None)
                what = f"{who} {'newly' if weaker else 'no longer'} reads the secret {name}, which others have too"
                yield item("access", weaker, what, values, new[name][who], f"{who} reads {name}")


def _readers(side: Matrix) -> dict[str, dict[str, Resource]]:
    """By the secret's name: who reads it, and the resource that holds it for them."""
    found: dict[str, dict[str, Resource]] = defaultdict(dict)
    for each in side.secrets:
        for reader in each.readers:
            found[each.name].setdefault(without_stack(reader.name, side.report.stack), each.secret)
    return dict(found)


def _rights(side: Matrix) -> dict[Key, dict[str, Grant]]:
    """By identity and target: each right and one grant that gives it; a role nobody knows counts as a right."""
    found: dict[Key, dict[str, Grant]] = defaultdict(dict)
    for grant in side.grants:
        key = (without_stack(_name(grant), side.report.stack), without_stack(grant.target.name, side.report.stack))
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
    for (issuer, subject, *_), credential, gone in one_sided(_signs_in(sides.base), _signs_in(sides.head)):
        words = ("no longer", "") if gone else ("newly", ", without a secret of ours")
        what = f"{subject} of {issuer} may {words[0]} sign in as an identity{words[1]}"
        values = (subject, None) if gone else (None, subject)
        yield item("access", not gone, what, values, credential, "subject", "subject")


def _signs_in(record: Record) -> dict[tuple[str, ...], Resource]:
    inputs = ("issuer", "subject", "audiences", "resourceName")
    return {tuple(str(get(each, name)) for name in inputs): each for each in record.of_type(CREDENTIAL)}
