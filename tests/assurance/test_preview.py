"""``assurance preview``: one command shows every stack, and a mistake is one clear message."""

from __future__ import annotations

import json
from itertools import product as pairs
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from assurance.cli import app
from assurance.project import read_project
from assurance.record import Record
from assurance.recorder.stack import record_stack
from documents.problems import DocumentError
from tests.harness import MODES, project_record
from tests.long import sample
from tests.projects import Config, changed, minimal_config, project


def assurance(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return project(tmp_path, test=minimal_config())


def saved(folder: Path) -> Path:
    """A file with the record of the least stack."""
    file = folder / "record.json"
    file.write_text(project_record(minimal_config(), stack="test").to_json())
    return file


@pytest.mark.parametrize("mode", MODES)
def test_a_stack_is_shown_and_saved(here: Path, mode: str) -> None:
    result = assurance("preview", "test", "--mode", mode, "--json", here / "record.json", "--html", here / "page.html")
    assert result.exit_code == 0, result.output
    assert "azure-native:keyvault:Vault" in result.output
    assert "STRIPE-SECRET-KEY" in result.output
    record = Record.load(here / "record.json")
    assert record.stack == "test"
    assert record.supplied == ["STRIPE-SECRET-KEY"]
    page = (here / "page.html").read_text()
    assert page.count("<details") == len(record.resources) + 1, "each resource, and the types"
    assert "http" not in page.split("<script>")[1]


def test_several_stacks_are_shown_by_their_components(here: Path) -> None:
    project_config = minimal_config()
    (here / "Pulumi.other.yaml").write_text(json.dumps({"config": project_config}))
    result = assurance("preview")
    assert result.exit_code == 0, result.output
    assert "Previewing stack test" in result.output
    assert "Previewing stack other" in result.output
    assert "keyvault:Secret  " not in result.output
    full = assurance("preview", "--full", "--record", saved(here))
    assert full.output.count("azure-native:keyvault:Secret") > result.output.count("azure-native:keyvault:Secret")


def test_saved_record_is_shown_without_running_program(here: Path) -> None:
    saved(here)
    (here / "__main__.py").unlink()
    assert assurance("preview", "--record", "record.json").exit_code == 0
    assert assurance("preview", "other", "--record", "record.json").exit_code == 2


def test_json_goes_to_standard_output_alone(here: Path) -> None:
    result = assurance("preview", "test", "--json", "-")
    assert json.loads(result.stdout)["stack"] == "test"


def test_preview_of_what_engine_refuses_exits_1(here: Path) -> None:
    record = json.loads(saved(here).read_text())
    record["problems"] = [{"kind": "duplicate-name", "urn": "u", "message": "two of them", "source": None}]
    (here / "record.json").write_text(json.dumps(record))
    result = assurance("preview", "--record", "record.json", "--html", "page.html")
    assert result.exit_code == 1
    assert "two of them" in result.output
    assert "two of them" in (here / "page.html").read_text()


def test_record_of_several_stacks_is_refused_unrecorded(here: Path) -> None:
    (here / "Pulumi.other.yaml").write_text("config: {}\n")
    (here / "__main__.py").unlink()
    (here / "__main__.py").write_text("raise RuntimeError('it ran')\n")
    result = assurance("preview", "--json", "record.json")
    assert (result.exit_code, "name one stack" in result.stderr) == (2, True)


def test_program_that_fails_is_told_from_wrong_config(here: Path) -> None:
    (here / "__main__.py").unlink()
    (here / "__main__.py").write_text("raise RuntimeError('by design')\n")
    result = assurance("preview", "test")
    assert result.exit_code == 3
    assert "by design" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["preview", "tset"], "did you mean test"),
        (["preview", "--mode", "later"], "allowed are preview and deployed"),
        (["preview", "--record", "absent.json"], "absent.json"),
        (["preview", "--record", "Pulumi.yaml"], "not a record"),
        (["preview", "test", "--json", "no/such/folder.json"], "cannot be written"),
    ],
)
def test_wrong_use_is_one_message_and_exits_2(here: Path, arguments: list[str], said: str) -> None:
    result = assurance(*arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr.replace("\n", " ")
    assert "Traceback" not in result.stderr


def _set(path: str, value: Any) -> Any:
    """A change of the least config at ``path``; None removes."""

    def change(config: Config) -> None:
        section, *keys = path.split(".")
        target: Any = config
        for key, following in zip([f"medspasync:{section}", *keys], [*keys, None], strict=True):
            if following is None and value is None:
                del target[key]
            elif following is None:
                target[key] = value
            else:
                target = target[key]

    return changed(change)


WRONG: dict[str, tuple[str | Config, str, list[str]]] = {
    "not yaml": ("config: [", "", ["a YAML file"]),
    "a list": ("- config\n", "config", ["a mapping of keys"]),
    "empty": ("", "config", ["a mapping of keys"]),
    "wrong type": (_set("database.backupDays", "seven"), "database.backupDays", ["'seven'", "a whole number"]),
    "unknown key": (_set("network.adressSpace", "10.0.0.0/8"), "network.adressSpace", ["did you mean addressSpace?"]),
    "unknown section": (_set("netwrok", {}), "netwrok", ["did you mean network?"]),
    "missing section": (_set("network", None), "network", ["required"]),
    "missing key": (_set("platform.owner", None), "platform.owner", ["required"]),
    "no apps": (_set("apps", None), "apps", ["required"]),
    "bad region": (_set("platform.location", "eastus22"), "platform.location", ["did you mean eastus2?"]),
    "bad cidr": (_set("network.addressSpace", "10.20.0.0/40"), "network.addressSpace", ["10.20.0.0/40"]),
    "overlapping subnets": (_set("network.subnets.jobs", "10.20.2.0/24"), "network.subnets", ["does not overlap"]),
    "subnet outside": (_set("network.subnets.apps", "10.99.0.0/24"), "network.subnets.apps", ["inside addressSpace"]),
    "subnet too small for the endpoints": (
        _set("network.subnets.privateEndpoints", "10.20.2.0/30"),
        "network.subnets.privateEndpoints",
        ["/28"],
    ),
    "app name too long": (
        _set("apps", {"a-much-too-long-name": minimal_config()["medspasync:apps"]["backend"]}),
        "apps.a-much-too-long-name",
        ["at most 12 characters"],
    ),
    "unknown secret": (
        _set("apps.backend.secrets", ["JWT-SECRT"]),
        "apps.backend.secrets",
        ["did you mean JWT-SECRET?"],
    ),
    "a secret of another app": (
        _set("apps.shop", {**minimal_config()["medspasync:apps"]["backend"], "secrets": ["STRIPE-SECRET-KEY"]}),
        "apps.shop.secrets[0]",
        ["one that shop may read", "stacks/catalogues/secrets.yaml lets only these read it: backend"],
    ),
    "unknown plan": (_set("apps.backend.plan", "mian"), "apps.backend.plan", ["did you mean main?"]),
    "plain setting without value": (_set("vaults.settings", {}), "vaults.settings.NODE-ENV", ["required"]),
    "a secret in plain text": (
        _set("vaults.settings", {"NODE-ENV": "x", "STRIPE-SECRET-KEY": "sk"}),
        "vaults.settings.STRIPE-SECRET-KEY",
        ["must not stand in a stack file"],
    ),
    "burstable with high availability": (_set("database.tier", "Burstable"), "database", ["Burstable"]),
    "unquoted date": ("config:\n  medspasync:vaults:\n    rotatedOn: 2026-11-01\n", "vaults.rotatedOn", ["in quotes"]),
    "rotation dates that fall": (
        _set("vaults.rotations", {"JWT-SECRET": ["2026-11-01", "2026-01-01"]}),
        "vaults.rotations.JWT-SECRET",
        ["oldest first"],
    ),
    "unknown alert": (
        _set("monitoring.alerts", {"no-such-alert": {"enabled": False}}),
        "monitoring.alerts.no-such-alert",
        ["an alert of"],
    ),
    "budget below nothing": (_set("monitoring.budget.amount", -1), "monitoring.budget.amount", ["more than 0"]),
    "cors for everybody": (_set("apps.backend.cors", {"origins": ["*"]}), "apps.backend.cors", ["*"]),
    "a key that ends before it rotates": (
        _set("vaults.keys", {"k1": {"expiresAfter": "P90D", "rotateBefore": "P1Y"}}),
        "vaults.keys.k1.rotateBefore",
        ["'P1Y'", "shorter than expiresAfter (P90D)"],
    ),
    "a key of a size that Azure does not take": (
        _set("vaults.keys", {"k1": {"size": 1024}}),
        "vaults.keys.k1.size",
        ["1024", "2048, 3072, 4096"],
    ),
    "a generation of keys taken out": (
        _set("vaults.keys", {"k2": {"createdOn": "2027-11-01"}}),
        "vaults.keys",
        ["nothing removed", "backups need the keys that they were made under"],
    ),
    "a generation of keys without its day": (
        _set("vaults.keys", {"k1": {}, "k2": {}}),
        "vaults.keys.k2.createdOn",
        ["the day on which it is added", "its first version's expiry counts from it"],
    ),
    "an entry of a keyring taken out": (
        _set("vaults.keyrings", {"ENCRYPTION-KEY": {"k2": "2027-11-01"}}),
        "vaults.keyrings.ENCRYPTION-KEY",
        ["nothing removed", "dropped only when no data uses it", "docs/runbooks/key-rotation.md"],
    ),
    "a disk that shrinks": (
        _set("database.storage.sizesGb", [256, 128]),
        "database.storage.sizesGb",
        ["Azure cannot shrink a server's disk"],
    ),
    "a disk between Azure's sizes": (_set("database.storage.sizesGb", [100]), "database.storage.sizesGb", ["64, 128"]),
    "a retention between Azure's steps": (
        _set("monitoring.workspace", {"auditRetentionDays": 2190}),
        "monitoring.workspace.auditRetentionDays",
        ["2190", "4 to 730, or one of", "2191", "2556"],
    ),
    "an archive that deletes before it may": (
        _set("archive", {"deleteAfterDays": 2000}),
        "archive.deleteAfterDays",
        ["more than retentionDays (2192)"],
    ),
    "backups beyond Azure's longest": (_set("database.backupDays", 36), "database.backupDays", ["36", "35"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_config_is_told_by_key(name: str, tmp_path: Path) -> None:
    content, key, said = WRONG[name]
    with pytest.raises(DocumentError) as error:
        record_stack(read_project(project(tmp_path, wrong=content)), "wrong", "preview")
    told = " ".join(" ".join(map(str, error.value.problems)).split())
    assert "Pulumi.wrong.yaml" in told
    assert key in told
    assert all(text in told for text in said), told


@pytest.mark.parametrize("name", sample(WRONG, every=12))
def test_wrong_config_exits_2(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, key, said = WRONG[name]
    monkeypatch.chdir(project(tmp_path, wrong=content))
    result = assurance("preview", "wrong")
    told = " ".join(result.stderr.split())
    assert result.exit_code == 2, result.output
    assert "Pulumi.wrong.yaml" in told
    assert key in told
    assert all(text in told for text in said), told
    assert "Traceback" not in result.output


def test_every_mistake_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = _set("database.backupDays", 99)
    config["medspasync:platform"]["location"] = "moon"
    config["medspasync:waf"]["mod"] = "Prevention"
    monkeypatch.chdir(project(tmp_path, wrong=config))
    result = assurance("preview", "wrong")
    assert result.stderr.count("Pulumi.wrong.yaml:") == 3 + ("more may follow" in result.stderr), result.stderr


LEAK = "sk_live_nobody_may_see_this"
PLAIN: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "a value": (
        f"\n    STRIPE-SECRET-KEY: {LEAK}\n    EMAIL-PASS: {{secure: v1:cipher}}\n    LOGIN: '{LEAK}'",
        [(2, ".STRIPE-SECRET-KEY"), (4, ".LOGIN")],
    ),
    "beside a ciphertext": (f"\n    LOGIN: {{secure: v1:cipher, was: {LEAK}}}", [(2, ".LOGIN.was")]),
    "in a list": (f"\n    LOGIN:\n      - {LEAK}", [(3, ".LOGIN[0]")]),
    "in a ciphertext's place": (f"\n    LOGIN: {{secure: [{LEAK}]}}", [(2, ".LOGIN.secure[0]")]),
    "all in one text": (f' \'{{"LOGIN": "{LEAK}"}}\'', [(1, "")]),
    "what YAML reads as a date or a word": (
        "\n    LOGIN: 2031-12-24\n    EMAIL-PASS: yes",
        [(2, ".LOGIN"), (3, ".EMAIL-PASS")],
    ),
}


@pytest.mark.parametrize(("name", "command"), sample(pairs(PLAIN, ["preview", "check"]), every=3))
def test_secret_in_plain_text_is_refused_unshown(
    name: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, leaves = PLAIN[name]
    least = yaml.safe_dump({"config": minimal_config()}, sort_keys=False)
    monkeypatch.chdir(project(tmp_path, wrong=f"{least}  medspasync:secrets:{written}\n"))
    result = assurance(command, "wrong")
    told = " ".join(result.stderr.split())
    assert result.exit_code == 2, result.output
    assert result.stderr.count("Pulumi.wrong.yaml:") == len(leaves), told
    for line, place in leaves:
        key = f"medspasync:secrets{place}"
        assert f"Pulumi.wrong.yaml:{len(least.splitlines()) + line}: {key} = '(not shown)'" in told
        assert f"pulumi config set --secret --path '{key}'" in told
    assert not any(value in result.output for value in (LEAK, "2031", "yes"))


def test_encrypted_secrets_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {**minimal_config(), "medspasync:secrets": {"STRIPE-SECRET-KEY": {"secure": "v1:cipher"}}}
    monkeypatch.chdir(project(tmp_path, test=config))
    assert assurance("preview", "test", "--json", "record.json").exit_code == 0
    assert Record.load(tmp_path / "record.json").supplied == []


def test_nothing_is_written_when_the_config_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project(tmp_path, wrong=_set("platform.location", "moon")))
    assurance("preview", "wrong", "--json", "record.json")
    assert not (tmp_path / "record.json").exists()
