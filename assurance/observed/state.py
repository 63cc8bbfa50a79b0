"""A stack export after a refresh (`pulumi stack export`) against what is declared, by URN."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assurance.check.findings import Finding
from assurance.errors import UsageError
from assurance.observed.rules import CHANGED, EXAMINED, MISSING, UNDECLARED
from assurance.observed.source import read_json
from assurance.observed.values import Comparer
from assurance.record import Record, Resource
from facts.tokens import type_key

VERSIONS = (3, 4)
"""Versions of the export's form that are read (pulumi/pulumi sdk/go/common/apitype, UntypedDeployment)."""


def read_state(path: Path) -> list[dict[str, Any]]:
    """The resources of an export. Raises UsageError for a file that is none."""
    document = read_json(path)
    deployment = document.get("deployment") if isinstance(document, dict) else None
    resources = deployment.get("resources", []) if isinstance(deployment, dict) else None
    if not isinstance(resources, list) or document.get("version") not in VERSIONS:
        known = " or ".join(map(str, VERSIONS))
        raise UsageError(f"{path}: not an export of a stack in version {known} (`pulumi stack export --file FILE`)")
    return [entry for entry in resources if isinstance(entry, dict) and entry.get("custom") and not entry.get("delete")]


def state_findings(record: Record, resources: list[dict[str, Any]]) -> Iterator[Finding]:
    """Every declared resource against the state, and what the state has beside them.

    Raises UsageError for the state of another stack or project.
    """
    live = {_urn(str(entry["urn"])): entry for entry in resources if not _is_provider(str(entry.get("type", "")))}
    declared = {_urn(each.urn): each for each in record if each.custom and not each.options.get("existing")}
    declared = {urn: each for urn, each in declared.items() if not _is_provider(each.type)}
    _same_stack(record, live)
    comparer = Comparer(record)
    for urn, resource in declared.items():
        if urn not in live:
            yield Finding.of(MISSING, "fail", "it is declared and not in the state", resource, stack=record.stack)
            continue
        yield from _of_resource(record, comparer, resource, live[urn].get("inputs") or {})
    for urn in live.keys() - declared.keys():
        message = f"{live[urn].get('id') or urn} is in the state, and nothing declares it any more"
        yield Finding.of(UNDECLARED, "fail", message, stack=record.stack, name=urn.rsplit("::", 1)[-1], urn=urn)


def _of_resource(
    record: Record, comparer: Comparer, resource: Resource, inputs: Mapping[str, Any]
) -> Iterator[Finding]:
    ignored = {str(path).split(".")[0].split("[")[0] for path in resource.options.get("ignoreChanges") or ()}
    found = comparer.compare(resource, inputs)
    skipped = {**found.skipped, **dict.fromkeys(ignored, "left alone by the engine")}
    changed = [each for each in found.differences if each.path.split(".")[0].split("[")[0] not in ignored]
    message = "; ".join(map(str, changed))
    yield Finding.of(CHANGED, "fail" if changed else "pass", message, resource, stack=record.stack)
    if skipped:
        unseen = "; ".join(f"{path}: {why}" for path, why in sorted(skipped.items()))
        yield Finding.of(EXAMINED, "unchecked", f"not examined: {unseen}", resource, stack=record.stack)


def _urn(urn: str) -> str:
    """A URN with version-blind types."""
    parts = urn.split("::")
    if len(parts) != 4:
        return urn
    parts[2] = "$".join(type_key(each) for each in parts[2].split("$"))
    return "::".join(parts)


def _is_provider(type_: str) -> bool:
    return type_.startswith("pulumi:")


def _same_stack(record: Record, live: Mapping[str, Any]) -> None:
    heads = {"::".join(urn.split("::")[:2]) for urn in live}
    wanted = {"::".join(each.urn.split("::")[:2]) for each in record}
    if live and not heads & wanted:
        raise UsageError(f"the state is of {', '.join(sorted(heads))}, not of {', '.join(sorted(wanted))}")
