"""What differs between two records, and how it is told."""

from __future__ import annotations

from typing import Any

from assurance.compare.changes import Change, find_changes
from assurance.compare.pairing import pair_revisions, pair_stacks
from assurance.compare.properties import differences
from assurance.record import Record, Resource
from tests.assurance.compare.samples import record, resource
from tests.harness import stack_record


def changes(base: Record, head: Record) -> list[Change]:
    return find_changes(base, head, pair_revisions(base, head))


def one(before: Resource, after: Resource) -> Change:
    (change,) = changes(record(before), record(after))
    return change


def paths(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    return [(each.path, each.before, each.after) for each in differences(before, after)]


def test_a_record_does_not_differ_from_itself() -> None:
    assert changes(stack_record("dev"), stack_record("dev")) == []


def test_lines_of_the_program_are_no_difference() -> None:
    other = {"file": "__main__.py", "line": 99}
    assert changes(record(resource("a")), record(resource("a", source=other, trace=[other], origin=other))) == []


def test_each_removed_resource_is_named() -> None:
    """One of each type of prod; its line is that of the base."""
    base = stack_record("prod")
    gone = {each.urn: each for each in {each.type: each for each in base}.values()}
    assert len(gone) > 50
    head = Record("prod", "deployed", [each for each in base if each.urn not in gone])
    found = [(each.change, each.urn, each.baseSource) for each in changes(base, head)]
    assert sorted(found, key=lambda each: each[1]) == [("removed", urn, gone[urn].source) for urn in sorted(gone)]


def test_a_changed_input_is_told_with_both_values() -> None:
    change = one(resource("a"), resource("a", inputs={"vaultName": "a", "resourceGroupName": "rg", "sku": "premium"}))
    (found,) = change.properties
    assert (change.change, found.path, found.before, found.after) == ("changed", "sku", None, "premium")


def test_name_group_and_location_force_replacement() -> None:
    for name in ("vaultName", "resourceGroupName", "location"):
        inputs = {"vaultName": "a", "resourceGroupName": "rg", "location": "westeurope"}
        change = one(resource("a", inputs=inputs), resource("a", inputs={**inputs, name: "other"}))
        assert (change.change, change.properties[0].forcesReplacement) == ("replaced", True)


def test_replace_on_changes_forces_replacement() -> None:
    options = {"protect": False, "replaceOnChanges": ["properties.sku"]}
    before = resource("a", options=options, inputs={"properties": {"sku": {"name": "standard"}}})
    after = resource("a", options=options, inputs={"properties": {"sku": {"name": "premium"}}})
    assert one(before, after).change == "replaced"


def test_another_id_is_a_replacement() -> None:
    change = one(resource("a"), resource("a", id="/subscriptions/s/other"))
    assert (change.change, change.properties[0].path) == ("replaced", "id")


def test_another_api_version_is_a_change() -> None:
    change = one(resource("a"), resource("a", apiVersion="2026-02-01"))
    assert [(each.path, each.after) for each in change.properties] == [("apiVersion", "2026-02-01")]


def test_older_record_has_no_api_version_to_compare() -> None:
    older = record(resource("a", apiVersion=None), recordVersion=1)
    assert changes(older, record(resource("a"))) == []


def test_options_and_secrets_are_compared() -> None:
    change = one(resource("a", options={"protect": True}, secrets=["x"]), resource("a", options={"protect": False}))
    assert {each.path for each in change.properties} == {"options.protect", "secrets[0]"}


def test_stateful_and_locked_stand_first() -> None:
    vault = resource("z")
    lock = resource("lock", "azure-native:authorization:ManagementLockByScope", inputs={"scope": vault.id})
    plain = [resource(name, "azure-native:network:VirtualNetwork") for name in "ab"]
    found = changes(record(lock), record(lock, vault, *plain))
    assert (found[0].name, found[0].stateful, found[0].locked) == ("z", True, True)
    assert not any(each.stateful or each.locked for each in found[1:])


def test_a_lock_known_only_when_deployed_counts() -> None:
    vault = resource("z", id="[unknown]")
    lock = resource(
        "lock",
        "azure-native:authorization:ManagementLockByScope",
        inputs={"scope": "[unknown]"},
        propertyDependencies={"scope": [vault.urn]},
    )
    (change,) = changes(record(lock, vault), record(lock))
    assert change.locked


def test_items_of_lists_are_told_apart_by_name() -> None:
    before = [{"name": "a", "access": "Deny"}, {"name": "b", "access": "Deny"}]
    after = [{"name": "new"}, {"name": "a", "access": "Deny"}, {"name": "b", "access": "Allow"}]
    assert paths(before, after) == [("[0]", None, {"name": "new"}), ("[2].access", "Deny", "Allow")]
    assert paths(before, [{"name": "c", "access": "Deny"}, before[1]]) == [("[0].name", "a", "c")]


def test_the_order_of_named_items_is_a_value() -> None:
    items = [{"name": "a"}, {"name": "b"}]
    assert paths(items, items[::-1]) == [("[0].name", "a", "b"), ("[1].name", "b", "a")]


def test_items_without_name_are_told_apart_by_content() -> None:
    assert paths(["a", "b"], ["new", "a", "b"]) == [("[0]", None, "new")]
    assert paths([1, 2, 3], [1, 3]) == [("[1]", 2, None)]


def test_true_is_not_one() -> None:
    assert paths({"x": True}, {"x": 1}) == [("x", True, 1)]


def test_two_stacks_differ_in_more_than_their_names() -> None:
    dev = resource("kv-dev", stack="dev", inputs={"vaultName": "kv-dev-1", "sku": "standard"})
    prod = resource("kv-prod", inputs={"vaultName": "kv-prod-1", "sku": "premium"})
    base, head = record(dev, stack="dev"), record(prod)
    (change,) = find_changes(base, head, pair_stacks(base, head), other_stack=True)
    assert [(each.path, each.after) for each in change.properties] == [("sku", "premium")]


def test_ids_of_paired_resources_are_the_same() -> None:
    def side(stack: str, identifier: str) -> Record:
        vault = resource(f"kv-{stack}", stack=stack, id=f"/x/{identifier}", inputs={})
        user = resource("user", "azure-native:web:WebApp", stack=stack, inputs={"vault": vault.id, "x": stack})
        return record(vault, user, stack=stack)

    base, head = side("dev", "kvd7f3a91"), side("prod", "kvp1e0c2b")
    assert find_changes(base, head, pair_stacks(base, head), other_stack=True) == []
