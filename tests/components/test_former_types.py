"""Key Vault's resources keep their identity when their API version comes from a package of its own."""

from __future__ import annotations

from functools import cache
from typing import Any

import pulumi
import pytest
from pulumi_azure_native import keyvault

from assurance.compare.pairing import pair_revisions
from assurance.record import Record
from tests.components.test_key_vault import build
from tests.harness import record

MADE = (keyvault.Vault, keyvault.Key, keyvault.Secret)


def local(token: str) -> str:
    return token.replace("azure-native:", "azure-native_keyvault_v20260201:")


@pytest.fixture
def switched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK as if the module came from ``pulumi package add azure-native keyvault v20260201``."""
    plain = pulumi.CustomResource.__init__

    def init(self: Any, t: str, *args: Any, **kwargs: Any) -> None:
        plain(self, local(t) if isinstance(self, MADE) else t, *args, **kwargs)

    monkeypatch.setattr(pulumi.CustomResource, "__init__", init)
    for cls in MADE:
        monkeypatch.setattr(cls, "pulumi_type", local(cls.pulumi_type))


def moved(head: Record) -> list[str]:
    return [pair.shown.registered for pair in pair_revisions(_before(), head) if pair.moved or pair.base is None]


@pytest.fixture(autouse=True)
def before() -> None:
    """Recorded before anything is patched."""
    _before()


@cache
def _before() -> Record:
    return record(build)


@pytest.mark.usefixtures("switched")
def test_switched_package_moves_no_resource() -> None:
    head = record(build)
    tokens = {each.registered for each in head if each.type.startswith("azure-native:keyvault:")}
    assert tokens == {local(cls.pulumi_type.replace("_keyvault_v20260201", "")) for cls in MADE}
    assert {each.apiVersion for each in head if each.registered in tokens} == {"2026-02-01"}
    assert moved(head) == []


@pytest.mark.usefixtures("switched")
def test_switched_package_without_aliases_moves_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("key_vault", "key_vault_contents"):
        monkeypatch.setattr(f"components.{module}.former_types", lambda _: [])
    monkeypatch.setattr("assurance.recorder.monitor.without_version_aliases", lambda opts: (opts, []), raising=False)
    assert {token.rsplit(":", 1)[-1] for token in moved(record(build))} >= {"Vault", "Key", "Secret"}
