"""PostgreSQL server parameters, shared with the database room: ``database/parameters.yaml``."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from documents.reading import read_document

PARAMETERS = "database/parameters.yaml"
_FILE = Path(__file__).parents[2] / "database" / "parameters.yaml"


class Parameter(BaseModel):
    """One server parameter. The file's head says what each field means."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    name: str
    value: str
    static: bool
    platform_default: str
    source: str
    reason: str
    controls: list[str]
    tier: Literal["non-burstable"] | None = None
    vcores: int = 0


@cache
def parameters(file: Path = _FILE) -> list[Parameter]:
    """Every parameter of the file, in its order. Raises SettingsError when the file is wrong."""
    return read_document(file, list[Parameter])
