"""The secret catalogue made real: each app's secrets in its vault, and how the app reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pulumi
import pulumi_random as random

from components.key_vault import KeyVault, VaultSecretArgs, vault_secret
from stacks.outputs import Common, SecretReference
from stacks.settings.model import Settings
from stacks.settings.origin import Origin, made_from
from stacks.settings.secrets import CATALOGUE, CatalogueEntry, SecretName, catalogue

PREVIOUS = "PREVIOUS"
CONSUMER_KEYS = "INTERNAL-API-KEYS"
CONSUMER_KEY = "INTERNAL-API-KEY"

Value = pulumi.Input[str]


@dataclass(frozen=True)
class Published:
    """One vault secret of one catalogue entry: an overlap publishes two."""

    secret_name: str
    environment: tuple[str, ...]
    value: Value


def build_secrets(
    settings: Settings,
    common: Common,
    vaults: Mapping[str, KeyVault],
    supplied: Mapping[SecretName, pulumi.Output[str]],
    derived: Mapping[SecretName, Mapping[str, Value]],
) -> dict[str, list[SecretReference]]:
    """Write every app's secrets and return its references, versionless, so that a rotation needs no deployment.

    supplied: values from config by name; derived: values that come from resources, by name and app.
    """
    values = _Values(settings, supplied, derived)
    references: dict[str, list[SecretReference]] = {}
    for app, app_settings in settings.apps.items():
        references[app] = []
        for name in app_settings.secrets:
            entry = catalogue()[name]
            with made_from(Origin(CATALOGUE, name)):
                for published in values.of(app, name, entry):
                    uri = _write(app, name, entry, published, settings, common, vaults[app])
                    references[app] += [
                        SecretReference(environment=variable, uri=uri) for variable in published.environment
                    ]
    return references


def _write(
    app: str,
    name: SecretName,
    entry: CatalogueEntry,
    published: Published,
    settings: Settings,
    common: Common,
    vault: KeyVault,
) -> pulumi.Output[str]:
    rotated = settings.vaults.rotation_dates(name)[-1]
    secret = vault_secret(
        f"{app}-{published.secret_name.lower()}",
        VaultSecretArgs(
            resource_group_name=common.groups["data"],
            vault_name=vault.outputs.name,
            secret_name=published.secret_name,
            value=published.value,
            content_type=entry.content_type,
            expires_on=settings.vaults.expires_on(name, entry),
            tags={
                "owner": entry.owner,
                "origin": entry.origin,
                "rotation": entry.rotation.kind,
                "rotated-on": rotated.isoformat(),
            },
        ),
        parent=vault,
    )
    # Not the secret's own URI: that is part of an object that holds the value, and so as secret as the value. It waits
    # for the secret all the same.
    return pulumi.Output.all(vault.outputs.uri, secret.id).apply(
        lambda known: f"{known[0]}secrets/{published.secret_name}"
    )


class _Values:
    """Values by app and name; a generated one is made once and shared by the apps that read it."""

    def __init__(
        self,
        settings: Settings,
        supplied: Mapping[SecretName, pulumi.Output[str]],
        derived: Mapping[SecretName, Mapping[str, Value]],
    ) -> None:
        self._settings = settings
        self._supplied = supplied
        self._derived = derived
        self._generated: dict[str, pulumi.Output[str]] = {}

    def of(self, app: str, name: SecretName, entry: CatalogueEntry) -> Iterator[Published]:
        """What is published of one entry to one app; nothing where an optional value is not there."""
        environment = tuple(entry.environment)
        if entry.origin == "generated":
            yield from self._generated_values(app, name, entry)
        elif entry.origin == "setting":
            yield Published(name, environment, self._settings.vaults.settings[name])
        elif name == CONSUMER_KEYS:
            yield Published(name, environment, self._consumer_keys())
        else:
            source = self._derived.get(name, {}).get(app) if entry.origin == "derived" else self._supplied.get(name)
            if source is not None:
                yield Published(name, environment, source)

    def _generated_values(self, app: str, name: SecretName, entry: CatalogueEntry) -> Iterator[Published]:
        environment = tuple(entry.environment)
        dates = self._settings.vaults.rotation_dates(name)
        consumer = app if entry.per_consumer else ""
        if entry.rotation.kind == "keyring":
            yield Published(name, environment, self._keyring(name, entry, dates))
            return
        yield Published(name, environment, self._made(name, entry, dates[-1], consumer))
        if entry.rotation.kind == "overlap" and len(dates) > 1:
            yield Published(
                f"{name}-{PREVIOUS}",
                tuple(f"{variable}_{PREVIOUS}" for variable in environment),
                self._made(name, entry, dates[-2], consumer),
            )

    def _keyring(self, name: SecretName, entry: CatalogueEntry, dates: list[date]) -> pulumi.Output[str]:
        """JSON: the current key's id, and every key by id. Ids are the dates on which keys were added."""
        made = {day.isoformat(): self._made(name, entry, day, "") for day in dates}
        return pulumi.Output.all(**made).apply(
            lambda keys: json.dumps({"current": dates[-1].isoformat(), "keys": dict(sorted(keys.items()))})
        )

    def _consumer_keys(self) -> pulumi.Output[str]:
        """JSON: each consumer's valid keys, current first, for the app that verifies them."""
        entry = catalogue()[CONSUMER_KEY]
        dates = self._settings.vaults.rotation_dates(CONSUMER_KEY)[-2:][::-1]
        consumers = [app for app, app_settings in self._settings.apps.items() if CONSUMER_KEY in app_settings.secrets]
        keys = {
            consumer: pulumi.Output.all(*[self._made(CONSUMER_KEY, entry, day, consumer) for day in dates])
            for consumer in consumers
        }
        return pulumi.Output.all(**keys).apply(lambda known: json.dumps(dict(sorted(known.items()))))

    def _made(self, name: SecretName, entry: CatalogueEntry, day: date, consumer: str) -> pulumi.Output[str]:
        """A generated value. The resource's name holds the rotation date: appending a date makes a new value and
        keeps the old one, which an overlap or a keyring still needs."""
        resource_name = "-".join(filter(None, ["generated", name.lower(), consumer, day.isoformat()]))
        if resource_name not in self._generated:
            with made_from(Origin(CATALOGUE, name)):
                password = random.RandomPassword(
                    resource_name,
                    length=entry.length or 64,
                    special=False,
                    # A key that data is encrypted with must never be dropped: the engine refuses to delete it.
                    opts=pulumi.ResourceOptions(protect=entry.rotation.kind == "keyring" or None),
                )
            self._generated[resource_name] = password.result
        return self._generated[resource_name]
