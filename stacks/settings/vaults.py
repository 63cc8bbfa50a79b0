"""Key vaults, keys and the rotation of secrets."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stacks.settings.base import Problem, Section
from stacks.settings.secrets import CATALOGUE, CatalogueEntry, SecretName, catalogue

Months = Annotated[str, StringConstraints(pattern=r"^P(\d{1,2}M|\d{1,2}Y|\d{1,3}D)$")]


class KeySettings(Section):
    """Customer-managed keys. ARM never changes an existing key: see docs/runbooks/key-rotation.md before editing."""

    size: Literal[2048, 3072, 4096] = 4096
    """Bits of an RSA key; PostgreSQL takes these three."""
    expires_after: Months = "P2Y"
    """ISO 8601 duration after which a key version expires."""
    rotate_before: Months = "P90D"
    """How long before the expiry a new version is made. An expired key makes the database unreachable."""

    def problems(self) -> Iterator[Problem]:
        """A new version must come at least 30 days before the old one ends."""
        before, after = _days(self.rotate_before), _days(self.expires_after)
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
    """premium keeps keys in an HSM. About $1 a month for each HSM key, plus operations."""
    soft_delete_days: Annotated[int, Field(ge=7, le=90)] = 90
    """Days a deleted vault or secret can be recovered; Azure fixes this when the vault is made."""
    keys: KeySettings = KeySettings()
    rotated_on: date
    """When every secret without an entry in `rotations` was last set or generated. Expiry dates count from here."""
    rotations: dict[SecretName, Annotated[list[date], Field(min_length=1)]] = {}
    """Rotation dates by secret, oldest first. To rotate a generated secret, append a date."""
    settings: dict[SecretName, Annotated[str, Field(min_length=1)]] = {}
    """Values of the catalogue's entries of origin `setting`."""

    def problems(self) -> Iterator[Problem]:
        """Names exist in the catalogue, dates grow, plain values are given for plain settings only."""
        for key, names in (("rotations", self.rotations), ("settings", self.settings)):
            for name in names:
                if name not in catalogue():
                    near = difflib.get_close_matches(name, catalogue(), n=1)
                    hint = f"; did you mean {near[0]}?" if near else ""
                    yield Problem(f"{key}.{name}", names[name], f"a secret of {CATALOGUE}{hint}")
        for name, dates in self.rotations.items():
            if sorted(set(dates)) != dates:
                yield Problem(f"rotations.{name}", [str(d) for d in dates], "dates that grow, oldest first")
        for name, value in self.settings.items():
            entry = catalogue().get(name)
            if entry is not None and entry.origin != "setting":
                yield Problem(
                    f"settings.{name}",
                    f"({len(value)} characters)",
                    f"only plain settings; this secret is {entry.origin} and must not stand in a stack file",
                )

    def rotation_dates(self, name: SecretName) -> list[date]:
        """Every rotation date of a secret, oldest first; never empty."""
        return self.rotations.get(name) or [self.rotated_on]

    def expires_on(self, name: SecretName, entry: CatalogueEntry) -> date | None:
        """When the newest value must have been replaced; None where age alone does not end it."""
        if entry.rotation.days is None:
            return None
        return self.rotation_dates(name)[-1] + timedelta(days=entry.rotation.days)


def _days(duration: str) -> int:
    """Days of a one-part ISO 8601 duration, a month as 30 and a year as 365 days."""
    return int(duration[1:-1]) * {"D": 1, "M": 30, "Y": 365}[duration[-1]]
