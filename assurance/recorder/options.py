"""The options of a resource, as a registration carries them."""

import sys
from typing import Any

from google.protobuf import json_format

_NAMES = {
    "protect": "protect",
    "retainOnDelete": "retainOnDelete",
    "deleteBeforeReplace": "deleteBeforeReplace",
    "ignoreChanges": "ignoreChanges",
    "replaceOnChanges": "replaceOnChanges",
    "replaceWith": "replace_with",
    "additionalSecretOutputs": "additionalSecretOutputs",
    "deletedWith": "deletedWith",
    "importId": "importId",
    "provider": "provider",
    "hideDiffs": "hideDiffs",
}
"""The record's name of an option -> the registration's field."""


def plain_options(request: Any, cls: type | None) -> dict[str, Any]:
    """The options that are set, but for aliases.

    version, pluginDownloadURL: only where they are others than those of the SDK that has the class ``cls``.
    """
    options: dict[str, Any] = {}
    for name, field in _NAMES.items():
        value = getattr(request, field, None)
        if value:
            options[name] = value if isinstance(value, (bool, str)) else list(value)
    # A look-up has no more of them.
    for name, field in (
        ("customTimeouts", "customTimeouts"),
        ("hooks", "hooks"),
        ("replacementTrigger", "replacement_trigger"),
    ):
        if field not in request.DESCRIPTOR.fields_by_name or not request.HasField(field):
            continue
        if given := json_format.MessageToDict(getattr(request, field)):
            options[name] = given
    for name, usual in _of_package(cls).items():
        value = getattr(request, name, "")
        if value and value != usual:
            options[name] = value
    return {"protect": False, **options}


def _of_package(cls: type | None) -> dict[str, str | None]:
    """The version and the address of the plugin that the package of a class asks for."""
    utilities = sys.modules.get(f"{cls.__module__.split('.')[0]}._utilities") if cls is not None else None
    if utilities is None:
        return {"version": None, "pluginDownloadURL": None}
    return {"version": utilities.get_version(), "pluginDownloadURL": utilities.get_plugin_download_url()}
