"""The settings of the bootstrap: what ``Pulumi.<stack>.yaml`` beside this file holds."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import pulumi
from pydantic import Field

from documents.lines import file_lines, line_of
from documents.problems import DocumentError, Problem, did_you_mean
from documents.sections import Section, validate
from documents.texts import Guid
from documents.words import Text
from facts.regions import regions

PROJECT = "medspasync-bootstrap"
PREVIEW = "preview"
"""The GitHub environment whose identity only reads."""

Label = Annotated[str, Text(r"^[a-z][a-z0-9]{1,4}$", "2 to 5 lower-case letters or digits, like mss")]
Name = Annotated[str, Text(r"^[a-z][a-z0-9-]{0,19}$", "lower-case letters, digits, hyphens")]
ArmId = Annotated[str, Text(r"(?i)^/subscriptions/[^/*]+(/[^/*]+)+$", "an ARM id, /subscriptions/...")]
Day = Annotated[str, Text(r"^\d{4}-\d{2}-\d{2}$", 'a day in quotes, like "2028-11-01"')]
Email = Annotated[str, Text(r"^[^@\s]+@[^@\s]+\.[a-z]+$", "an e-mail address")]
Host = Annotated[str, Text(r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", "a host name in lower case")]


class PlatformSettings(Section):
    """Name, place and ownership."""

    short: Label
    """Short name of the workload, as in the stack files of the platform."""
    suffix: Annotated[str, Text(r"^[a-z0-9]{4}$", "four lower-case letters or digits")]
    """Makes the names of the storage account and the vault unique in all of Azure."""
    location: str
    """Azure region, where the platform is."""
    resource_group: Name
    """The one resource group of all this; the platform's stack files name it under registry."""
    owner: Annotated[str, Field(min_length=1)]
    """Team that answers for it (a role, not a person); a tag."""
    cost_center: Annotated[str, Field(min_length=1)]
    """Where the cost goes; a tag."""
    administrators: Guid
    """Object id of the Entra group of people who run this program: they make stacks, and hold the way back in."""

    def problems(self) -> Iterator[Problem]:
        """The region must be one the facts know."""
        if self.location not in regions():
            yield Problem("location", self.location, f"a region{did_you_mean(self.location, regions())}")


class NetworkSettings(Section):
    """The network of a private reach."""

    address_space: str
    """CIDR that no stack uses, so that it can be peered with theirs."""
    endpoints: str
    """CIDR of the private endpoints, /28 or larger."""
    runners: str
    """CIDR of your own GitHub runners, the only ones that can deploy then."""

    def problems(self) -> Iterator[Problem]:
        """Both subnets lie in the address space, apart."""
        try:
            space, *parts = (ip_network(each) for each in (self.address_space, self.endpoints, self.runners))
        except ValueError as error:
            yield Problem("", {"addressSpace": self.address_space}, f"CIDR ranges like 10.40.48.0/24 ({error})")
            return
        for name, part in zip(("endpoints", "runners"), parts, strict=True):
            if part.version != space.version or not part.subnet_of(space):  # type: ignore[arg-type]
                yield Problem(name, str(part), f"a range inside addressSpace {space}")
        if parts[0].overlaps(parts[1]):
            yield Problem("runners", self.runners, f"a range apart from endpoints {self.endpoints}")


class ReachSettings(Section):
    """From where the state, the vault and the registry can be reached."""

    to: Literal["public", "private"]
    """`public`: from everywhere, with an Entra identity only. `private`: from the network below only."""
    network: NetworkSettings | None = None
    """Required with `private`."""

    def problems(self) -> Iterator[Problem]:
        """A network belongs to a private reach."""
        if (self.to == "private") != (self.network is not None):
            yield Problem("network", None, "addressSpace, endpoints and runners with `to: private`, nothing else")


class KeySettings(Section):
    """The keys that encrypt secrets in state and stack files, one for each stack."""

    size: Literal[2048, 3072, 4096]
    """Bits. The keys are kept in an HSM."""
    expires_on: Day
    """When the keys end. They never rotate by themselves: what a version encrypted, only that version decrypts
    (docs/runbooks/lost-key.md says how to change one)."""
    soft_delete_days: Annotated[int, Field(ge=7, le=90)]
    """How long a deleted key can be brought back; fixed at creation."""


class RegistrySettings(Section):
    """The container registry."""

    name: Annotated[str, Text(r"^[a-z0-9]{5,50}$", "5 to 50 lower-case letters or digits")]
    """Unique in all of Azure; the platform's stack files name it under registry."""
    sku: Literal["Basic", "Standard", "Premium"]
    """`Premium` is needed by a private reach."""
    pushes_from: Name
    """Environment whose deployer pushes the platform's own images."""
    images: list[Name] = []
    """Names of those images, each a repository of the registry."""


class GitHubSettings(Section):
    """The owner on GitHub, and the repository of the platform. Ids: `gh api repos/OWNER/NAME --jq .id`."""

    owner: Annotated[str, Text(r"^[A-Za-z0-9-]+$", "the owner's name on GitHub")]
    owner_id: Annotated[int, Field(gt=0)]
    repository: Annotated[str, Text(r"^[A-Za-z0-9._-]+$", "the repository's name")]
    repository_id: Annotated[int, Field(gt=0)]
    subject: Literal["ids", "names"]
    """How tokens name a repository: with its ids (made, renamed or moved since 15 July 2026), or by names alone.
    A name can be taken by somebody else once it is free. `gh api repos/OWNER/NAME/actions/oidc/customization/sub` says
    which it is."""


class EnvironmentSettings(Section):
    """One environment: a stack of the platform and the GitHub environment of the same name."""

    subscription: Guid
    """Where it is deployed. Environments in one subscription can reach each other through who deploys them."""
    custom_roles: bool = False
    """Whether its stack defines a role of its own (`security.response.blockAddresses`). Who may define roles can give
    itself every right, so leave it off where nothing needs it."""


class ApplicationSettings(Section):
    """One app's repository."""

    repository: Annotated[str, Text(r"^[A-Za-z0-9._-]+$", "the repository's name")]
    repository_id: Annotated[int, Field(gt=0)]
    pushes_from: Name
    """Environment whose workflow builds and pushes; the others release the digest that was tried there."""
    sites: dict[Name, ArmId] = {}
    """By environment: the App Service that it may swap. Give each once its stack's first `up` has made it."""


class SignInSettings(Section):
    """An app registration of one staff-facing app."""

    hosts: Annotated[list[Host], Field(min_length=1)]
    """Hosts of the app, whose sign-in ends there."""
    identity: Guid | None = None
    """Object id of the app's managed identity, which stands in for a client secret. Known after the stack's `up`."""


class LogSettings(Section):
    """Where it is kept who did what."""

    receivers: Annotated[list[Email], Field(min_length=1)]
    """Addresses of roles, not of people, that hear when something of this is not available, or ends."""
    retention_days: Annotated[int, Field(ge=90, le=730)]
    """How long the logs can be asked at full speed."""
    total_retention_days: Annotated[int, Field(ge=90, le=4383)]
    """How long they are kept at all."""
    tenant: bool
    """Whether sign-ins and changes of the whole tenant go there: with Entra ID P1, by a Security Administrator."""
    tenant_also_to: dict[Name, ArmId] = {}
    """More workspaces that get them, by stack: that of the stack with `monitoring.tenantLogs`."""


class Settings(Section):
    """Everything."""

    platform: PlatformSettings
    reach: ReachSettings
    keys: KeySettings
    registry: RegistrySettings
    github: GitHubSettings
    environments: dict[Name, EnvironmentSettings]
    applications: dict[Name, ApplicationSettings] = {}
    sign_in: dict[Name, SignInSettings] = {}
    logs: LogSettings

    def problems(self) -> Iterator[Problem]:
        """What hangs together."""
        if PREVIEW in self.environments:
            yield Problem(f"environments.{PREVIEW}", PREVIEW, "another name: it is the environment that only reads")
        if self.reach.to == "private" and self.registry.sku != "Premium":
            yield Problem("registry.sku", self.registry.sku, "Premium: only it has private endpoints")
        if self.registry.pushes_from not in self.environments:
            one_of = f"one of {', '.join(sorted(self.environments))}"
            yield Problem("registry.pushesFrom", self.registry.pushes_from, one_of)
        for name in set(self.registry.images) & set(self.applications):
            yield Problem("registry.images", name, "none that an app's own repository pushes")
        for name, app in self.applications.items():
            known = sorted(self.environments)
            for path, environment in (("pushesFrom", app.pushes_from), *((f"sites.{e}", e) for e in app.sites)):
                if environment not in self.environments:
                    yield Problem(f"applications.{name}.{path}", environment, f"one of {', '.join(known)}")


def load_settings() -> Settings:
    """The settings of the stack that is running. Raises a RunError with every mistake, as FILE:LINE: key = value."""
    config = pulumi.Config(PROJECT)
    keys = [str(info.alias) for info in Settings.model_fields.values()]
    data = {key: value for key in keys if (value := config.get_object(key)) is not None}
    return parse(data, Path(__file__).with_name(f"Pulumi.{pulumi.get_stack()}.yaml"))


def parse(data: Mapping[str, Any], file: Path) -> Settings:
    """Plain data as settings. file: where it stands. Raises SettingsError with every mistake."""
    settings, problems = validate(dict(data), Settings)
    if problems:
        lines = file_lines(file)
        name = f"{file.parent.name}/{file.name}"
        placed = [replace(p, file=name, line=line_of(lines, f"config.{PROJECT}:{p.key}")) for p in problems]
        raise SettingsError(placed)
    read: Settings = settings
    return read


class SettingsError(DocumentError, pulumi.RunError):
    """The stack config is wrong; the engine shows it without a traceback."""
