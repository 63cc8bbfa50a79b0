"""Supplied secrets: what is needed is asked for by name and command, what is unknown is refused, no value is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest

from stacks.settings.reading.parse import SettingsError
from stacks.settings.reading.supplied import CONFIG_KEY, needed_secrets, readable_secrets, supplied_secrets
from tests.harness import record
from tests.projects import Config, changed
from tests.stacks.catalogues.test_secrets import ROW
from tests.stacks.whole_stack import FILE, as_is, settings_of, use_catalogue

VALUE = "sk-value-that-nobody-may-see"


def give(values: Any, change: Any = as_is) -> dict[str, pulumi.Output[str]]:
    text = values if isinstance(values, str) else json.dumps(values)
    return supplied_secrets({CONFIG_KEY: text}, settings_of(changed(change)), FILE)


def refused(values: Any, change: Any = as_is) -> str:
    with pytest.raises(SettingsError) as stopped:
        give(values, change)
    assert VALUE not in str(stopped.value)
    assert "Traceback" not in str(stopped.value)
    return str(stopped.value)


def optional(config: Config) -> None:
    config["medspasync:apps"]["backend"]["secrets"] += ["LOGIN", "MONGO-URI"]


def webhook(config: Config) -> None:
    monitoring = config["medspasync:monitoring"]
    monitoring["webhookSecret"] = "MONITORING-WEBHOOK-URL"
    monitoring["receivers"]["critical"]["webhook"] = True


def test_what_apps_and_alerts_read_is_needed() -> None:
    assert needed_secrets(settings_of(changed(as_is))) == ["STRIPE-SECRET-KEY"]
    assert needed_secrets(settings_of(changed(webhook))) == ["STRIPE-SECRET-KEY", "MONITORING-WEBHOOK-URL"]


def test_optional_secret_may_be_left_out() -> None:
    """An optional secret may be given and need not."""
    settings = settings_of(changed(optional))
    assert set(readable_secrets(settings)) - set(needed_secrets(settings)) == {"LOGIN", "MONGO-URI"}


def test_the_values_are_secret() -> None:
    kept: dict[str, bool] = {}

    def program() -> None:
        for name, value in give({"STRIPE-SECRET-KEY": VALUE}).items():
            pulumi.Output.from_input(value.is_secret()).apply(lambda secret, name=name: kept.update({name: secret}))
            pulumi.export(name, value)

    result = record(program)
    assert kept == {"STRIPE-SECRET-KEY": True}
    assert VALUE not in result.to_json()


@pytest.mark.parametrize("values", [{}, {"STRIPE-SECRET-KEY": ""}])
def test_missing_secret_is_told_with_command(values: dict[str, str]) -> None:
    """A missing one is asked for with the command."""
    text = refused(values)
    assert f"{FILE}: {CONFIG_KEY}.STRIPE-SECRET-KEY" in text
    assert f"pulumi config set --secret --path '{CONFIG_KEY}.STRIPE-SECRET-KEY'" in text


def test_every_missing_one_is_told_at_once() -> None:
    text = refused({}, webhook)
    assert "STRIPE-SECRET-KEY" in text
    assert "MONITORING-WEBHOOK-URL" in text


@pytest.mark.parametrize("name", ["STRIPE-SECRET", "JWT-SECRET", "NODE-ENV"])
def test_unknown_or_unsupplied_secret_is_refused(name: str) -> None:
    """An unknown one is refused and so is one that is not supplied."""
    text = refused({"STRIPE-SECRET-KEY": VALUE, name: VALUE})
    assert f"{CONFIG_KEY}.{name}" in text


@pytest.mark.parametrize("text", [f"{VALUE}", f'["{VALUE}"]', f'{{"STRIPE-SECRET-KEY": ["{VALUE}"]}}', "7"])
def test_anything_but_an_object_of_texts_is_refused(text: str) -> None:
    assert "an object of name: text" in refused(text)


def test_a_retired_one_is_neither_needed_nor_unknown(tmp_path: Path) -> None:
    row = {**ROW, "origin": "supplied", "rotation": {"kind": "replace", "days": 90}}

    def reads(config: Config) -> None:
        config["medspasync:apps"]["backend"]["secrets"] = ["OLD-KEY"]
        del config["medspasync:vaults"]["settings"]

    with use_catalogue(tmp_path, {"OLD-KEY": row}):
        assert needed_secrets(settings_of(changed(reads))) == ["OLD-KEY"]
    with use_catalogue(tmp_path, {"OLD-KEY": {**row, "retired": True}}):
        assert readable_secrets(settings_of(changed(reads))) == []
        record(lambda: give({"OLD-KEY": VALUE}, reads))
