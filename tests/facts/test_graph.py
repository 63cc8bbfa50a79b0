"""Every type says which table of Resource Graph holds it."""

from facts.types import resource_types


def test_every_type_says_its_graph_table() -> None:
    assert [key for key, row in resource_types().items() if row.graph is None] == []
