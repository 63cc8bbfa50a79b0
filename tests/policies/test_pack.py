"""The pack judges as `assurance check --rules-only` does: a copy of it alone, over the engine's own protocol."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest

from assurance.check.audit import audit
from assurance.record import Mode, Record
from documents.yaml_text import load_yaml
from policies.exceptions import Register
from policies.packing import PRIVATE, write_pack
from policies.rules import RULES
from tests.engine import Engine, pack_server
from tests.harness import MODES, ROOT
from tests.long import sample
from tests.policies.cases import all_cases, made, subjects
from tests.policies.records import records
from tests.programs import NAMES, program_record

SHOWN = [rule for rule in RULES if not rule.offline]
JUDGING = [rule for rule in SHOWN if rule.id != "NET-FLOWS"]
"""What a copy of the pack judges: the table of flows is this platform's, and stays in the checkout."""
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the pack under a name of another team's."""
    written = write_pack(tmp_path_factory.mktemp("made") / "pack")
    return shutil.copytree(written, tmp_path_factory.mktemp("elsewhere") / "our rules")


@pytest.fixture(scope="module")
def engine(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The pack's server, asked from a folder without a project: no register holds."""
    with pack_server(pack, tmp_path_factory.mktemp("nowhere")) as server:
        yield server


def assert_same(engine: Engine, record: Record) -> dict[str, set[tuple[str, str]]]:
    """The pack's verdicts are those of `check --rules-only` without a register, pair of rule and URN by pair: what is
    wrong, and what nobody can judge yet. The pairs by status."""
    pairs = defaultdict(set)
    for found in audit(record, Register(), TODAY, JUDGING).findings:
        if found.urn:
            pairs[found.status].add((found.rule, found.urn))
    told = engine.judge(record)
    wrong = {(each.rule, each.urn) for each in told if each.violated}
    assert wrong == pairs["fail"] | pairs["warn"]
    assert {(each.rule, each.urn) for each in told if not each.violated} - wrong == pairs["unchecked"]
    return pairs


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stack", ["prod", "staging", "dev"])
def test_pack_judges_as_the_check_does(engine: Engine, stack: str, mode: Mode) -> None:
    pairs = assert_same(engine, records(mode)[stack])
    assert len(pairs["fail"] | pairs["warn"] | pairs["unchecked"]) > 5


@pytest.mark.parametrize("mode", sample(MODES, every=2))
def test_pack_judges_altered_records_alike(engine: Engine, mode: Mode) -> None:
    """A case of every rule, all made in one record of production."""
    record = records(mode)["prod"]
    altered = 0
    for case in {case.rule: case for case in all_cases() if not (case.change or case.drop or case.type)}.values():
        found = subjects(record, case)
        if found and not (case.copy and mode == "preview"):
            altered += 1
            record = _renamed(made(record, case, found[altered % len(found)]), altered)
    assert altered > 50
    assert len(assert_same(engine, record)["fail"]) > 50


def _renamed(record: Record, number: int) -> Record:
    """What a case added gets a name of its own, so that the next case may add another."""
    fresh = [
        replace(each, urn=f"{each.urn}-{number}", name=f"added-{number}") if each.urn.endswith("-added") else each
        for each in record
    ]
    return replace(record, resources=fresh)


@pytest.mark.parametrize("name", NAMES)
def test_pack_judges_foreign_programs_alike(engine: Engine, name: str) -> None:
    """Of what a program only looks up the engine shows policies nothing."""
    record = program_record(name, "preview")
    shown = [each for each in record if not each.options.get("existing")]
    assert_same(engine, replace(record, resources=shown))


def test_registers_of_the_previewed_project_hold(pack: Path, tmp_path: Path) -> None:
    """Of no other: a project of another name in the same folder is judged without them."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "policies").mkdir()
    for name in ("exceptions.yaml", "trusted.yaml"):
        shutil.copy(ROOT / "policies" / name, tmp_path / "policies")
    record = records("deployed")["dev"]
    part = replace(record, resources=record.of_type("dbforpostgresql:Server", "cdn:Profile"))
    with pack_server(pack, tmp_path) as server:
        excepted = {
            (f.rule, f.urn) for f in audit(part, Register.load(), TODAY, SHOWN).findings if f.status == "excepted"
        }
        told = {(each.rule, each.urn) for each in server.judge(part) if each.violated}
        assert excepted
        assert not told & excepted
        other = [replace(each, urn=each.urn.replace("::medspasync::", "::shop::")) for each in part]
        assert {rule for rule, _ in excepted} <= {each.rule for each in server.judge(replace(part, resources=other))}


def test_registers_of_the_config_hold(engine: Engine, pack: Path, tmp_path: Path) -> None:
    record = records("deployed")["dev"]
    part = replace(record, resources=record.of_type("dbforpostgresql:Server"))
    engine.configure({"pack": {"exceptions": str(ROOT / "policies/exceptions.yaml")}})
    told = {each.rule for each in engine.judge(part) if each.violated}
    engine.configure({})
    excepted = {f.rule for f in audit(part, Register.load(), TODAY, SHOWN).findings if f.status == "excepted"}
    assert excepted
    assert not told & excepted
    assert excepted <= {each.rule for each in engine.judge(part) if each.violated}


def test_levels_by_rule_go_before_severity(engine: Engine) -> None:
    record = records("deployed")["prod"]
    vault = record.of_type("keyvault:Vault")[0]
    open_ = replace(vault, inputs={**vault.inputs, "properties": {"publicNetworkAccess": "Enabled"}})
    broken = replace(record, resources=[open_])

    def levels() -> dict[str, str]:
        return {each.rule: each.level for each in engine.judge(broken) if each.violated}

    usual = levels()
    severities = {rule.id: rule.severity for rule in RULES}
    assert {severities[rule] for rule in usual} > {"high", "critical"} or set(usual.values()) == {"MANDATORY"}
    engine.configure({"pack": {"levels": {severities["KV-PRIVATE"]: "advisory", "KV-SOFT-DELETE": "disabled"}}})
    by_severity = levels()
    engine.configure({"pack": {"levels": {severities["KV-PRIVATE"]: "advisory", "KV-PRIVATE": "mandatory"}}})
    by_rule = levels()
    engine.configure({"KV-PRIVATE": {"enforcementLevel": "disabled"}})
    native = levels()
    engine.configure({})
    assert (usual["KV-PRIVATE"], by_severity["KV-PRIVATE"], by_rule["KV-PRIVATE"]) == (
        "MANDATORY",
        "ADVISORY",
        "MANDATORY",
    )
    assert "KV-SOFT-DELETE" in usual
    assert "KV-SOFT-DELETE" not in by_severity
    assert "KV-PRIVATE" not in native


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"levels": {"KV-PRIVAT": "advisory"}}, "pack.levels.KV-PRIVAT = 'advisory'"),
        ({"levels": {"KV-PRIVAT": "advisory"}}, "did you mean KV-PRIVATE?"),
        ({"levels": {"high": "off"}}, "pack.levels.high = 'off': one of mandatory, advisory, disabled"),
        ({"levels": "advisory"}, "pack.levels = 'advisory': a mapping"),
        ({"level": {}}, "pack.level = {}: unknown key; did you mean levels?"),
        ({"exceptions": 3}, "pack.exceptions = 3"),
        ({"exceptions": "nowhere.yaml"}, "pack.exceptions = 'nowhere.yaml': a file; there is no "),
    ],
)
def test_a_mistake_in_the_config_is_told(engine: Engine, config: dict[str, object], told: str) -> None:
    record = records("deployed")["prod"]
    vaults = replace(record, resources=record.of_type("keyvault:Vault"))
    with pytest.raises(grpc.RpcError) as error:
        _ = engine.configure({"pack": config}) or engine.judge(vaults)
    engine.configure({})
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]
    assert told in error.value.details()  # type: ignore[attr-defined]
    assert "Traceback" not in error.value.details()  # type: ignore[attr-defined]


def test_a_mistake_in_a_register_is_told(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: medspasync\nruntime: python\n", encoding="utf-8")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies/exceptions.yaml").write_text("EXC-X: 3\n", encoding="utf-8")
    record = records("deployed")["prod"]
    with pack_server(pack, tmp_path) as server, pytest.raises(grpc.RpcError) as error:
        server.judge(replace(record, resources=[*record.of_type("cdn:Profile"), *record.of_type("keyvault:Vault")]))
    assert "exceptions.yaml:1: EXC-X = 3" in error.value.details()  # type: ignore[attr-defined]


def test_a_message_carries_remediation_controls_and_exception(engine: Engine) -> None:
    record = records("deployed")["dev"]
    told = [d for d in engine.judge(replace(record, resources=record.of_type("keyvault:Key"))) if d.violated]
    told = [each for each in told if each.rule == "KV-KEY-STRENGTH"]
    assert told
    for each in told:
        assert "to do: Use RSA or RSA-HSM" in each.message
        assert "164.312(a)(2)(iv)" in each.message
        assert "an entry for KV-KEY-STRENGTH in policies/exceptions.yaml of this project" in each.message


def test_host_learns_what_each_policy_is_for(engine: Engine) -> None:
    info = engine.info()
    policies = {policy.name: policy for policy in info.policies}
    assert policies.keys() == {"pack", *(rule.id for rule in SHOWN)}
    assert info.version == load_yaml((ROOT / "policies/PulumiPolicy.yaml").read_text(encoding="utf-8"))["version"]
    purge = policies["KV-PURGE-PROTECTION"]
    assert purge.framework.reference == "164.308(a)(7)(ii)(A), 164.312(c)(1)"
    assert purge.remediation_steps.startswith("Set properties.enablePurgeProtection")
    levels = policies["pack"].configSchema.properties["levels"]["properties"]
    assert {"critical", "low", "KV-PRIVATE"} <= set(levels)


def test_pack_of_the_checkout_starts_too() -> None:
    project = load_yaml((ROOT / "policies/PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": "../.venv"}}
    with pack_server(ROOT / "policies", ROOT) as server:
        assert len(server.info().policies) == len(SHOWN) + 1


def test_pack_ships_no_register_and_pinned_imports(pack: Path) -> None:
    files = {path.name for path in (pack / PRIVATE / "policies").glob("*.yaml")}
    assert files == set()
    lines = (pack / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0] for line in lines if "==" in line}
    assert {"pulumi-policy", "pulumi", "pydantic", "pyyaml", "grpcio"} <= pinned
    assert not pinned & {"pulumi-azure-native", "typer", "pytest"}
    assert sum("--hash=sha256:" in line for line in lines) > len(pinned)


def test_pack_replaces_no_other_folder(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(FileExistsError, match="something else than a pack"):
        write_pack(tmp_path)
