"""Texts that more than one kind of document holds, each with its pattern and its words."""

from typing import Annotated

from pydantic import StringConstraints

from documents.words import Text

Guid = Annotated[
    str,
    Text(
        r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "an id in lower case, like 00000000-0000-4000-8000-0000000000b1"
    ),
]
"""An id of Azure or Entra."""
LowerCase = Annotated[str, StringConstraints(to_lower=True)]
"""A name that Azure compares without case, in lower case."""
