"""Values that protect, row by row; and what holds where an input is absent."""

from __future__ import annotations

from typing import Any

import pytest

from facts.decisions import Unknown
from facts.defaults import default_of, defaults
from facts.parts import parts
from policies.compare import same, version
from policies.data import table
from policies.resource import Resource, token
from policies.rules.values import safe

VALUES = table("values")
TYPED = [(type_, path, row) for type_, rows in VALUES["typed"].items() for path, row in rows.items()]
NAMED = list(VALUES["named"].items())


def messages(type_: str, inputs: dict[str, Any], about: str) -> list[str]:
    resource = Resource(type=token(type_), name="r", urn="u", inputs=inputs)
    return [message for message in safe.check(resource) if message.startswith(about)]


def nested(path: str, value: Any) -> dict[str, Any]:
    for part in reversed(path.split(".")):
        value = {part.removesuffix("[]"): [value] if part.endswith("[]") else value}
    found: dict[str, Any] = value
    return found


@pytest.mark.parametrize(("type_", "path", "row"), TYPED)
def test_typed_value_protects_or_is_named(type_: str, path: str, row: dict[str, Any]) -> None:
    for allowed in row.get("allowed", ()):
        assert messages(type_, nested(path, allowed and str(allowed).upper()), path) == []
    wrong = row["denied"][0] if "denied" in row else 1 if "least" in row else "another"
    (message,) = messages(type_, nested(path, wrong), path)
    assert row["why"] in message
    default = default_of(type_, path)
    holds = not isinstance(default, Unknown) and same(default, *row.get("allowed", [default]))
    holds = holds and not same(default, *row.get("denied", ()))
    holds = holds and ("least" not in row or isinstance(default, int) or version(default) >= version(row["least"]))
    assert bool(messages(type_, {}, path)) is not holds


@pytest.mark.parametrize(("name", "row"), NAMED)
def test_named_value_protects_in_any_type(name: str, row: dict[str, Any]) -> None:
    wrong = row["denied"][0] if "denied" in row else "1.1" if "least" in row else "another"
    assert len(messages("foreign:Type", {"below": [{name: wrong}]}, f"below[0].{name}")) == 1
    for right in row.get("allowed", ["TLS1_3"] if "least" in row else ["another"]):
        assert messages("foreign:Type", {name: right}, name) == []
    assert messages("foreign:Type", {}, name) == []


def test_versions_compare_however_they_are_written() -> None:
    assert {version(text) for text in ("TLS1_2", "TLS12", "1.2", "TLSv1.2", "Tls12")} == {(1, 2)}
    assert version("TLS1_0") < version("1.2") <= version("TLS1_3")
    assert version("TLSEnforcementDisabled") < version("1.2")


def test_booleans_compare_as_their_words() -> None:
    assert same(True, "True")
    assert same("false", False)
    assert not same(None, False)
    assert not same(0, False)


def test_every_default_is_of_known_type() -> None:
    assert all(key.startswith("azure-native:") for key in defaults())
    assert all(row.source for row in parts().apart.values())
    with pytest.raises(KeyError):
        default_of("web:WebApp", "siteConfig.nothing")
