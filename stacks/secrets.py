"""The secret catalogue made real: each app's secrets in its vault, and how the app reads them (docs/secrets.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
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
RETIRED = "retired"
"""What takes the place of a retired secret's value, in a version that is disabled too."""
CONSUMER_KEYS = "INTERNAL-API-KEYS"
CONSUMER_KEY = "INTERNAL-API-KEY"

Value = pulumi.Input[str]


@dataclass(frozen=True)
class Published:
    """One vault secret of one catalogue entry: an overlap publishes two.

    environment: variables under which the app reads it, none where it is retired; rotated: when this value was set.
    """

    secret_name: str
    environment: tuple[str, ...]
    value: Value
    rotated: date


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
    secret = vault_secret(
        f"{app}-{published.secret_name.lower()}",
        VaultSecretArgs(
            resource_group_name=common.groups["data"],
            vault_name=vault.outputs.name,
            secret_name=published.secret_name,
            value=published.value,
            content_type=entry.content_type,
            expires_on=settings.vaults.expires_on(name, entry),
            enabled=not entry.retired,
            tags={
                "owner": entry.owner,
                "origin": entry.origin,
                "rotation": entry.rotation.kind,
                "rotated-on": published.rotated.isoformat(),
            },
        ),
        parent=vault,
        depends_on=vault.watched,
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
        self._protect = settings.protection.protect
        self._supplied = supplied
        self._derived = derived
        self._generated: dict[str, pulumi.Output[str]] = {}

    def of(self, app: str, name: SecretName, entry: CatalogueEntry) -> Iterator[Published]:
        """What is published of one entry to one app; nothing where an optional value is not there."""
        dates = [self._settings.vaults.rotated(name, entry)]
        if entry.rotation.kind == "overlap":
            dates = self._settings.vaults.rotation_dates(name)[-2:][::-1]
        for day, suffix in zip(dates, ("", PREVIOUS), strict=False):
            value = RETIRED if entry.retired else self._value(app, name, entry, day)
            if value is not None:
                variables = (
                    () if entry.retired else tuple(_join(variable, "_", suffix) for variable in entry.environment)
                )
                yield Published(_join(name, "-", suffix), variables, value, day)

    def _value(self, app: str, name: SecretName, entry: CatalogueEntry, day: date) -> Value | None:
        """The value that was set on ``day``."""
        if entry.rotation.kind == "keyring":
            return self._keyring(name, entry)
        if entry.origin == "generated":
            return self._made(name, entry, day.isoformat(), app if entry.per_consumer else "")
        if entry.origin == "setting":
            return self._settings.vaults.settings[name]
        if name == CONSUMER_KEYS:
            return self._consumer_keys()
        return self._supplied.get(name) if entry.origin == "supplied" else self._derived.get(name, {}).get(app)

    def _keyring(self, name: SecretName, entry: CatalogueEntry) -> pulumi.Output[str]:
        keys = {key_id: self._made(name, entry, key_id, "") for key_id in self._settings.vaults.keyring(name)}
        return pulumi.Output.all(**keys).apply(lambda known: keyring_text({key_id: known[key_id] for key_id in keys}))

    def _consumer_keys(self) -> pulumi.Output[str]:
        """Every consumer's keys that are valid now, for the app that verifies them."""
        entry = catalogue()[CONSUMER_KEY]
        days = self._settings.vaults.rotation_dates(CONSUMER_KEY)[-2:][::-1]
        consumers = [app for app, app_settings in self._settings.apps.items() if CONSUMER_KEY in app_settings.secrets]
        keys = {
            consumer: pulumi.Output.all(*[self._made(CONSUMER_KEY, entry, day.isoformat(), consumer) for day in days])
            for consumer in consumers
        }
        return pulumi.Output.all(**keys).apply(consumer_keys_text)

    def _made(self, name: SecretName, entry: CatalogueEntry, version: str, consumer: str) -> pulumi.Output[str]:
        """A generated value. The resource's name holds the rotation date, or the id in a keyring: adding one makes a
        new value and keeps the old one, which an overlap or a keyring still needs."""
        resource_name = "-".join(filter(None, ["generated", name.lower(), consumer, version]))
        if resource_name not in self._generated:
            with made_from(Origin(CATALOGUE, name)):
                password = random.RandomPassword(
                    resource_name,
                    length=entry.length or 64,
                    special=False,
                    # A key that data is encrypted with must never be dropped: the engine refuses to delete it.
                    opts=pulumi.ResourceOptions(protect=(entry.rotation.kind == "keyring" and self._protect) or None),
                )
            self._generated[resource_name] = password.result
        return self._generated[resource_name]


def keyring_text(keys: Mapping[str, str]) -> str:
    """A keyring as apps read it: JSON, the id of the key that encrypts, and every key by id, oldest first."""
    return json.dumps({"current": list(keys)[-1], "keys": dict(keys)})


def consumer_keys_text(keys: Mapping[str, Sequence[str]]) -> str:
    """Each consumer's valid keys as their verifier reads them: JSON, current first."""
    return json.dumps({consumer: list(keys[consumer]) for consumer in sorted(keys)})


def _join(name: str, separator: str, suffix: str) -> str:
    return f"{name}{separator}{suffix}" if suffix else name
