"""The edge's catalogues: rate limits and response headers by exposure class, as data that people review."""

from typing import Annotated, Literal

from pydantic import Field

from documents.reading import data_reader
from documents.sections import Section
from documents.words import Text

RATE_LIMITS = "stacks/catalogues/rate_limits.yaml"


Threshold = Annotated[int, Field(ge=10, le=1_000_000)]
"""Requests a window may hold: Azure takes 10 to 1,000,000."""
WindowMinutes = Literal[1, 5]
"""Azure counts in windows of one or five minutes."""
RateAction = Literal["Block", "Log"]
"""What a rate-limit rule may do; Azure knows no other action for one."""

UrlPart = Annotated[str, Text(r"^/[^A-Z\s]*$", "a part of a URL in lower case, like /auth/login", max_length=256)]
RoutePattern = Annotated[
    str,
    Text(r"^/[^A-Z\s*]*(/\*)?$", "a path in lower case, like /login, or all below one, like /auth/*", max_length=256),
]
"""A whole path, or all below one (``/auth/*``); upper and lower case are the same to Front Door."""
Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Label = Annotated[
    str, Text(r"^[a-z][a-z0-9]*$", "a name in lower-case letters and digits, like authentication", max_length=30)
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


rate_limits = data_reader(__file__, "rate_limits.yaml", dict[Label, dict[Label, RateLimitEntry]])
"""Rate limits by exposure class and name, in order of evaluation."""


def sign_in_paths(exposure: str) -> tuple[str, ...]:
    """Path patterns of sign-in, sign-up and password reset in an exposure class; none where nobody signs in."""
    return tuple(path for limit in rate_limits().get(exposure, {}).values() for path in limit.routes)


def exposures() -> tuple[str, ...]:
    """The platform's exposure classes: those that have rate limits."""
    return tuple(rate_limits())
