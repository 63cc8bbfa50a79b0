"""Key vaults, keys and the rotation of secrets."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from documents.durations import days
from documents.problems import Problem, did_you_mean
from documents.sections import Section
from documents.words import Text
from stacks.catalogues.secrets import CATALOGUE, CatalogueEntry, SecretName, catalogue

RUNBOOK = "docs/runbooks/key-rotation.md"

Duration = Annotated[
    str, Text(r"^P(\d{1,2}M|\d{1,2}Y|\d{1,3}D)$", "a duration, like P90D (days), P3M (months) or P2Y (years)")
]
KeyId = Annotated[str, Text(r"^k[1-9]\d?$", "k1, k2 … in the order in which they were added")]
"""k1, k2 … in the order in which they were added."""


class KeySettings(Section):
    """One generation of the customer-managed keys. Azure never changes a key that exists: to have other keys, add the
    next generation, and leave this one as it is (docs/runbooks/key-rotation.md)."""

    created_on: date | None = None
    """When this generation was added; its first version ends `expiresAfter` later. Left out of k1: `rotatedOn`. Azure
    reads it once, when it makes the key."""
    hardware: bool = True
    """Keep the key in an HSM; needs the premium vault. About $1 a month for each key."""
    size: Literal[2048, 3072, 4096] = 4096
    """Bits of an RSA key; PostgreSQL takes these three."""
    expires_after: Duration = "P2Y"
    """ISO 8601 duration after which a key version expires."""
    rotate_before: Duration = "P90D"
    """How long before the expiry a new version is made. An expired key makes the database unreachable. For the cache,
    which names a version and never follows a rotation: how long before the expiry the alert comes."""

    def problems(self) -> Iterator[Problem]:
        """A new version must come at least 30 days before the old one ends."""
        before, after = days(self.rotate_before), days(self.expires_after)
        if not 30 <= before < after:
            yield Problem(
                "rotateBefore",
                self.rotate_before,
                f"at least P30D and shorter than expiresAfter ({self.expires_after})",
            )


class VaultSettings(Section):
    """Vaults of the apps and of the encryption keys, and when secrets were rotated."""

    authorization: Literal["access-policies", "rbac"] = "access-policies"
    """Key Vault's authorization model; both give the same access (docs/decisions)."""
    sku: Literal["standard", "premium"] = "premium"
    """premium can keep keys in an HSM. Operations cost about the same in both."""
    soft_delete_days: Annotated[int, Field(ge=7, le=90)] = 90
    """Days a deleted vault or secret can be recovered; Azure fixes this when the vault is made."""
    keys: Annotated[dict[KeyId, KeySettings], Field(min_length=1)] = {"k1": KeySettings()}
    """Generations of the encryption keys: k1, then k2 … The last one encrypts; the others stay for what was backed up
    under them. Entries are only ever added, never changed or removed."""
    rotated_on: date
    """When every secret without a date below was last set or generated. Expiry dates count from here."""
    rotations: dict[SecretName, Annotated[list[date], Field(min_length=1)]] = {}
    """Rotation dates by secret, oldest first. To rotate a generated secret, append a date."""
    keyrings: dict[SecretName, Annotated[dict[KeyId, date], Field(min_length=1)]] = {}
    """For each secret of rotation `keyring`: its keys k1, k2 … and when each was added. The last one encrypts. Entries
    are only ever added: data may still be encrypted with any of them."""
    settings: dict[SecretName, Annotated[str, Field(min_length=1)]] = {}
    """Values of the catalogue's entries of origin `setting`."""

    def problems(self) -> Iterator[Problem]:
        """Names exist in the catalogue and stand where their kind belongs; dates grow; nothing was taken out."""
        yield from self._name_problems()
        yield from self._key_problems()
        for name, dates in self.rotations.items():
            if sorted(set(dates)) != dates:
                yield Problem(f"rotations.{name}", [str(d) for d in dates], "dates that grow, oldest first")
        for name, keyring in self.keyrings.items():
            dates = list(keyring.values())
            yield from _removed(f"keyrings.{name}", keyring, "a key is dropped only when no data uses it")
            if sorted(set(dates)) != dates:
                yield Problem(f"keyrings.{name}", [str(d) for d in dates], "dates that grow from k1 on")

    def _name_problems(self) -> Iterator[Problem]:
        for key, names in (("rotations", self.rotations), ("keyrings", self.keyrings), ("settings", self.settings)):
            for name in names:
                entry = catalogue().get(name)
                if entry is None:
                    yield Problem(f"{key}.{name}", "…", f"a secret of {CATALOGUE}{did_you_mean(name, catalogue())}")
                elif key == "settings" and entry.origin != "setting":
                    yield Problem(
                        f"settings.{name}",
                        f"({len(self.settings[name])} characters)",
                        f"only plain settings; this secret is {entry.origin} and must not stand in a stack file",
                    )
                elif key == "rotations" and entry.rotation.kind == "keyring":
                    yield Problem(
                        f"rotations.{name}", "…", f"under keyrings: {name} is a keyring, not replaced by date"
                    )
                elif key == "keyrings" and entry.rotation.kind != "keyring":
                    yield Problem(f"keyrings.{name}", "…", f"under rotations: {name} is no keyring")

    def _key_problems(self) -> Iterator[Problem]:
        removed = list(_removed("keys", self.keys, "backups need the keys that they were made under"))
        yield from removed or self._creation_problems()
        for key_id, key in self.keys.items():
            if key.hardware and self.sku != "premium":
                yield Problem(f"keys.{key_id}.hardware", True, f"false, or sku premium: a {self.sku} vault has no HSM")

    def _creation_problems(self) -> Iterator[Problem]:
        """The expiry of a generation counts from the day it was added, which nobody but the stack file knows."""
        before: date | None = None
        for key_id, key in self.keys.items():
            day = key.created_on
            if before is not None and (day is None or day <= before):
                shown = None if day is None else str(day)
                allowed = f"the day on which it is added, after {before}: its first version's expiry counts from it"
                yield Problem(f"keys.{key_id}.createdOn", shown, allowed)
            before = day or before or self.rotated_on

    def key_expires_on(self, key_id: KeyId) -> date:
        """When the first version of a generation ends. Azure dates the later ones itself."""
        key = self.keys[key_id]
        return (key.created_on or self.rotated_on) + timedelta(days=days(key.expires_after))

    def rotation_dates(self, name: SecretName) -> list[date]:
        """Every rotation date of a secret that is no keyring, oldest first; never empty."""
        return self.rotations.get(name) or [self.rotated_on]

    def keyring(self, name: SecretName) -> dict[KeyId, date]:
        """The keys of a keyring and when each was added, oldest first; never empty."""
        return self.keyrings.get(name) or {"k1": self.rotated_on}

    def rotated(self, name: SecretName, entry: CatalogueEntry) -> date:
        """When the newest value was set, generated or added."""
        if entry.rotation.kind == "keyring":
            return list(self.keyring(name).values())[-1]
        return self.rotation_dates(name)[-1]

    def expires_on(self, name: SecretName, entry: CatalogueEntry) -> date | None:
        """When the newest value must have been replaced; None where age alone does not end it."""
        if entry.rotation.days is None:
            return None
        return self.rotated(name, entry) + timedelta(days=entry.rotation.days)


def _removed(key: str, ids: Collection[KeyId], why: str) -> Iterator[Problem]:
    """Ids count up from k1 without a gap, so that no entry but the newest can be taken out unseen. (The newest one is
    protected: there the engine refuses.)"""
    if list(ids) != [f"k{number}" for number in range(1, len(ids) + 1)]:
        yield Problem(key, list(ids), f"k1, k2 … in order and without a gap, nothing removed: {why} ({RUNBOOK})")
