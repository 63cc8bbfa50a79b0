"""What Azure ends, and when (`lifecycle.yaml`)."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section
from facts.decisions import No, Sourced, Unknown

Kind = Literal["apiVersion", "engine", "ruleSet", "portal", "service", "feature"]


class ApiVersions(Section):
    """Whom an end concerns: requests for types of a namespace, by their API version."""

    namespace: str
    """The first part of an ARM type."""
    before: str | None = None
    """The first version that goes on."""
    versions: list[str] = []
    """Versions that end, one by one."""

    def problems(self) -> Iterator[Problem]:
        """Exactly one of the two."""
        if bool(self.before) == bool(self.versions):
            yield Problem("", self.namespace, "one of before and versions")

    def ends(self, arm: str, version: str) -> bool:
        """Whether a request for this ARM type with this version is refused."""
        if not f"{arm.lower()}/".startswith(f"{self.namespace.lower()}/"):
            return False
        return version in self.versions or (self.before is not None and _order(version) < _order(self.before))


class Uses(Section):
    """Whom an end concerns: resources with these inputs."""

    types: Annotated[list[str], Field(min_length=1)]
    item: str = ""
    """The list whose items are looked at, one by one."""
    inputs: dict[str, list[str | None]] = {}
    """Path to patterns of values, ``*`` for any text, null for an input that is absent. All must hold."""


class End(Sourced):
    """One end. The file's head says what each field means."""

    kind: Kind
    subject: str
    ends: date | Unknown
    status: Literal["confirmed", "reported"]
    api_versions: ApiVersions | None = None
    uses: Uses | None = None
    effect: Literal["refused", "unsupported", "moved"]
    then: str
    action: str

    def problems(self) -> Iterator[Problem]:
        """Exactly one way of saying whom it concerns."""
        if (self.api_versions is None) == (self.uses is None):
            yield Problem("", self.subject, "one of apiVersions and uses")


class Preview(Section):
    """A type that the SDK sends with a preview version."""

    version: str
    stable: str | No
    why: str


class Lifecycle(Section):
    """The whole file."""

    ends: dict[str, End]
    previews: dict[str, Preview]


lifecycle = data_reader(__file__, "lifecycle.yaml", Lifecycle)
"""The file; its ends by id."""


def _order(version: str) -> tuple[str, bool]:
    """Versions in their order: by day, a preview before the version of its day."""
    return version[:10], not version[10:]
