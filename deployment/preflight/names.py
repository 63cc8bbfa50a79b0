"""Names that must be free in all of Azure: taken by somebody, or kept by something deleted."""

from collections.abc import Iterator

from deployment.preflight.subscription import Subscription
from deployment.record import Declared
from deployment.step import Result
from facts.name_checks import Ask, Deleted, NameCheck, name_checks


def check_names(subscription: Subscription) -> Iterator[Result]:
    """Each global name of the record is free, or is ours already."""
    free = 0
    for one in subscription.record.resources:
        row = name_checks().get(one.type)
        if row is None:
            continue
        if one.generated:
            yield Result(one.name, "skipped", "its name is generated at the first `up`")
        elif not subscription.is_made(one) and (message := _not_free(subscription, one, row)):
            yield Result(one.last_name, "missing", message)
        else:
            free += 1
    yield Result("names", "holds", f"{free} are free, or ours")


def _not_free(subscription: Subscription, one: Declared, row: NameCheck) -> str | None:
    """Why Azure would not take the name; None where it would."""
    kept = row.deleted and _kept(subscription, one, row.deleted)
    return kept or (row.ask and _taken(subscription, one, row.ask)) or None


def _kept(subscription: Subscription, one: Declared, row: Deleted) -> str | None:
    names = {str(deleted["name"]).lower() for deleted in subscription.listed(row.path, row.version)}
    if one.last_name.lower() not in names:
        return None
    return f"a deleted {one.arm} keeps the name: {row.remedy.format(name=one.last_name, location=one.location)}"


def _taken(subscription: Subscription, one: Declared, row: Ask) -> str | None:
    body = {"name": one.last_name, **({"type": row.type} if row.type else {})}
    answer = subscription.arm.post(f"{subscription.id}/providers/{row.path}", row.version, body)
    if answer.get("nameAvailable") is not False:
        return None
    return f"the name is not free ({answer.get('reason')}: {answer.get('message')}); choose another platform.suffix"
