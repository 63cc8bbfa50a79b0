"""Azure's built-in roles, and the access policies of Managed Redis: ``roles.yaml``."""

from collections.abc import Mapping
from functools import cache

from documents.reading import data_reader
from documents.sections import Section
from documents.texts import Guid


class Role(Section):
    """A built-in role: its name, and what it grants in the words of the access matrix."""

    name: str
    rights: tuple[str, ...]


class Roles(Section):
    """roles: by the GUID of the definition. cache_policies: rights by the name of an access policy."""

    roles: dict[Guid, Role]
    cache_policies: dict[str, tuple[str, ...]]


role_table = data_reader(__file__, "roles.yaml", Roles)
"""The file."""


def roles() -> Mapping[str, Role]:
    """Built-in roles by the GUID of their definition, in lower case."""
    return role_table().roles


@cache
def role_id(name: str) -> str:
    """The GUID of a built-in role. Raises KeyError for a name that the file does not know."""
    return {role.name: id_ for id_, role in roles().items()}[name]
