"""From config to settings: every mistake at once, each at its key, and rules between sections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from documents.problems import DocumentError, Problem, shorten
from documents.sections import Section, keys_at
from stacks.catalogues.secrets import catalogue
from stacks.settings.between.addresses import private_endpoints
from stacks.settings.between.all_rules import MORE
from stacks.settings.model import Settings
from stacks.settings.reading.parse import SettingsError, parse
from tests.projects import Config, changed
from tests.stacks.catalogues.test_secrets import ROW
from tests.stacks.whole_stack import FILE, FRONTEND, as_is, settings_of, use_catalogue

SECRETS = "medspasync:apps.%s.secrets"


def problems(change: Any, more: dict[str, str] | None = None) -> dict[str, str]:
    """What is refused, by key: the message."""
    config = {key: json.dumps(value) for key, value in changed(change).items()}
    with pytest.raises(SettingsError) as stopped:
        parse({**config, **(more or {})}, FILE)
    return {problem.key: str(problem) for problem in stopped.value.problems if problem.value != MORE}


def backend(config: Config) -> Config:
    app: Config = config["medspasync:apps"]["backend"]
    return app


def test_the_least_config_is_read_with_safe_defaults() -> None:
    settings = settings_of(changed(as_is))
    assert settings.protection.protect
    assert settings.protection.lock
    assert settings.cache is None


def test_other_namespaces_and_supplied_secrets_are_ignored() -> None:
    """Other namespaces and the supplied secrets are left alone."""
    config = {key: json.dumps(value) for key, value in changed(as_is).items()}
    parse({**config, "azure-native:location": "eastus2", "medspasync:secrets": "{}"}, FILE)


def test_an_empty_optional_section_is_none() -> None:
    # Pulumi.yaml's default for a section that a stack file leaves out.
    config = {key: json.dumps(value) for key, value in changed(as_is).items()}
    assert parse({**config, "medspasync:cache": "{}"}, FILE).cache is None


def test_mistakes_are_told_at_once_with_file() -> None:
    """Every mistake is told at once with its file."""

    def change(config: Config) -> None:
        config["medspasync:platform"]["location"] = "eastus22"
        config["medspasync:vaults"]["sku"] = "basic"
        del config["medspasync:network"]
        config["medspasync:netwrok"] = {}

    found = problems(change)
    assert found.keys() == {
        "medspasync:platform.location",
        "medspasync:vaults.sku",
        "medspasync:network",
        "medspasync:netwrok",
    }
    assert all(text.startswith(f"{FILE}: ") for text in found.values())
    assert "did you mean network?" in found["medspasync:netwrok"]


def test_text_that_is_no_json_is_refused() -> None:
    """Text that is no json is a value of the wrong type."""
    assert problems(as_is, {"medspasync:platform": "nonsense"}).keys() == {"medspasync:platform"}


def test_deep_unknown_key_names_known_ones() -> None:
    """An unknown key deep inside is named with what is known."""
    found = problems(lambda config: config["medspasync:vaults"].update(keys={"k1": {"sise": 4096}}))
    (text,) = found.values()
    assert "medspasync:vaults.keys.k1.sise" in text
    assert "did you mean size?" in text


def test_missing_part_is_required_at_its_key() -> None:
    """What a section must have is asked for at its key."""
    ((key, message),) = problems(lambda config: config["medspasync:platform"].pop("owner")).items()
    meaning = "Team that answers for the stack (a role, not a person); a tag on every resource"
    assert message == f"{FILE}: {key} = (missing): required: text ({meaning})"


def test_a_list_item_is_named_by_its_place() -> None:
    found = problems(lambda config: backend(config).update(hostNames=["api.example.org", 7]))
    assert found.keys() == {"medspasync:apps.backend.hostNames[1]"}


def test_known_keys_outside_sections_are_none() -> None:
    """Known keys of a place that is no section are none."""

    class Inner(Section):
        inside: int

    class Outer(Section):
        several: list[Inner] | None
        plain: int

    assert keys_at(Outer, ("several", 0)) == ["inside"]
    assert keys_at(Outer, ()) == ["plain", "several"]
    assert keys_at(int, ("x",)) == []


def test_mistakes_between_sections_are_told_at_once() -> None:
    """Mistakes of and between sections are told at once."""

    def change(config: Config) -> None:
        config["medspasync:vaults"] = {"rotatedOn": "soon"}
        config["medspasync:archive"] = {"activityLog": True}
        backend(config)["plan"] = "mian"

    assert problems(change).keys() == {
        "medspasync:vaults.rotatedOn",
        "medspasync:archive.activityLog",
        "medspasync:apps.backend.plan",
    }


def test_rules_left_out_say_that_more_may_follow() -> None:
    config = changed(lambda config: config["medspasync:vaults"].update(rotatedOn="soon"))
    with pytest.raises(SettingsError) as stopped:
        settings_of(config)
    assert str(stopped.value).splitlines()[-1].startswith(f"{FILE}: (more may follow): rules between sections")
    with pytest.raises(SettingsError) as stopped:
        settings_of(changed(lambda config: config["medspasync:apps"]["backend"].update(plan="mian")))
    assert "more may follow" not in str(stopped.value)


def test_plain_setting_read_by_app_needs_value() -> None:
    """A plain setting that an app reads has a value."""
    found = problems(lambda config: config["medspasync:vaults"].update(settings={}))
    assert "apps.backend.secrets[2] reads it" in found["medspasync:vaults.settings.NODE-ENV"]


def test_redis_cannot_be_read_where_there_is_none() -> None:
    found = problems(lambda config: backend(config)["secrets"].append("REDIS-URL"))
    assert "no Redis" in found["medspasync:apps.backend.secrets[5]"]


@pytest.mark.parametrize("app", ["marketing", "fifth"])
def test_app_lists_only_secrets_given_to_it(app: str) -> None:
    """An app may list what the catalogue gives it and a new one what is for any."""

    def lists(secrets: list[str]) -> Any:
        def change(config: Config) -> None:
            config["medspasync:apps"][app] = {**FRONTEND, "secrets": secrets}
            plain = [name for name, entry in catalogue().items() if entry.origin == "setting"]
            config["medspasync:vaults"]["settings"] = dict.fromkeys(plain, "x")
            config["medspasync:cache"] = {"sku": "Balanced_B1"}

        return change

    for_any = [name for name, entry in catalogue().items() if entry.readers == "any"]
    assert {"NODE-ENV", "SUPPORT-EMAIL"} <= set(for_any)
    listed = [name for name in for_any if name != "DATABASE-PASSWORD"]  # exists in password mode only
    assert settings_of(changed(lists(listed))).apps[app].secrets == listed
    found = problems(lists(list(catalogue())))
    refused = {index for index in range(len(catalogue())) if "may read" in found.get(f"{SECRETS % app}[{index}]", "")}
    assert {name for index, name in enumerate(catalogue()) if index not in refused} == {
        name for name, entry in catalogue().items() if app == entry.owner or entry.readers == "any"
    }
    assert "these read it: backend" in found[f"{SECRETS % app}[{list(catalogue()).index('JWT-SECRET')}]"]


@pytest.mark.parametrize("name", ["keys", "geo"])
def test_app_may_not_be_named_like_key_vault(name: str) -> None:
    """An app cannot take the name of a vault of keys."""
    found = problems(lambda config: config["medspasync:apps"].update({name: {**FRONTEND, "secrets": []}}))
    assert "vault of encryption keys" in found[f"medspasync:apps.{name}"]


def test_front_end_cannot_read_the_database() -> None:
    """In a subnet of their own they do not reach it."""

    def front_ends(config: Config) -> None:
        config["medspasync:network"]["subnets"]["frontends"] = "10.20.14.0/24"

    assert problems(front_ends).keys() == {"medspasync:apps.backend.outbound"}


def test_private_endpoints_are_counted_by_stack() -> None:
    """Private endpoints are counted with what the stack has."""
    least = private_endpoints(settings_of(changed(as_is)))

    def without_geo(config: Config) -> None:
        config["medspasync:database"]["geoRedundantBackup"] = False

    def with_cache(config: Config) -> None:
        config["medspasync:cache"] = {"sku": "Balanced_B1"}

    assert private_endpoints(settings_of(changed(without_geo))) == least - 1

    def with_flow_logs(config: Config) -> None:
        config["medspasync:network"]["flowLogs"] = {}

    assert private_endpoints(settings_of(changed(with_cache))) == least + 1
    assert private_endpoints(settings_of(changed(with_flow_logs))) == least + 1


def test_alerts_cannot_be_posted_to_a_retired_secret(tmp_path: Path) -> None:
    row = {**ROW, "origin": "supplied", "rotation": {"kind": "replace", "days": 90}, "retired": True}

    def change(config: Config) -> None:
        backend(config)["secrets"] = []
        del config["medspasync:vaults"]["settings"]
        config["medspasync:monitoring"]["webhookSecret"] = "OLD-HOOK"
        config["medspasync:monitoring"]["receivers"]["critical"]["webhook"] = True

    with use_catalogue(tmp_path, {"OLD-HOOK": row}):
        assert "not retired" in problems(change)["medspasync:monitoring.webhookSecret"]


def test_a_long_value_is_shortened_in_a_message() -> None:
    assert len(shorten("x" * 500)) == 60
    assert str(Problem("a.b", "x", "less", file=FILE, line=7)) == f"{FILE}:7: a.b = 'x': less"


def test_settings_cannot_be_changed_once_read() -> None:
    settings: Settings = settings_of(changed(as_is))
    with pytest.raises(ValueError, match="frozen"):
        settings.vaults.sku = "standard"


def test_wrong_fact_is_told_by_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are held against facts: a mistake there is no mistake of the stack file, and is not kept quiet."""

    def wrong() -> None:
        raise DocumentError([Problem("centralus", {}, "each key once", "facts/regions.yaml", 3)])

    monkeypatch.setattr("stacks.settings.platform.regions", wrong)
    assert "facts/regions.yaml:3: centralus" in problems(as_is)["centralus"]
