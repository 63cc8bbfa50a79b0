"""ISO 8601 durations, as Azure writes them."""

from __future__ import annotations

import re

_DURATION = re.compile(
    r"^P(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?"
    r"(?:T(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?$"
)
_SECONDS = {"Y": 365 * 86400, "M": 30 * 86400, "W": 7 * 86400, "D": 86400, "h": 3600, "m": 60, "s": 1}


def days(duration: object) -> float:
    """The days in ``P2Y``, ``P60D``, ``PT12H`` (a year is 365, a month 30); 0 for what is no duration."""
    match = _DURATION.match(str(duration))
    if not match:
        return 0
    total = sum(int(value) * _SECONDS[unit] for unit, value in match.groupdict().items() if value)
    found = total / 86400
    return int(found) if found.is_integer() else found
