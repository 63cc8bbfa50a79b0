"""ISO 8601 durations, as Azure writes them."""

import re

_DURATION = re.compile(
    r"^P(?=.)(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?"
    r"(?:T(?=.)(?:(?P<h>\d+)H)?(?:(?P<m>\d+)M)?(?:(?P<s>\d+)S)?)?$"
)
_SECONDS = {"Y": 365 * 86400, "M": 30 * 86400, "W": 7 * 86400, "D": 86400, "h": 3600, "m": 60, "s": 1}


def seconds(duration: str) -> int:
    """The seconds in ``P2Y``, ``P60D``, ``PT12H`` (a year is 365 days, a month 30). Raises ValueError."""
    match = _DURATION.match(duration)
    if not match:
        raise ValueError(f"{duration}: an ISO 8601 duration like P60D or PT12H")
    return sum(int(value) * _SECONDS[unit] for unit, value in match.groupdict().items() if value)


def minutes(duration: str) -> int:
    """The whole minutes in a duration. Raises ValueError."""
    return seconds(duration) // 60


def days(duration: str) -> float:
    """The days in a duration: ``PT12H`` is 0.5. Raises ValueError."""
    total = seconds(duration) / 86400
    return int(total) if total.is_integer() else total
