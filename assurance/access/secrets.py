"""Who can read which secret, and which app asks for it."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from assurance.access.grants import VAULT, Grant
from assurance.access.principals import JOB, Principal
from assurance.record import Record, Resource, get

READ = frozenset({"secrets get", "secrets all"})
REFERENCE = re.compile(r"SecretUri=https://([^.]+)\.[^/]+/secrets/([^/)]+)|VaultName=([^;]+);SecretName=([^;)]+)")
QUOTED = re.compile(r'"([A-Za-z0-9-]{1,127})"')
SETTINGS = ("web:WebAppApplicationSettings", "web:WebAppApplicationSettingsSlot")


@dataclass(frozen=True)
class Readable:
    """A secret, the vault it is in, who can read it and which apps (sites) and container jobs ask for it."""

    vault: Resource
    secret: Resource
    readers: tuple[Principal, ...]
    wanted_by: frozenset[str]

    @property
    def name(self) -> str:
        """The secret's name in its vault."""
        return str(get(self.secret, "secretName"))


def readable(record: Record, found: list[Grant]) -> list[Readable]:
    """Every secret of the record with its readers: who may get secrets of its vault, or of a group around it."""
    wanted = _wanted(record)
    result = []
    for secret in record.of_type("keyvault:Secret"):
        for vault in record.targets(secret, "vaultName", VAULT, by="vaultName"):
            readers = {
                grant.principal.name: grant.principal
                for grant in found
                if READ & set(grant.rights) and _covers(grant, vault, secret, record)
            }
            result.append(Readable(vault, secret, tuple(readers.values()), frozenset(wanted[secret.urn])))
    return sorted(result, key=lambda item: (item.vault.name, item.name))


def _covers(grant: Grant, vault: Resource, secret: Resource, record: Record) -> bool:
    if grant.target.scope == "resource":
        return grant.target.urn in (vault.urn, secret.urn)
    if not get(vault, "properties.enableRbacAuthorization"):
        return False
    around = record.targets(vault, "resourceGroupName", "resources:ResourceGroup", by="resourceGroupName")
    return grant.target.scope == "subscription" or grant.target.urn in {group.urn for group in around}


def _wanted(record: Record) -> dict[str, set[str]]:
    """By secret (URN): the sites whose settings refer to it, on the app or its slot, and the jobs that name it."""
    by_name = {}
    for secret in record.of_type("keyvault:Secret"):
        by_name[(str(get(secret, "vaultName")).lower(), str(get(secret, "secretName")).lower())] = secret.urn
    found: dict[str, set[str]] = defaultdict(set)
    for settings in record.of_type(*SETTINGS):
        for urn in _referenced(settings, by_name, record):
            found[urn].add(str(get(settings, "name")))
    for job in record.of_type(JOB):
        for urn in _named(job, record):
            found[urn].add(str(get(job, "jobName")))
    return found


def _named(job: Resource, record: Record) -> Iterator[str]:
    """The secrets that a job's environment names, quoted as in JSON."""
    containers = get(job, "template.containers", ())
    names = {name for each in containers for v in each.get("env") or () for name in QUOTED.findall(str(v.get("value")))}
    yield from (secret.urn for secret in record.of_type("keyvault:Secret") if str(get(secret, "secretName")) in names)


def _referenced(settings: Resource, by_name: dict[tuple[str, str], str], record: Record) -> Iterator[str]:
    """The secrets that settings refer to. Before a deployment no reference can be read; then what they were computed
    from tells."""
    matches = [REFERENCE.search(str(value)) for value in get(settings, "properties", {}).values()]
    uris = [match for match in matches if match]
    for match in uris:
        key = ((match[1] or match[3]).lower(), (match[2] or match[4]).lower())
        if key in by_name:
            yield by_name[key]
    if not uris:
        secrets = {secret.urn for secret in record.of_type("keyvault:Secret")}
        yield from (urn for urn in settings.propertyDependencies.get("properties", []) if urn in secrets)
