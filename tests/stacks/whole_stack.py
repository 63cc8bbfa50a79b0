"""A whole stack built in this process from a config, for tests of what several layers make together.

It has no alert of the catalogue: they are a third of its resources, and these tests do not look at them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pulumi
import pytest

from assurance.record import Mode, Record
from components import key_vault, key_vault_contents
from stacks import operations
from stacks import secrets as layer
from stacks.catalogues import secrets
from stacks.platform import build_platform
from stacks.settings.model import Settings
from stacks.settings.reading.parse import parse
from stacks.settings.reading.supplied import readable_secrets
from tests.harness import once, record
from tests.projects import Config, changed

FILE = "Pulumi.test.yaml"

FRONTEND = {
    "plan": "main",
    "hostNames": ["app.example.org"],
    "exposure": "web",
    "runtime": {"node": "22-lts"},
    "secrets": ["INTERNAL-API-KEY"],
}


def as_is(_config: Config) -> None:
    """No change: the least config."""


def settings_of(config: Config) -> Settings:
    """The settings of a config, as the engine would hand it over."""
    return parse({key: json.dumps(value) for key, value in config.items()}, FILE)


def two_apps(config: Config) -> None:
    """The least config with a second app, and keys between the two."""
    apps = config["medspasync:apps"]
    apps["backend"]["secrets"] += ["INTERNAL-API-KEY", "INTERNAL-API-KEYS"]
    apps["frontend"] = dict(FRONTEND)


def with_database_job(config: Config) -> None:
    """The least config with the database job, and so with the credentials that it brings."""
    config["medspasync:registry"] = {"name": "mssregistry", "resourceGroup": "rg-shared"}
    config["medspasync:databaseJob"] = {"image": {"repository": "database", "digest": f"sha256:{'0' * 64}"}}
    config["medspasync:apps"]["backend"]["secrets"].append("DATABASE-CONTEXT-KEY")


def supply(name: str) -> str:
    """The value that these tests supply of a secret."""
    return f"supplied-{name.lower()}"


def whole_stack(
    change: Callable[[Config], Any] = as_is, mode: Mode = "deployed", supplied: Sequence[str] | None = None
) -> Record:
    """The record of the least stack after ``change``.

    supplied: names of the secrets that somebody supplied; all that can be, unless said.
    """
    config = changed(change)
    return once(lambda: _recorded(config, mode, supplied), "whole stack", config, mode, supplied, _catalogue())


def _recorded(config: Config, mode: Mode = "deployed", supplied: Sequence[str] | None = None) -> Record:
    settings = settings_of(config)

    def program() -> None:
        names = readable_secrets(settings) if supplied is None else supplied
        values = {name: pulumi.Output.secret(supply(name)) for name in names}
        for name, value in build_platform(settings, values).items():
            pulumi.export(name, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "alert_catalogue", dict)
        return record(program, mode)


def _catalogue() -> str:
    return secrets._FILE.read_text(encoding="utf-8")


Values = dict[tuple[str, str], str]


def vault_values(change: Callable[[Config], Any]) -> tuple[Values, str]:
    """What the least stack after ``change`` writes into vaults, by holder and secret, and its record as text, which
    never shows it."""
    config = changed(change)

    def make() -> tuple[Values, str]:
        seen: Values = {}

        def spy(name: str, args: key_vault_contents.VaultSecretArgs, vault: key_vault.KeyVault) -> Any:
            holder = name.removesuffix(f"-{args.secret_name.lower()}")
            pulumi.Output.from_input(args.value).apply(lambda v: seen.update({(holder, args.secret_name): v}))
            return key_vault_contents.vault_secret(name, args, vault)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(layer, "vault_secret", spy)
            text = _recorded(config).to_json()
        return seen, text

    return once(make, "vault values", config, _catalogue())


@contextmanager
def use_catalogue(folder: Path, rows: Mapping[str, Any]) -> Iterator[None]:
    """Let these rows, written into ``folder``, stand in for stacks/catalogues/secrets.yaml."""
    file = folder / "secrets.yaml"
    file.write_text(json.dumps(rows), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "_FILE", file)
        secrets.catalogue.cache_clear()
        try:
            yield
        finally:
            secrets.catalogue.cache_clear()
