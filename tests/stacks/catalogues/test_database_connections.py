"""Every size of server that a stack may have says how many connections it accepts."""

from __future__ import annotations

import pytest

from stacks.catalogues.database_connections import max_connections

CORES = {"D": (2, 4, 8, 16, 32, 48, 64, 96), "E": (2, 4, 8, 16, 20, 32, 48, 64, 96)}
TIERS = {"D": "GeneralPurpose", "E": "MemoryOptimized"}


@pytest.mark.parametrize("size", ["1ms", "2s", "2ms", "4ms", "8ms", "12ms", "16ms", "20ms"])
def test_burstable_sizes(size: str) -> None:
    assert 50 <= max_connections("Burstable", f"Standard_B{size}") <= 5000


@pytest.mark.parametrize("family", ["D", "E"])
@pytest.mark.parametrize("kind", ["s_v3", "ds_v4", "ds_v5", "ads_v5"])
def test_more_cores_accept_no_fewer(family: str, kind: str) -> None:
    found = [max_connections(TIERS[family], f"Standard_{family}{cores}{kind}") for cores in CORES[family]]
    assert found == sorted(found)
    assert found[0] < found[-1] == 5000


@pytest.mark.parametrize(
    ("tier", "sku", "connections"),
    [
        ("Burstable", "Standard_B2s", 429),
        ("GeneralPurpose", "Standard_D4ds_v5", 1718),
        ("MemoryOptimized", "Standard_E4ads_v5", 3437),
    ],
)
def test_sizes_in_use(tier: str, sku: str, connections: int) -> None:
    assert max_connections(tier, sku) == connections


def test_size_outside_table_is_refused() -> None:
    """A size that is not in the table is refused."""
    with pytest.raises(KeyError):
        max_connections("Burstable", "Standard_B3s")
