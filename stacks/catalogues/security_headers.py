"""The catalogue of response headers that the edge sets, by exposure class."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section
from documents.words import Text
from stacks.catalogues.rate_limits import Label

SECURITY_HEADERS = "stacks/catalogues/security_headers.yaml"


CSP = "Content-Security-Policy"


CSP_BY_APP = "app"
"""As an app's own policy: the app sends the header itself, and the edge leaves it alone."""


HEADER_VALUE_LONGEST = 640
"""Most characters of a header value that a Front Door rule may set (Azure's front-door-limits, "Other limits")."""


HeaderName = Annotated[str, Text(r"^[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)*$", "the name of a header, like Referrer-Policy")]


HeaderValue = Annotated[
    str, Text(r"^[ -~]+$", "the value of a header in plain characters", min_length=1, max_length=HEADER_VALUE_LONGEST)
]


class HeaderCatalogue(Section):
    """Response headers at the edge."""

    all: dict[HeaderName, HeaderValue]
    """On every answer of every class."""
    exposures: dict[Label, dict[HeaderName, HeaderValue]]
    """On every answer of one class."""
    remove: list[HeaderName]
    """Headers of the apps that nobody gets to see."""

    def problems(self) -> Iterator[Problem]:
        """Each class has a content security policy that says who may frame it, and sets no header twice."""
        for exposure, headers in self.exposures.items():
            path = f"exposures.{exposure}"
            if "frame-ancestors" not in headers.get(CSP, ""):
                yield Problem(f"{path}.{CSP}", headers.get(CSP), "a policy with frame-ancestors")
            for header in sorted(set(headers) & set(self.all)):
                yield Problem(f"{path}.{header}", headers[header], "a header that `all` does not set")


security_headers = data_reader(__file__, "security_headers.yaml", HeaderCatalogue)
"""The response headers."""


def response_headers(exposure: str, policy: str | None, api_hosts: Iterable[str]) -> dict[str, str]:
    """What the edge sets on an app's answers: the headers of its class, with the app's own policy where it has one.

    policy: None for the class's, `CSP_BY_APP` for none at all. api_hosts: of the stack's APIs, which pages may call.
    """
    catalogue = security_headers()
    headers = {**catalogue.all, **catalogue.exposures.get(exposure, {})}
    if policy == CSP_BY_APP:
        headers.pop(CSP, None)
    elif policy:
        headers[CSP] = policy
    apis = "".join(f" https://{host}" for host in api_hosts)
    return {header: value.replace(" {apis}", apis) for header, value in headers.items()}
