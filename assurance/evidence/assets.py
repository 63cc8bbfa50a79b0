"""The assets of a record: what answers somewhere, has logs or keeps something, each with how it is kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from assurance.check.log_feeds import SETTING, settings_of
from assurance.evidence.encryption import at_rest, in_transit
from assurance.record import UNKNOWN, Record, Resource, get, short_type
from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section
from facts.decisions import No
from facts.types import Logs, resource_types

Data = Literal["patients", "keys", "secrets", "logs", "none"]
UNTAGGED = "phi"
"""The class of what bears no tag, as the floor counts it."""


class Zones(Section):
    """What spreads a type over zones or instances."""

    input: str
    values: list[str | bool] = []
    many: bool = False
    says: str

    def problems(self) -> Iterator[Problem]:
        """It says which values spread it."""
        if self.many == bool(self.values):
            yield Problem("", self.input, "values or many, one of them")

    def spread(self, resource: Resource) -> bool:
        """Whether the loss of one zone or instance leaves it working."""
        value = get(resource, self.input)
        return len(value) > 1 if self.many and isinstance(value, list) else value in self.values


class AssetKind(Section):
    """One row of assets.yaml; the file's head says what each field means."""

    kind: str
    data: Data
    rest: Literal["platform", "vault", "none"]
    transit: str | None = None
    backup: list[str]
    zones: Zones | None = None


asset_kinds = data_reader(__file__, "assets.yaml", dict[str, AssetKind])
"""The rows by type, without the provider."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """One asset. data: what it keeps or moves; classification: as its tags say; the rest in words, empty for none."""

    resource: Resource
    kind: str
    data: str
    classification: str
    owner: str
    location: str
    at_rest: str
    in_transit: str
    backup: str
    logs: str

    @property
    def name(self) -> str:
        """Its logical name."""
        return self.resource.name


def is_asset(resource: Resource) -> bool:
    """Whether it is one, by its type; a type that nobody knows is."""
    if not resource.custom or resource.options.get("existing"):
        return False
    if short_type(resource) in asset_kinds():
        return True
    if not resource.type.startswith("azure-native:"):
        return False
    row = resource_types().get(resource.type)
    return row is None or any(not isinstance(each, No) for each in (row.logs, row.public, row.stateful))


def assets(record: Record) -> list[Asset]:
    """Every asset, by kind and name."""
    found = [_asset(record, resource) for resource in record if is_asset(resource)]
    return sorted(found, key=lambda each: (each.kind, each.name, each.resource.urn))


def _asset(record: Record, resource: Resource) -> Asset:
    row = asset_kinds().get(short_type(resource))
    tags = _tags(record, resource)
    transit = row.transit if row else None
    return Asset(
        resource=resource,
        kind=row.kind if row else "not decided",
        data=row.data if row else "not decided",
        classification=str(tags.get("data-classification", UNTAGGED)),
        owner=str(tags.get("owner", "nobody is named")),
        location=_location(record, resource),
        at_rest=at_rest(record, resource, _around(record, resource), row.rest if row else "none"),
        in_transit=in_transit(record, resource, transit) if transit else "",
        backup=_backup(record, resource, row.backup if row else []),
        logs=_logs(record, resource),
    )


def _tags(record: Record, resource: Resource) -> dict[str, Any]:
    """Its own tags over those of what it lies in."""
    around = _around(record, resource)
    own = get(resource, "tags") or {}
    return {**(_tags(record, around) if around else {}), **(own if isinstance(own, dict) else {})}


def _around(record: Record, resource: Resource) -> Resource | None:
    """What it lies in: the resource of the type that its own lives in, by name, else its resource group."""
    row = resource_types().get(resource.type)
    outer = row.lives_in if row else None
    names = resource_types()[outer].names if isinstance(outer, str) and outer in resource_types() else []
    for name in names[-1:]:
        if name in resource.inputs:
            return next(iter(record.targets(resource, name, str(outer), by=name)), None)
    return None


def _location(record: Record, resource: Resource) -> str:
    value = get(resource, "location")
    if value:
        return str(value).lower()
    around = _around(record, resource)
    return _location(record, around) if around else ""


def _backup(record: Record, resource: Resource, paths: list[str]) -> str:
    ways = [f"{path.rsplit('.', 1)[-1]} {_short(get(resource, path))}" for path in paths if get(resource, path)]
    own = resource.id if resource.id not in ("", UNKNOWN) else None
    for instance in record.of_type("dataprotection:BackupInstance"):
        if own and str(get(instance, "properties.dataSourceInfo.resourceID")).lower() == own.lower():
            ways.append(f"backup vault, as {instance.name}")
    return "; ".join(ways)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_short(each) for each in value)
    if isinstance(value, dict):
        return " ".join(str(each) for each in value.values() if not isinstance(each, dict | list))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _logs(record: Record, resource: Resource) -> str:
    row = resource_types().get(resource.type)
    if row is None or not isinstance(row.logs, Logs):
        return ""
    if row.logs.emits == "telemetry":
        return "telemetry"
    settings = settings_of(record, resource, row.logs)
    names = sorted(
        {
            str(log.get("category") or log.get("categoryGroup"))
            for setting in settings
            for log in setting.inputs.get("logs") or ()
            if log.get("enabled")
        }
    )
    if names:
        return ", ".join(names)
    return "metrics" if settings else f"none ({SETTING.rsplit(':', 1)[-1]} missing)"
