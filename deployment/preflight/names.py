"""Names that must be free in all of Azure: taken by somebody, or kept by something deleted."""

from collections.abc import Iterator

from deployment.preflight.subscription import Subscription
from deployment.record import Declared
from deployment.step import Result
from facts.name_checks import Ask, Deleted, name_checks


def check_names(subscription: Subscription) -> Iterator[Result]:
    """Each global name of the record is free, or is ours already."""
    free, deleted = 0, {}
    for one in subscription.record.resources:
        row = name_checks().get(one.type)
        if row is None:
            continue
        if one.generated:
            yield Result(one.name, "skipped", "its name is generated at the first `up`")
        elif subscription.is_made(one):
            free += 1
        else:
            message = None
            if row.deleted:
                if row.deleted.path not in deleted:
                    deleted[row.deleted.path] = _deleted(subscription, row.deleted)
                message = _kept(one, row.deleted, deleted[row.deleted.path])
            if message is None and row.ask:
                message = _taken(subscription, one, row.ask)
            if message:
                yield Result(one.last_name, "missing", message)
            else:
                free += 1
    yield Result("names", "holds", f"{free} are free, or ours")


def _deleted(subscription: Subscription, row: Deleted) -> set[str]:
    shown = subscription.arm.list(f"{subscription.id}/providers/{row.path}", row.version)
    return {str(one["name"]).lower() for one in shown}


def _kept(one: Declared, row: Deleted, names: set[str]) -> str | None:
    if one.last_name.lower() not in names:
        return None
    return f"a deleted {one.arm} keeps the name: {row.remedy.format(name=one.last_name, location=one.location)}"


def _taken(subscription: Subscription, one: Declared, row: Ask) -> str | None:
    body = {"name": one.last_name, **({"type": row.type} if row.type else {})}
    answer = subscription.arm.post(f"{subscription.id}/providers/{row.path}", row.version, body)
    if answer.get("nameAvailable") is not False:
        return None
    return f"the name is not free ({answer.get('reason')}: {answer.get('message')}); choose another platform.suffix"
