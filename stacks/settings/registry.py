"""The container registry, and images in it."""

from typing import Annotated

from documents.sections import Section
from documents.words import Text


class RegistrySettings(Section):
    """The container registry that apps are pulled from. It outlives stacks: the bootstrap makes it before the first
    `up`. Each app gets a right on its own repository, so that it must have the mode `AbacRepositoryPermissions`."""

    name: Annotated[str, Text(r"^[a-z0-9]{5,50}$", "5 to 50 lower-case letters or digits, like medspasyncpro")]
    """Name of the Azure container registry: 5 to 50 lower-case letters or digits."""
    resource_group: Annotated[
        str, Text(r"^[A-Za-z0-9._()-]{1,90}$", "the name of a resource group, like rg-mss-shared")
    ]
    """Its resource group."""
    subscription: (
        Annotated[str, Text(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "the id of a subscription")] | None
    ) = None
    """Its subscription. Left out, it is the stack's own."""

    @property
    def login_server(self) -> str:
        """Host name that images are pulled from."""
        return f"{self.name}.azurecr.io"


class ImageByDigest(Section):
    """A container image, by digest: a tag can be moved."""

    repository: Annotated[
        str, Text(r"^[a-z0-9]+([._/-][a-z0-9]+)*$", "a repository in lower case, like backend", max_length=255)
    ]
    """Repository in `registry`, for example backend or database."""
    digest: Annotated[
        str, Text(r"^sha256:[0-9a-f]{64}$", "sha256: and 64 hexadecimal digits, as a push prints it; never a tag")
    ]
    """sha256:<64 hexadecimal digits>. With a slot, this is the image an app is created with; deployments swap. The
    database's jobs get a new one by `python -m deployment run`."""
