"""Which resource is which, on both sides of a comparison."""

from __future__ import annotations

from assurance.compare.pairing import pair_revisions, pair_stacks
from assurance.record import Record
from tests.assurance.compare.samples import VAULT, record, resource

OLD = "azure-native:keyvault/v20230701:Vault"
LOCAL = "azure-native_keyvault_v20260201:keyvault:Vault"


def names(base: Record, head: Record) -> list[tuple[str | None, str | None, bool]]:
    return [
        (each.base.name if each.base else None, each.head.name if each.head else None, each.moved)
        for each in pair_revisions(base, head)
    ]


def test_the_same_urn_pairs_across_stacks() -> None:
    assert names(record(resource("a", stack="dev")), record(resource("a"))) == [("a", "a", False)]


def test_another_version_with_an_alias_is_no_move() -> None:
    head = record(resource("a"), typeAliases={VAULT: [OLD]})
    assert names(record(resource("a", OLD)), head) == [("a", "a", False)]


def test_another_token_without_an_alias_is_moved() -> None:
    assert names(record(resource("a")), record(resource("a", LOCAL))) == [("a", "a", True)]
    altered = resource("a")
    altered.token = OLD
    assert names(record(resource("a")), record(altered)) == [("a", "a", True)]


def test_a_parents_other_token_counts() -> None:
    box, other = resource("box", "shop:index:Box"), resource("box", OLD)
    inside, after = resource("a", parent=resource("box").urn), resource("a", parent=other.urn)
    assert names(record(inside, box), record(after, box))[0] == ("a", "a", True)


def test_an_alias_pairs_a_renamed_resource() -> None:
    base = resource("old")
    head = resource("new", options={"protect": False, "aliases": [base.urn]})
    assert names(record(base), record(head)) == [("old", "new", False)]


def test_the_same_id_under_another_name_is_moved() -> None:
    head = resource("new", id=resource("old").id.upper())
    assert names(record(resource("old")), record(head)) == [("old", "new", True)]


def test_generic_resource_that_gets_class_is_moved() -> None:
    base = resource("a", "azure-native:resources:Resource")
    base.type = VAULT
    assert names(record(base), record(resource("b", id=base.id))) == [("a", "b", True)]


def test_what_has_no_partner_stands_alone() -> None:
    assert names(record(resource("a")), record(resource("b"))) == [("a", None, False), (None, "b", False)]


def test_stacks_pair_without_their_own_parts() -> None:
    base = record(resource("kv-dev-1", stack="dev"), stack="dev")
    (pair,) = pair_stacks(base, record(resource("kv-prod-1")))
    assert (pair.base, pair.moved) == (base.resources[0], False)
