"""Production altered property by property: what no rule notices has a reason in policies/unjudged.yaml."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Any

import pytest

from documents.yaml_text import load_yaml
from tests.policies.blind import Property, alterations, production, survivors
from tests.policies.cases import FOLDER

ROWS: list[dict[str, Any]] = load_yaml((FOLDER / "unjudged.yaml").read_text(encoding="utf-8"))
SAMPLE = ("azure-native:keyvault:Vault", "azure-native:storage:BlobContainer", "azure-native:cdn:AFDCustomDomain")
"""Types of which every property is altered in `make test`."""


def reason(one: Property) -> str:
    """Why nobody needs to notice a change of a property; empty where nobody said."""
    path = re.sub(r"\[\]", "", one.path)
    for row in ROWS:
        types = row.get("types", ["*"])
        of_type = any(fnmatchcase(one.type.removeprefix("azure-native:"), each) for each in types)
        if of_type and any(fnmatchcase(path, each) for each in row["paths"]):
            return str(row["reason"])
    return ""


def undecided(types: tuple[str, ...] = ()) -> list[str]:
    tried = alterations(production(), types)
    assert tried
    return [str(each) for each in survivors(tried) if not reason(each)]


def test_sampled_types_have_no_undecided_property() -> None:
    assert undecided(SAMPLE) == []


@pytest.mark.long
def test_no_property_survives_undecided() -> None:
    assert undecided() == []


def test_every_row_gives_a_reason() -> None:
    for row in ROWS:
        assert row.keys() <= {"types", "paths", "reason"}
        assert len(row["reason"]) > 15
        assert row["paths"]
        assert "*" not in row["paths"], "a row for whatever a type has decides nothing"
