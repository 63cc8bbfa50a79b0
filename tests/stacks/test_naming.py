"""Names: inside Azure's rules for every workload, environment and app that settings let through, in both modes."""

from __future__ import annotations

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.record import UNKNOWN, Mode
from stacks.naming import RULES, SUFFIX_LENGTH, Names, name_problem
from tests.harness import MODES, record
from tests.stacks.whole_stack import as_is, whole_stack

NAMES = Names(short="mss", code="prod", suffix="x7k2")
SHORT = st.from_regex(r"[a-z][a-z0-9]{1,4}", fullmatch=True)
CODE = st.from_regex(r"[a-z][a-z0-9]{1,3}", fullmatch=True)
SUFFIX = st.from_regex(r"[a-z0-9]{4}", fullmatch=True)


def test_the_pattern_of_names() -> None:
    assert NAMES.regional("vnet") == "vnet-mss-prod"
    assert NAMES.regional("id", "backend") == "id-mss-prod-backend"
    assert NAMES.global_name("psql") == "psql-mss-prod-x7k2"
    assert NAMES.global_name("psql", "replica") == "psql-mss-prod-replica-x7k2"
    assert NAMES.vault("backend") == "mss-prod-backend-x7k2"
    assert NAMES.storage("audit") == "stmssprodauditx7k2"
    assert NAMES.waf("api-v2") == "wafmssprodapiv2"


@given(SHORT, CODE, SUFFIX)
def test_every_name_the_platform_makes_suits_azure(short: str, code: str, suffix: str) -> None:
    names = Names(short, code, suffix)
    for part in ("keys", "geo"):
        assert name_problem("vault", str(names.vault(part))) is None
    assert name_problem("storage", str(names.storage("audit"))) is None
    assert name_problem("postgres", str(names.global_name("psql", "replica"))) is None
    assert name_problem("redis", str(names.global_name("redis"))) is None
    assert name_problem("waf", names.waf("marketing")) is None
    # A system topic of Event Grid: 3 to 50 characters.
    assert 3 <= len(names.regional("evgt", "keys-geo")) <= 50


@given(SHORT, CODE, SUFFIX, st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True))
def test_two_names_differ_where_a_part_does(short: str, code: str, suffix: str, part: str) -> None:
    names = Names(short, code, suffix)
    assert names.vault(part) != names.vault(f"{part}x")
    assert names.regional("id", part) != names.regional("id")


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("vault", "mss-prod-a-much-too-long-name", "Azure allows 24"),
        ("vault", "mss--prod", "does not match"),
        ("vault", "7mss", "does not match"),
        ("vault", "mss-", "does not match"),
        ("storage", "st-mss", "does not match"),
        ("storage", "st", "does not match"),
        ("waf", "waf-api", "does not match"),
        ("servicebus", "sb-a", "does not match"),
        ("site", "-app", "does not match"),
    ],
)
def test_name_that_azure_refuses_is_told_with_rule(kind: str, name: str, said: str) -> None:
    assert said in str(name_problem(kind, name))


@pytest.mark.parametrize("kind", RULES)
def test_no_rule_takes_name_one_character_too_long(kind: str) -> None:
    assert name_problem(kind, "a" * RULES[kind].longest) is None
    assert name_problem(kind, "a" * (RULES[kind].longest + 1)) is not None


@pytest.mark.parametrize("mode", MODES)
def test_a_generated_suffix_makes_names_outputs(mode: Mode) -> None:
    def program() -> None:
        suffix = pulumi.Output.from_input("ab12")
        pulumi.export("vault", Names("mss", "min", suffix).vault("keys"))

    assert record(program, mode).outputs == {"vault": "mss-min-keys-ab12"}


@pytest.mark.parametrize("mode", MODES)
def test_stack_without_suffix_generates_and_uses_one(mode: Mode) -> None:
    result = whole_stack(as_is, mode)
    (suffix,) = result.of_type("random:index/randomString:RandomString")
    assert suffix.inputs["length"] == SUFFIX_LENGTH
    assert suffix.inputs["upper"] is suffix.inputs["special"] is False
    globally = {
        "keyvault:Vault": ("vault", "vaultName"),
        "storage:StorageAccount": ("storage", "accountName"),
        "dbforpostgresql:Server": ("postgres", "serverName"),
        "web:WebApp": ("site", "name"),
    }
    for type_, (kind, key) in globally.items():
        found = result.of_type(type_)
        assert found
        for resource in found:
            name = resource.inputs[key]
            if mode == "preview":
                assert name == UNKNOWN
            else:
                assert name.endswith(suffix.outputs["result"])
                assert name_problem(kind, name) is None


@pytest.mark.parametrize("mode", MODES)
def test_given_suffix_is_known_text_nothing_is_generated(mode: Mode) -> None:
    result = whole_stack(lambda config: config["medspasync:platform"].update(suffix="x7k2"), mode)
    assert result.of_type("random:index/randomString:RandomString") == []
    assert all(vault.inputs["vaultName"].endswith("-x7k2") for vault in result.of_type("keyvault:Vault"))
