"""The error of a wrong stack config."""

from __future__ import annotations

import pulumi

from documents.problems import DocumentError


class SettingsError(DocumentError, pulumi.RunError):
    """The stack config is wrong. Raised before the first resource, with every mistake that could be found.

    A RunError, so that the engine shows the message and no traceback.
    """
