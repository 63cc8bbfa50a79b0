"""Ends that the project's own data sets: keys, secrets, exemptions, budgets, and entries of the registers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from assurance.basis import REGISTERS, register_entries
from assurance.lifecycle.endings import Ending
from assurance.record import Record, Resource
from documents.lines import file_lines
from policies.resource import lookup

LAST_DAYS = ("expires", "until")
"""How registers call the last day on which an entry holds."""
FIRST_DAYS = ("accepted", "since", "attested")
"""How they call the first one."""
KINDS = {"exceptions": "exception", "trusted": "trusted", "acceptedChanges": "accepted change"}


def own_endings(record: Record, root: Path) -> Iterator[Ending]:
    """Ends of the record's resources, and of the entries that are about its stack. root: where the registers are."""
    yield from (ending for resource in record if (ending := _ending(resource)) is not None)
    if record.own:
        for name, file in REGISTERS.items():
            yield from _register(KINDS.get(name, "attestation"), root / "policies" / file, record.stack)


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """How a type of resource ends.

    named: the input that holds its name in Azure; day: the input that holds the end. title: its kind in words.
    which: what sets it apart from others. goes_on: whether the end needs nobody.
    """

    name: str
    named: str
    day: str
    then: str
    action: str
    title: str = ""
    which: str = ""
    goes_on: Callable[[Resource], bool] = lambda _: False


def _rotates(key: Resource) -> bool:
    """Azure makes a key's next version before the end of this one."""
    policy = lookup(key.inputs, "properties.rotationPolicy")
    actions = policy.get("lifetimeActions") if isinstance(policy, Mapping) else None
    return "rotate" in [str(lookup(each, "action.type")).lower() for each in actions or ()]


_KINDS: Mapping[str, _Kind] = {
    "azure-native:keyvault:Key": _Kind(
        name="key",
        named="",
        day="properties.attributes.expires",
        then="what is encrypted under this version can no longer be opened",
        action="Add the next generation: docs/runbooks/cache-key.md",
        which=", which does not rotate itself",
        goes_on=_rotates,
    ),
    "azure-native:keyvault:Secret": _Kind(
        name="secret",
        named="secretName",
        day="properties.attributes.expires",
        then="the vault still hands it out, and it is older than anybody agreed to",
        action="Rotate it: docs/secrets.md",
        goes_on=lambda secret: lookup(secret.inputs, "properties.attributes.enabled") is False,
    ),
    "azure-native:authorization:PolicyExemption": _Kind(
        name="exemption",
        title="policy exemption",
        named="policyExemptionName",
        day="expiresOn",
        then="Azure counts its policies as not met",
        action="Review its reason and renew it: stacks/catalogues/policy_exemptions.yaml",
    ),
    "azure-native:consumption:Budget": _Kind(
        name="budget",
        named="budgetName",
        day="timePeriod.endDate",
        then="nobody hears of costs any more",
        action="Let it begin anew: monitoring.budget.startDate",
    ),
}


def _ending(resource: Resource) -> Ending | None:
    kind = _KINDS.get(resource.type)
    day = _day(lookup(resource.inputs, kind.day)) if kind is not None else None
    if kind is None or day is None or kind.goes_on(resource):
        return None
    name = resource.inputs.get(kind.named, resource.name)
    begun = _day(lookup(resource.inputs, "tags.rotated-on"))
    return Ending(
        id=f"{kind.name} {name}",
        kind=kind.name,
        subject=f"the {kind.title or kind.name} {name}{kind.which}",
        day=day,
        life=None if begun is None else (day - begun).days,
        then=kind.then,
        action=kind.action,
        name=resource.name,
        resource=resource,
    )


def _register(kind: str, file: Path, stack: str) -> Iterator[Ending]:
    """Entries with a last day, whatever else they hold; their own readers judge the rest."""
    lines = file_lines(file)
    for name, entry in register_entries(file.read_text(encoding="utf-8") if file.is_file() else None).items():
        stacks = entry.get("stacks")
        last = next((day for each in LAST_DAYS if (day := _day(entry.get(each)))), None)
        if last is None or (isinstance(stacks, list) and stack not in stacks):
            continue
        begun = next((day for each in FIRST_DAYS if (day := _day(entry.get(each)))), None)
        yield Ending(
            id=f"{kind} {name}",
            kind=kind,
            subject=f"the {kind} {name}, which holds until {last}",
            day=last + timedelta(days=1),
            life=None if begun is None else (last - begun).days + 1,
            then="nobody says so any more" if kind == "attestation" else "it covers nothing any more",
            action=f"{_ACTIONS.get(kind, _RENEW)}: policies/{file.name}",
            name=name,
            place={"file": f"policies/{file.name}", "line": lines.get(name), "key": name},
        )


_RENEW = "Mend what it is about, or renew it with a reason that holds"
_ACTIONS = {"attestation": "Have it signed by its owner, and enter the day and the new end"}


def _day(value: Any) -> date | None:
    """A day, from a text that begins with one, or the seconds that vaults count."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC).date()
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None
