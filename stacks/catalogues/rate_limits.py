"""The edge's catalogues: rate limits and response headers by exposure class, as data that people review."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from documents.reading import read_document
from documents.sections import Section
from documents.words import Words

RATE_LIMITS = "stacks/catalogues/rate_limits.yaml"
_ROOT = Path(__file__).parents[2]


Threshold = Annotated[int, Field(ge=10, le=1_000_000)]
"""Requests a window may hold: Azure takes 10 to 1,000,000."""
WindowMinutes = Literal[1, 5]
"""Azure counts in windows of one or five minutes."""
RateAction = Literal["Block", "Log"]
"""What a rate-limit rule may do; Azure knows no other action for one."""

UrlPart = Annotated[
    str,
    StringConstraints(pattern=r"^/[^A-Z\s]*$", max_length=256),
    Words("a part of a URL in lower case, like /auth/login"),
]
RoutePattern = Annotated[
    str,
    StringConstraints(pattern=r"^/[^A-Z\s*]*(/\*)?$", max_length=256),
    Words("a path in lower case, like /login, or all below one, like /auth/*"),
]
"""A whole path, or all below one (``/auth/*``); upper and lower case are the same to Front Door."""
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Label = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9]*$", max_length=30),
    Words("a name in lower-case letters and digits, like authentication"),
]


class RateLimitEntry(Section):
    """One rate limit of an exposure class."""

    description: str
    paths: Annotated[list[UrlPart], Field(max_length=10)]
    """Text that the URL contains, in lower case; none: every URL."""
    methods: list[Method]
    """HTTP methods that count; none: every method."""
    threshold: Threshold
    window_minutes: WindowMinutes
    group_by: Literal["SocketAddr", "GeoLocation", "None"]
    """Who is counted together: one address, one country, or everyone."""
    action: RateAction
    routes: Annotated[list[RoutePattern], Field(max_length=25)] = []
    """Only of sign-in: path patterns that Front Door routes apart, so that its log, which hides URLs, still tells a
    sign-in by the route's name. At most 25 patterns a route (Azure's includes/front-door-limits.md)."""


@cache
def rate_limits() -> Mapping[str, Mapping[str, RateLimitEntry]]:
    """Rate limits by exposure class and name, in order of evaluation. Raises SettingsError when the file is wrong."""
    limits: Mapping[str, Mapping[str, RateLimitEntry]]
    limits = read_document(_ROOT / RATE_LIMITS, dict[Label, dict[Label, RateLimitEntry]])
    return limits


def sign_in_paths(exposure: str) -> tuple[str, ...]:
    """Path patterns of sign-in, sign-up and password reset in an exposure class; none where nobody signs in."""
    return tuple(path for limit in rate_limits().get(exposure, {}).values() for path in limit.routes)


def exposures() -> tuple[str, ...]:
    """The platform's exposure classes: those that have rate limits."""
    return tuple(rate_limits())
