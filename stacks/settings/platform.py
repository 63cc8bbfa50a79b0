"""The stack itself: what it is called, where it is, who pays for it, how it is protected."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from documents.problems import Problem, did_you_mean
from documents.sections import Section
from documents.words import Text
from facts.regions import regions

Label = Annotated[str, Text(r"^[a-z][a-z0-9]*$", "lower-case letters and digits, a letter first, like mss")]

Domain = Annotated[
    str,
    Text(r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$", "a domain in lower case, like example.com", max_length=253),
]


class PlatformSettings(Section):
    """Name, place and ownership of the stack."""

    short: Annotated[Label, Field(min_length=2, max_length=5)]
    """Short name of the workload, in every resource name: 2 to 5 lower-case letters or digits."""
    code: Annotated[Label, Field(min_length=2, max_length=4)]
    """Short name of the environment, in every resource name: 2 to 4 lower-case letters or digits."""
    location: str
    """Azure region of the platform, for example centralus."""
    suffix: Annotated[str, Text(r"^[a-z0-9]{4}$", "four lower-case letters or digits in quotes, like x7k2")] | None = (
        None
    )
    """Four lower-case letters or digits that make globally unique names unique. Left out, they are generated once."""
    owner: Annotated[str, Field(min_length=1)]
    """Team that answers for the stack (a role, not a person); a tag on every resource."""
    cost_center: Annotated[str, Field(min_length=1)]
    """Where the cost goes; a tag on every resource."""
    data_classification: Literal["phi", "test-data"]
    """`phi` where the stack may hold protected health information, `test-data` where it must not; a tag."""
    domains: list[Domain] = []
    """DNS domains that are the stack's own: host names of apps, origins, tests and mailboxes lie in them. Left out,
    they are the last two labels of the apps' host names."""
    external: list[Domain] = []
    """Hosts and domains of others that this file names, for example a mail provider's."""
    subscription: Annotated[str, Field(min_length=2, max_length=40)] | None = None
    """A name for the subscription that the stack stands in, the same in all stack files that share it. Left out, it may
    be that of any other stack, so that ranges, and names in the subscription, must differ from all."""

    def problems(self) -> Iterator[Problem]:
        """The region must be one the catalogue knows."""
        if self.location not in regions():
            hint = did_you_mean(self.location, regions())
            yield Problem("location", self.location, f"a region of facts/regions.yaml{hint}")

    @property
    def paired_location(self) -> str | None:
        """The region that Azure pairs with ``location``, where geo-redundant backups go; None where there is none."""
        return regions()[self.location].pair

    @property
    def tags(self) -> dict[str, str]:
        """Tags on every resource that takes tags."""
        return {
            "workload": self.short,
            "environment": self.code,
            "owner": self.owner,
            "cost-center": self.cost_center,
            "data-classification": self.data_classification,
            "managed-by": "pulumi",
        }


class ProtectionSettings(Section):
    """What keeps stateful resources (vaults, keys, database, cache, archive, workspace) from being deleted."""

    protect: bool = True
    """The engine refuses to delete or replace them (`pulumi up --ignore-protect` bypasses this)."""
    lock: bool = True
    """A CanNotDelete lock in Azure on each of them, which holds against every client."""
