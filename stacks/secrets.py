"""The secret catalogue made real: each app's secrets in its vault, and how the app reads them (docs/secrets.md)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pulumi
import pulumi_random as random

from components.key_vault import KeyVault
from components.key_vault_contents import VaultSecretArgs, vault_secret
from stacks.catalogues.secrets import CATALOGUE, CatalogueEntry, SecretName, catalogue
from stacks.database_credentials import copy_name, published_dates
from stacks.entries import Entry, leave_out, name_entry, stack_entry
from stacks.outputs import Common, SecretReference
from stacks.settings.jobs import COPIED
from stacks.settings.model import Settings
from stacks.vaults import Vaults

RETIRED = "retired"
"""What takes the place of a retired secret's value, in a version that is disabled too."""
SIGNING_KEY_BYTES = 32
"""The database takes 32 to 64."""
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


class Generated:
    """Generated values, each made once and shared by whoever reads it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, pulumi.Output[str]] = {}

    def current(self, name: SecretName, app: str) -> pulumi.Output[str]:
        """An app's own newest value."""
        entry = catalogue()[name]
        return self.value(name, entry, self._settings.vaults.rotated(name, entry).isoformat(), app)

    def value(self, name: SecretName, entry: CatalogueEntry, version: str, consumer: str) -> pulumi.Output[str]:
        """One value. The resource's name holds the rotation date, or the id in a keyring: adding one makes a new value
        and keeps the old one, which an overlap or a keyring still needs."""
        resource_name = "-".join(filter(None, ["generated", name.lower(), consumer, version]))
        if resource_name not in self._known:
            with name_entry(Entry(CATALOGUE, f"{name}.origin")):
                make = self._signing_key if entry.form == "signing-key" else self._text
                self._known[resource_name] = make(resource_name, entry, f"{consumer}-{version}")
        return self._known[resource_name]

    def _text(self, resource_name: str, entry: CatalogueEntry, _key_id: str) -> pulumi.Output[str]:
        protect = entry.rotation.kind == "keyring" and self._settings.protection.protect
        return random.RandomPassword(
            resource_name,
            length=entry.length or 64,
            special=False,
            # A key that data is encrypted with must never be dropped: the engine refuses to delete it.
            opts=pulumi.ResourceOptions(protect=protect or None),
        ).result

    def _signing_key(self, resource_name: str, _entry: CatalogueEntry, key_id: str) -> pulumi.Output[str]:
        secret = random.RandomBytes(resource_name, length=SIGNING_KEY_BYTES).hex
        return pulumi.Output.secret(secret).apply(lambda known: signing_key_text(key_id, known))


@dataclass(frozen=True, kw_only=True)
class SecretValues:
    """Values by app and name. supplied: from config, by name; derived: from resources, by name and app."""

    settings: Settings
    supplied: Mapping[SecretName, pulumi.Output[str]]
    derived: Mapping[SecretName, Mapping[str, Value]]
    generated: Generated

    def publish(self, app: str, name: SecretName, entry: CatalogueEntry) -> Iterator[Published]:
        """What is published of one entry to one app; nothing where an optional value is not there."""
        versions: list[tuple[str, date]] = [(name, self.settings.vaults.rotated(name, entry))]
        if entry.rotation.kind == "overlap":
            versions = published_dates(self.settings.vaults, name)
        for secret_name, day in versions:
            value = RETIRED if entry.retired else self._value(app, name, entry, day)
            if value is not None:
                suffix = secret_name.removeprefix(name).replace("-", "_")
                variables = () if entry.retired else tuple(f"{variable}{suffix}" for variable in entry.environment)
                yield Published(secret_name, variables, value, day)

    def _value(self, app: str, name: SecretName, entry: CatalogueEntry, day: date) -> Value | None:
        """The value that was set on ``day``."""
        if entry.rotation.kind == "keyring":
            return self._keyring(name, entry)
        if entry.origin == "generated":
            return self.generated.value(name, entry, day.isoformat(), app if entry.per_consumer else "")
        if entry.origin == "setting":
            return self.settings.vaults.settings[name]
        if name == CONSUMER_KEYS:
            return self._consumer_keys()
        if entry.origin == "supplied":
            return self.supplied.get(name)
        return self.derived.get(name, {}).get(app)

    def _keyring(self, name: SecretName, entry: CatalogueEntry) -> pulumi.Output[str]:
        keys = {key_id: self.generated.value(name, entry, key_id, "") for key_id in self.settings.vaults.keyring(name)}
        return pulumi.Output.all(**keys).apply(lambda known: keyring_text({key_id: known[key_id] for key_id in keys}))

    def _consumer_keys(self) -> pulumi.Output[str]:
        """Every consumer's keys that are valid now, for the app that verifies them."""
        entry = catalogue()[CONSUMER_KEY]
        days = self.settings.vaults.rotation_dates(CONSUMER_KEY)[-2:][::-1]
        consumers = [app for app, app_settings in self.settings.apps.items() if CONSUMER_KEY in app_settings.secrets]
        keys = {
            consumer: pulumi.Output.all(
                *[self.generated.value(CONSUMER_KEY, entry, day.isoformat(), consumer) for day in days]
            )
            for consumer in consumers
        }
        return pulumi.Output.all(**keys).apply(consumer_keys_text)


def build_secrets(values: SecretValues, common: Common, vaults: Vaults) -> dict[str, list[SecretReference]]:
    """Write every app's secrets and return its references, versionless, so that a rotation needs no deployment."""
    settings = values.settings
    references: dict[str, list[SecretReference]] = {}
    read = {name for app_settings in settings.apps.values() for name in app_settings.secrets}
    for name in catalogue().keys() - read:
        leave_out("no app of this stack reads it", Entry(CATALOGUE, name), stack_entry(f"vaults.settings.{name}"))
    for app, app_settings in settings.apps.items():
        references[app] = []
        for index, name in enumerate(app_settings.secrets):
            entry = catalogue()[name]
            entries = [Entry(CATALOGUE, name), stack_entry(f"apps.{app}.secrets[{index}]")]
            entries += [stack_entry(f"vaults.settings.{name}")] if entry.origin == "setting" else []
            all_published = list(values.publish(app, name, entry))
            if not all_published and entry.origin in ("supplied", "derived"):
                leave_out("an optional secret, which has no value in this stack", *entries)
            with name_entry(*entries):
                for published in all_published:
                    uri = _write(app, name, entry, published, settings, common, vaults.apps[app])
                    if vaults.database is not None and name in COPIED:
                        copy = replace(published, secret_name=copy_name(app, published.secret_name))
                        _write("database", name, entry, copy, settings, common, vaults.database)
                    references[app] += [
                        SecretReference(environment=variable, uri=uri) for variable in published.environment
                    ]
    return references


def _write(
    holder: str,
    name: SecretName,
    entry: CatalogueEntry,
    published: Published,
    settings: Settings,
    common: Common,
    vault: KeyVault,
) -> pulumi.Output[str]:
    secret = vault_secret(
        f"{holder}-{published.secret_name.lower()}",
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
        vault,
    )
    # Not the secret's own URI: that is part of an object that holds the value, and so as secret as the value. It waits
    # for the secret all the same.
    return pulumi.Output.all(vault.outputs.uri, secret.id).apply(
        lambda known: f"{known[0]}secrets/{published.secret_name}"
    )


def signing_key_text(key_id: str, secret: str) -> str:
    """A signing key as its app and its verifier read it: JSON, the id by which the verifier finds it, and hex."""
    return json.dumps({"keyId": key_id, "secret": secret})


def keyring_text(keys: Mapping[str, str]) -> str:
    """A keyring as apps read it: JSON, the id of the key that encrypts, and every key by id, oldest first."""
    return json.dumps({"current": list(keys)[-1], "keys": dict(keys)})


def consumer_keys_text(keys: Mapping[str, Sequence[str]]) -> str:
    """Each consumer's valid keys as their verifier reads them: JSON, current first."""
    return json.dumps({consumer: list(keys[consumer]) for consumer in sorted(keys)})
