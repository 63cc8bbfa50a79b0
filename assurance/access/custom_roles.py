"""What roles that the record defines itself grant, and what a condition leaves of a role."""

import re
from collections.abc import Mapping

from assurance.record import Record, get
from facts.roles import Role

_ROLES = re.compile(r"RoleDefinitionId\]\s*ForAnyOfAnyValues:GuidEquals\s*\{([^}]*)\}", re.IGNORECASE)
_REPOSITORY = re.compile(
    r"repositories:name\]\s*(?:ForAnyOfAnyValues:)?StringEquals\w*\s*(?:\{([^}]+)\}|('[^']+'))", re.IGNORECASE
)
GIVES = "access grant"


def custom_roles(record: Record) -> Mapping[str, Role]:
    """Roles of the record by the GUID of their definition. Their rights are the operations that they name."""
    found = {}
    for definition in record.of_type("authorization:RoleDefinition"):
        rights = [
            str(operation)
            for permission in get(definition, "permissions", ())
            for kind in ("actions", "dataActions")
            for operation in permission.get(kind) or ()
        ]
        id_ = str(get(definition, "roleDefinitionId", "")).lower()
        found[id_] = Role.model_construct(name=str(get(definition, "roleName", id_)), rights=tuple(rights))
    return found


def limited(rights: tuple[str, ...], condition: str, known: Mapping[str, Role]) -> tuple[tuple[str, ...], str]:
    """The rights that a condition leaves, and the condition in words.

    A condition that is of no known form leaves all of them: nobody can say what it takes away.
    """
    if (match := _ROLES.search(condition)) and GIVES in rights:
        ids = [part.strip().lower() for part in match[1].split(",")]
        names = sorted(known[id_].name if id_ in known else id_ for id_ in ids)
        return tuple(f"{GIVES} {name}" for name in names), "these roles only"
    if match := _REPOSITORY.search(condition):
        names = re.findall(r"'([^']+)'", match[1] or match[2])
        return tuple(f"{right} of {name}" for name in names for right in rights), f"{', '.join(names)} only"
    return rights, "under a condition"
