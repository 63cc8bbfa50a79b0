"""The regions that the platform may be in."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from documents.reading import read_document

_REGIONS = Path(__file__).parent / "regions.yaml"


@cache
def regions() -> dict[str, dict[str, str | bool]]:
    """Regions by name: short code, paired region, availability zones."""
    rows: dict[str, dict[str, str | bool]] = read_document(_REGIONS, dict[str, dict[str, str | bool]])
    return rows
