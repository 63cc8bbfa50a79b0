"""Ends that the project's own data sets: keys, secrets, exemptions, budgets, and entries of the registers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from assurance.basis import REGISTERS
from assurance.lifecycle.endings import Ending
from assurance.record import Record, Resource
from documents.lines import file_lines, line_of
from documents.yaml_text import load_yaml

LAST_DAYS = ("expires", "until", "validUntil")
"""How registers call the last day on which an entry holds."""
FIRST_DAYS = ("accepted", "since", "attested")
"""How they call the first one."""
KINDS = {"exceptions": "exception", "trusted": "trusted", "acceptedChanges": "accepted change"}


def own_endings(record: Record, root: Path) -> Iterator[Ending]:
    """Ends of the record's resources, and of the entries that are about its stack. root: where the registers are."""
    for resource in record:
        read = _READERS.get(resource.type)
        ending = read(resource) if read is not None else None
        if ending is not None:
            yield ending
    if record.own:
        for name, file in REGISTERS.items():
            yield from _register(KINDS.get(name, "attestation"), root / "policies" / file, record.stack)


def _key(key: Resource) -> Ending | None:
    """A key that rotates itself has no end that anybody must meet: Azure makes the next version before it."""
    properties = key.inputs.get("properties")
    policy = (properties.get("rotationPolicy") if isinstance(properties, Mapping) else None) or {}
    actions = [str(_at(each, "action.type")).lower() for each in policy.get("lifetimeActions") or ()]
    day = _day(_at(key.inputs, "properties.attributes.expires"))
    if day is None or "rotate" in actions:
        return None
    return Ending(
        id=f"key {key.name}",
        kind="key",
        subject=f"the key {key.name}, which does not rotate itself",
        day=day,
        then="what is encrypted under this version can no longer be opened",
        action="Add the next generation: docs/runbooks/cache-key.md",
        name=key.name,
        resource=key,
    )


def _secret(secret: Resource) -> Ending | None:
    day = _day(_at(secret.inputs, "properties.attributes.expires"))
    if day is None or _at(secret.inputs, "properties.attributes.enabled") is False:
        return None
    begun = _day(_at(secret.inputs, "tags.rotated-on"))
    return Ending(
        id=f"secret {secret.inputs.get('secretName', secret.name)}",
        kind="secret",
        subject=f"the secret {secret.inputs.get('secretName', secret.name)}",
        day=day,
        life=None if begun is None else (day - begun).days,
        then="the vault still hands it out, and it is older than anybody agreed to",
        action="Rotate it: docs/secrets.md",
        name=secret.name,
        resource=secret,
    )


def _exemption(exemption: Resource) -> Ending | None:
    day = _day(exemption.inputs.get("expiresOn"))
    if day is None:
        return None
    return Ending(
        id=f"exemption {exemption.inputs.get('policyExemptionName', exemption.name)}",
        kind="exemption",
        subject=f"the policy exemption {exemption.inputs.get('policyExemptionName', exemption.name)}",
        day=day,
        then="Azure counts its policies as not met",
        action="Review its reason and renew it: stacks/catalogues/policy_exemptions.yaml",
        name=exemption.name,
        resource=exemption,
    )


def _budget(budget: Resource) -> Ending | None:
    day = _day(_at(budget.inputs, "timePeriod.endDate"))
    if day is None:
        return None
    return Ending(
        id=f"budget {budget.inputs.get('budgetName', budget.name)}",
        kind="budget",
        subject=f"the budget {budget.inputs.get('budgetName', budget.name)}",
        day=day,
        then="nobody hears of costs any more",
        action="Let it begin anew: monitoring.budget.startDate",
        name=budget.name,
        resource=budget,
    )


_READERS: Mapping[str, Callable[[Resource], Ending | None]] = {
    "azure-native:keyvault:Key": _key,
    "azure-native:keyvault:Secret": _secret,
    "azure-native:authorization:PolicyExemption": _exemption,
    "azure-native:consumption:Budget": _budget,
}


def _register(kind: str, file: Path, stack: str) -> Iterator[Ending]:
    """Entries with a last day, whatever else they hold; their own readers judge the rest."""
    try:
        content = load_yaml(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return
    lines = file_lines(file)
    for key, entry in _entries(content, ""):
        stacks = entry.get("stacks")
        last = next((day for each in LAST_DAYS if (day := _day(entry.get(each)))), None)
        if last is None or (isinstance(stacks, list) and stack not in stacks):
            continue
        begun = next((day for each in FIRST_DAYS if (day := _day(entry.get(each)))), None)
        name = str(entry.get("id") or key)
        yield Ending(
            id=f"{kind} {name}",
            kind=kind,
            subject=f"the {kind} {name}, which holds until {last}",
            day=last + timedelta(days=1),
            life=None if begun is None else (last - begun).days + 1,
            then="it covers nothing any more",
            action=f"Mend what it is about, or renew it with a reason that holds: policies/{file.name}",
            name=name,
            place={"file": f"policies/{file.name}", "line": line_of(lines, key), "key": key},
        )


def _entries(content: Any, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(content, Mapping):
        if any(each in content for each in LAST_DAYS):
            yield key, content
            return
        for name, item in content.items():
            yield from _entries(item, f"{key}.{name}" if key else str(name))
    elif isinstance(content, list):
        for index, item in enumerate(content):
            yield from _entries(item, f"{key}[{index}]")


def _day(value: Any) -> date | None:
    """A day, from a date, a text that begins with one, or the seconds that vaults count."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC).date()
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
