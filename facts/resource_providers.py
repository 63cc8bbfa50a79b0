"""Resource providers (`resource_providers.yaml`): namespaces, and the types that need one they are not in."""

from documents.reading import data_reader
from documents.sections import Section


class ResourceProvider(Section):
    """One namespace."""

    registered_by_default: bool | str
    """Whether a new subscription has it; a text where no page says so."""
    also_needed_by: dict[str, str] = {}
    """Types of other namespaces whose work needs this one registered: type key to the reason and its source."""


resource_providers = data_reader(__file__, "resource_providers.yaml", dict[str, ResourceProvider])
"""Rows by namespace, as Azure spells it."""


def providers_to_register() -> list[str]:
    """Namespaces that a new subscription does not have, or of which nobody knows it."""
    return [name for name, row in resource_providers().items() if row.registered_by_default is not True]
